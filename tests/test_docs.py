"""The documents cannot drift: tables are generated, every command exists and every command and snippet runs.

After a change of the catalogue or the commands, fill the tables in with ITDR_GOLDEN=write and this file's tests.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hubserver import WRITE, Hub
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.cli.app import app
from itdr_hf.cli.listing import all_commands
from itdr_hf.report.drawing import to_svg
from itdr_hf.report.flow import Stream, flow

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "docs/flow.svg"
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if not {"_build", "generated"} & set(path.parts))
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *PAGES]
GPU = ("adapters/tkr", "predictions/tkr.parquet")  # commands that name these need a model and hours
ONLINE = ("push", "verify")


def cell_table() -> str:
    rows = ["| subtask | source | config | examples |", "|---|---|---|---:|"]
    for name in catalogue.published():
        cell = catalogue.cell(name)
        rows.append(f"| {cell.task.title} | {cell.source.title} | `{name}` | {cell.size:,} |")
    return "\n".join(rows)


def commands() -> dict[str, Any]:
    return all_commands(app)


def command_table() -> str:
    rows = ["| command | what it does |", "|---|---|"]
    for name, command in commands().items():
        sentences = " ".join((command.help or "").partition("\n\n")[0].split())
        rows.append(f"| `itdr {name}` | {sentences} |")
    return "\n".join(rows)


def filled(text: str) -> str:
    """The document with its generated tables as they should be."""
    for name, table in {"cells": cell_table(), "commands": command_table()}.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(marks, lambda m, table=table: f"{m[1]}{table}\n{m[2]}", text, flags=re.S)
        assert found == 1, f"no place for the table of {name}"
    return text


def test_the_generated_tables_are_as_they_should_be():
    if os.environ.get("ITDR_GOLDEN") == "write":
        README.write_text(filled(README.read_text()))
    assert README.read_text() == filled(README.read_text())


def test_the_picture_is_of_the_catalogue():
    cells = map(catalogue.cell, catalogue.published())
    drawn = to_svg(
        flow([Stream(c.name, c.task.id, c.source.id, c.size) for c in cells], catalogue.current()), alone=True
    )
    if os.environ.get("ITDR_GOLDEN") == "write":
        PICTURE.write_text(drawn)
    assert PICTURE.read_text() == drawn and "](docs/flow.svg)" in README.read_text()


def test_a_table_that_is_stale_is_noticed():
    text = README.read_text()
    for true, stale in (("| `rp-yelp` | 5,707 |", "| `rp-yelp` | 5,708 |"), ("| `itdr verify` |", "| `itdr check` |")):
        assert true in text
        assert filled(text.replace(true, stale)) == filled(text) != text.replace(true, stale)


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """(language, text) of every fenced block, in order."""
    yield from re.findall(r"^```(\w+|{run})\n(.*?)^```", path.read_text(), re.S | re.M)


def typed(text: str) -> list[list[str]]:
    """The commands of a console block, as words."""
    lines = [line[2:] for line in text.replace("\\\n", " ").splitlines() if line.startswith("$ ")]
    return [shlex.split(part, comments=True) for line in lines for part in line.split(" && ")]


def documented() -> list[tuple[str, list[str]]]:
    return [
        (p.name, words)
        for p in DOCUMENTS
        for kind, text in blocks(p)
        if kind in ("console", "{run}")
        for words in typed(text)
        if words[0] in ("make", "itdr", "pip") or kind == "console"
    ]


@pytest.mark.parametrize("words", [w for _, w in documented()], ids=[f"{d}: {' '.join(w)}" for d, w in documented()])
def test_a_command_exists_with_its_options(words):
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M)
    if words[0] == "itdr":
        known = commands().get(" ".join(words[1:3])) or commands()[words[1]]
        options = {name for parameter in known.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words[2:] if word.startswith("--")} <= options
    assert words[0] in ("make", "itdr", "pip")


def test_the_readme_runs_as_it_stands(raw, tmp_path, monkeypatch):
    """In order, in a folder that holds ./raw as a reader's would; pushing goes to a Hub on this machine."""
    monkeypatch.chdir(tmp_path)
    for folder in raw.iterdir():
        for home in ("raw", "real") if folder.name == "ml-1m" else ("raw",):  # of real ones a reader has few at first
            (tmp_path / home).mkdir(exist_ok=True)
            (tmp_path / home / folder.name).symlink_to(folder)
    namespace: dict[str, object] = {}
    with Hub(tmp_path / "hub") as hub:
        try:
            for kind, text in blocks(README):
                if kind == "console":
                    for words in typed(text):
                        run(words, hub)
                elif kind == "python":
                    exec(compile(text, "README.md", "exec"), namespace)
                elif "raw/myshop/interactions.csv" in text:
                    write_shop(tmp_path / "raw/myshop")
        finally:
            catalogue.unregister("myshop")
    assert len(namespace["mine"]["train"]) > 0  # type: ignore[index]
    assert namespace["chat"][0]["messages"][1]["role"] == "assistant"  # type: ignore[index]
    assert (tmp_path / "report.html").stat().st_size > 100_000 and (tmp_path / "scores/scores.json").is_file()
    assert len(hub.requests("POST", "/commit/")) == 1 and hub.requests("POST", "/tag/")


def run(words: list[str], hub: Hub) -> None:
    """A command of the README; where it wants the world, as much of it as there is here."""
    if words == ["make", "data"]:  # of which the simulating is done
        words = ["itdr", "build", "--raw", "raw", "--out", "itdr"]
    if words[0] == "make" or any(mark in word for word in words for mark in GPU):
        return
    if words[1] == "download":
        words = [*words, "--dry-run"]
    if words[1] in ONLINE:
        env = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": WRITE,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
        }
        ran = subprocess.run([sys.executable, "-m", "itdr_hf", *words[1:]], env=env, capture_output=True, text=True)
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        return
    result = CliRunner().invoke(app, words[1:])
    few_rows = words[1] == "audit" and result.exit_code == 1  # so small a release may have a breach
    assert result.exit_code == 0 or few_rows, (words, result.output, result.exception)


def write_shop(shop: Path) -> None:
    shop.mkdir()
    (shop / "items.csv").write_text("item,title\n" + "".join(f"i{n},Thing {n}\n" for n in range(60)))
    rows = [f"u{u},i{(u * 7 + t * 11) % 60},{t},{1 + (u + t) % 5}\n" for u in range(40) for t in range(14)]
    (shop / "interactions.csv").write_text("user,item,timestamp,rating\n" + "".join(rows))
