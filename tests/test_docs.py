"""The documents cannot drift: tables are generated, every command exists and every command and snippet runs.

After a change of the catalogue, fill the tables in with `python docs/tables.py`, or ITDR_GOLDEN=write and this file's tests.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from hubserver import WRITE, Hub
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.cli.app import app
from itdr_hf.cli.listing import all_commands
from itdr_hf.report.drawing import to_svg
from itdr_hf.report.flow import Stream, flow

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import tables  # noqa: E402

README = ROOT / "README.md"
PICTURE = ROOT / "docs/flow.svg"
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if not {"_build", "generated"} & set(path.parts))
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *PAGES]
GPU = ("adapters/tkr", "tkr.parquet")  # commands that name these need a model and hours
ONLINE = ("push", "verify")


WRONG = typer.BadParameter.__mro__[1]  # any error of a command line: typer has its own copy of click's


@cache
def commands() -> dict[str, Any]:
    return all_commands(app)


@pytest.mark.parametrize("page", tables.PAGES, ids=lambda page: page.name)
def test_the_generated_tables_are_as_they_should_be(page):
    if os.environ.get("ITDR_GOLDEN") == "write":
        page.write_text(tables.filled(page))
    assert page.read_text() == tables.filled(page)


def test_a_table_that_is_stale_is_noticed(tmp_path, monkeypatch):
    for page, true, stale in (
        (README, "| 22,830 |", "| 22,831 |"),
        (ROOT / "docs/cells.md", "| `rp-yelp` | 5,707 |", "| `rp-yelp` | 5,708 |"),
    ):
        text = page.read_text()
        assert true in text
        copy = tmp_path / page.name
        copy.write_text(text.replace(true, stale))
        monkeypatch.setitem(tables.PAGES, copy, tables.PAGES[page])
        assert tables.filled(copy) == text != copy.read_text()


def test_measured_figures_are_of_every_config_in_this_version():
    figures = tables.measured("cells")
    assert list(figures["cells"]) == list(catalogue.published())
    assert figures["version"] == tables.measured("slices")["version"] == catalogue.DATA_VERSION


def test_the_readme_is_a_front_door():
    """Under 150 lines; every command has a place in it; what it links to is there."""
    text = README.read_text()
    assert len(text.splitlines()) < 150
    for name in dict.fromkeys(name.split()[0] for name in commands()):  # a group counts as one
        assert f"`itdr {name}`" in text, f"add `itdr {name}` to the table of what you can do"


def links() -> list[tuple[Path, str]]:
    return [
        (page, target)
        for page in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
        if not re.match(r"[a-z]+:", target)
    ]


@pytest.mark.parametrize(("page", "target"), links(), ids=[f"{p.name}: {t}" for p, t in links()])
def test_a_link_leads_to_a_file_and_a_heading(page, target):
    """Those to generated pages are checked where these are made: Sphinx makes an error of a broken one."""
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if "generated" in path.parts:
        assert page != README, "on GitHub there are no generated pages"
        return
    assert path.exists()
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M) if anchor else []
    assert not anchor or anchor in [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]


def test_the_picture_is_of_the_catalogue():
    cells = map(catalogue.cell, catalogue.published())
    drawn = to_svg(
        flow([Stream(c.name, c.task.id, c.source.id, c.size) for c in cells], catalogue.current()), alone=True
    )
    if os.environ.get("ITDR_GOLDEN") == "write":
        PICTURE.write_text(drawn)
    assert PICTURE.read_text() == drawn and "{image} flow.svg" in (ROOT / "docs/index.md").read_text()


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


def inline() -> list[tuple[str, list[str]]]:
    """Commands in the middle of a sentence: what a reader may well type, but for those with a gap or a NAME."""
    texts = [
        (page.name, text) for page in DOCUMENTS for text in re.findall(r"(?<!`)`(itdr [^`…]+)`(?!`)", page.read_text())
    ]
    found = [(page, text) for page, text in texts if not re.search(r"\b[A-Z]{3,}\b", text)]
    return list(dict.fromkeys((page, tuple(shlex.split(text))) for page, text in found))  # type: ignore[arg-type]


def parse(words: Sequence[str], *, complete: bool = True) -> None:
    """Read a command line as the command line does: options, their values, and unless it may be incomplete all it needs."""
    name = next(" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in commands())
    rest = list(words[len(name.split()) :])
    try:
        commands()[name].make_context(name, rest)
    except WRONG as error:
        if complete or not re.search("Missing|requires an argument", error.format_message()):
            raise AssertionError(f"itdr {' '.join(words)}: {error.format_message()}") from error


@pytest.mark.parametrize("words", [w for _, w in inline()], ids=[f"{d}: {' '.join(w)}" for d, w in inline()])
def test_a_command_in_a_sentence_exists_with_its_options(words):
    if words[1] not in {name.split()[0] for name in commands()} or len(words) > 2:
        parse(words[1:], complete=False)


def test_a_command_with_a_value_that_is_none_of_its_choices_is_noticed():
    for wrong in ("build --negative-sampling popular", "build --negatives many", "score --scores", "predict a b"):
        with pytest.raises(AssertionError):
            parse(wrong.split())


@pytest.mark.parametrize("words", [w for _, w in documented()], ids=[f"{d}: {' '.join(w)}" for d, w in documented()])
def test_a_command_exists_with_its_options(words):
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M)
    if words[0] == "itdr":
        parse(words[1:])
    if words[0] == "python":
        assert (ROOT / words[1]).is_file()
    assert words[0] in ("make", "itdr", "pip", "python")


PATHS = {  # pages that a reader follows from top to bottom, in one folder; the tutorial runs when the site is built
    "README": ["README.md"],
    "data": ["docs/guides/load.md", "docs/guides/own-data.md", "docs/guides/real-releases.md", "docs/results.md"],
    "scores": [
        "docs/guides/score.md",
        "docs/guides/recommenders.md",
        "docs/guides/tune.md",
        "docs/guides/publish.md",
        "docs/guides/rebuild.md",
    ],
}
WORLD = ("--endpoint", "lightgcn")  # commands that name these need a server, or torch and minutes


@pytest.mark.parametrize("path", PATHS)
def test_the_pages_run_as_they_stand(path, raw, built, tmp_path, monkeypatch):
    """In order, in a folder that holds ./raw and ./itdr as a reader's would; pushing goes to a Hub on this machine."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built, "itdr")
    for folder in raw.iterdir():
        for home in ("raw", "real") if folder.name == "ml-1m" else ("raw",):  # of real ones a reader has few at first
            (tmp_path / home).mkdir(exist_ok=True)
            (tmp_path / home / folder.name).symlink_to(folder)
    namespace: dict[str, Any] = {}
    with Hub(tmp_path / "hub") as hub:
        try:
            for page in PATHS[path]:
                for kind, text in blocks(ROOT / page):
                    if kind == "console":
                        for words in typed(text):
                            run(words, hub)
                    elif kind == "python":
                        exec(compile(text, page, "exec"), namespace)
                    elif "raw/myshop/interactions.csv" in text and not Path("raw/myshop").exists():
                        write_shop(tmp_path / "raw/myshop")
        finally:
            catalogue.unregister("myshop")
    EXPECTED[path](tmp_path, namespace, hub)


def _looked_and_scored(folder: Path, names: dict[str, Any], hub: Hub) -> None:
    assert (folder / "report.html").stat().st_size > 100_000 and (folder / "scores/scores.json").is_file()
    assert names["ranking"].num_rows["test"] > 0


def _loaded_and_registered(folder: Path, names: dict[str, Any], hub: Hub) -> None:
    assert len(names["mine"]["train"]) > 0
    assert names["chat"][0]["messages"][1]["role"] == "assistant"
    assert {"itdr-long", "itdr-real", "netflix", "matched"} <= {path.name for path in folder.iterdir()}


def _published(folder: Path, names: dict[str, Any], hub: Hub) -> None:
    assert len(hub.requests("POST", "/commit/")) == 1 and hub.requests("POST", "/tag/")
    assert (folder / "tasks/itdr.yaml").is_file() and (folder / "llama-factory").is_dir()


EXPECTED = {"README": _looked_and_scored, "data": _loaded_and_registered, "scores": _published}


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory):
    """All cells, as after `make data`."""
    folder = tmp_path_factory.mktemp("built") / "itdr"
    result = CliRunner().invoke(app, ["build", "--raw", str(raw), "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def run(words: list[str], hub: Hub) -> None:
    """A command of the README; where it wants the world, as much of it as there is here."""
    if words[0] != "itdr" or any(mark in word for word in words for mark in (*GPU, *WORLD)):
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
