"""The README cannot drift: its table is generated, its Python runs, its commands exist."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.folder import build_folder
from itdr_hf.generation import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def cell_table() -> str:
    rows = ["| subtask | source | config | examples |", "|---|---|---|---:|"]
    for name in catalogue.published():
        cell = catalogue.cell(name)
        rows.append(f"| {cell.subtask.title} | {cell.source.title} | `{name}` | {cell.size:,} |")
    return "\n".join(rows)


def test_the_table_of_cells_is_the_catalogues():
    """After a change of the catalogue run with ITDR_GOLDEN=write."""
    if os.environ.get("ITDR_GOLDEN") == "write":
        filled = re.sub(
            r"<!-- cells -->.*?<!-- /cells -->", f"<!-- cells -->\n{cell_table()}\n<!-- /cells -->", README, flags=re.S
        )
        (ROOT / "README.md").write_text(filled)
    stands = re.search(r"<!-- cells -->\n(.*?)\n<!-- /cells -->", (ROOT / "README.md").read_text(), re.S)
    assert stands and stands[1] == cell_table()


def commands() -> list[list[str]]:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    parts = [part.split("#")[0] for line in lines for part in line.split("&&")]
    return [shlex.split(part) for part in parts]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_command_exists_with_its_options(command):
    if command[0] == "make":
        assert re.search(rf"^{command[1]}:", (ROOT / "Makefile").read_text(), re.M)
        return
    from typer.main import get_command

    from itdr_hf.cli import app

    assert command[0] == "itdr"
    known = get_command(app).commands[command[1]]  # type: ignore[attr-defined]
    options = {name for parameter in known.params for name in parameter.opts}
    assert {word for word in command[2:] if word.startswith("--")} <= options


def test_the_python_runs_as_it_stands(raw, tmp_path, monkeypatch):
    """In order, in one namespace, in a folder that holds ./itdr and ./raw, as a reader would have it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    for folder in raw.iterdir():
        (tmp_path / "raw" / folder.name).symlink_to(folder)
    build_folder(tmp_path / "itdr", Settings(raw=tmp_path / "raw", warn=lambda text: None))
    shop = tmp_path / "raw/myshop"
    shop.mkdir()
    (shop / "items.csv").write_text("item,title\n" + "".join(f"i{n},Thing {n}\n" for n in range(60)))
    rows = [f"u{u},i{(u * 7 + t * 11) % 60},{t},{1 + (u + t) % 5}\n" for u in range(40) for t in range(14)]
    (shop / "interactions.csv").write_text("user,item,timestamp,rating\n" + "".join(rows))
    namespace: dict[str, object] = {}
    try:
        for block in blocks("python"):
            exec(compile(block, "README.md", "exec"), namespace)
    finally:
        catalogue.unregister("myshop")
    assert len(namespace["mine"]["train"]) > 0  # type: ignore[index]
    assert namespace["chat"][0]["messages"][1]["role"] == "assistant"  # type: ignore[index]
