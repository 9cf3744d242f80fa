"""The dataset card: YAML that `datasets` reads (configs, splits, features) and a page that people read.

Rendered strictly from `cards/dataset.md.j2`: an unfilled slot is an error.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.dataset.card_yaml import metadata
from itdr_hf.dataset.shards import read_rows
from itdr_hf.prompts import prompt
from itdr_hf.records import INSTRUCTION, SPLITS
from itdr_hf.runtime.files import write_atomically
from itdr_hf.tasks.task import Cell

AUDIT = ".audit.json"  # not published by itself: the card shows it
PICTURES = "pictures"  # folder of flow.png and lengths.png, which `itdr report --card` draws
DRAWN = ".pictures.json"  # the content they are of
FEW = 20  # examples, of which the shortest is shown
SHOWN = ("id", "instruction", "input", "output")
WIDE = 96  # characters of a line of an example in the card


CHANGES = {"1.0.0": "first release of the rebuilt configs."}
COLUMN_NOTES = {
    "id": "stable, from the content",
    "subtask": "which of the seven",
    "source": "which dataset",
    "domain": "Amazon's category, or two for cross-domain; else empty",
    "instruction": "the task description",
    "input": "the prompt",
    "output": "the answer",
    "history": "titles shown as history, in the order shown",
    "history_ratings": "the ratings beside them (RP)",
    "candidates": "titles to choose from or to rate",
    "targets": "the truth: rating, positives, item, attribute values or text",
    "target_names": "the attribute each target is of (UAP)",
    "user": "salted hash; empty for TUI",
    "template": "which wording of the prompt",
    "reference_by": "who wrote the answer: `data`, `extractive`, or a model",
}


def write_card(folder: Path, ledger: Mapping[str, Any], repo_id: str = "itdr") -> None:
    """Write the README.md of a dataset folder."""
    write_atomically(folder / "README.md", dataset_card(folder, ledger, repo_id))


def note_audit(folder: Path, ledger: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> None:
    """Keep an audit's table (check, result, finding) for the card, with the content it is of."""
    write_atomically(folder / AUDIT, json.dumps({"content": _content(ledger), "rows": list(rows)}, indent=1))
    write_card(folder, ledger)


def noted_audit(folder: Path, ledger: Mapping[str, Any]) -> list[dict[str, str]]:
    """The audit's table (check, result, finding), if there was one of just this content; else empty."""
    path = folder / AUDIT
    noted = json.loads(path.read_text()) if path.is_file() else {"content": None, "rows": []}
    return noted["rows"] if noted["content"] == _content(ledger) else []


def note_pictures(folder: Path, ledger: Mapping[str, Any]) -> None:
    """Note that the pictures are there, with the content they are of; the card shows them from now on."""
    write_atomically(folder / DRAWN, json.dumps({"content": _content(ledger)}, indent=1))
    write_card(folder, ledger)


def _drawn(folder: Path, ledger: Mapping[str, Any]) -> bool:
    path = folder / DRAWN
    return path.is_file() and json.loads(path.read_text())["content"] == _content(ledger)


def _content(ledger: Mapping[str, Any]) -> dict[str, str]:
    return {name: cell["content"] for name, cell in ledger["cells"].items()}


def dataset_card(folder: Path, ledger: Mapping[str, Any], repo_id: str = "itdr") -> str:
    """The README.md of a dataset folder with this ledger; the audit is shown if it is of the same content."""
    import yaml

    cells = [catalogue.cell(name) for name in ledger["cells"]]
    sources = list({cell.source.id: cell.source for cell in cells}.values())
    head = yaml.safe_dump(metadata(ledger, repo_id), sort_keys=False, allow_unicode=True, width=1000)
    body = render_card(
        "dataset.md.j2",
        ledger=ledger,
        repo_id=repo_id,
        total=sum(sum(cell["counts"].values()) for cell in ledger["cells"].values()),
        cells=cells,
        sources=sources,
        subtasks=list({cell.task.id: cell.task for cell in cells}.values()),
        protocols=_protocols(ledger, cells),
        splits=SPLITS,
        simulated=any(cell.get("simulated") for cell in ledger["cells"].values()),
        columns=[{"name": n, "kind": kind, "what": COLUMN_NOTES[n]} for n, kind in INSTRUCTION.columns.items()],
        examples=_examples(folder, cells),
        funnel=[_funnel(source.title, ledger, source.id) for source in sources],
        audit=noted_audit(folder, ledger),
        pictures=PICTURES if _drawn(folder, ledger) else "",
        writers=_writers(ledger),
        changes=[{"version": version, "text": text} for version, text in CHANGES.items()],
        citations=list(dict.fromkeys(source.citation for source in sources if source.citation)),
    )
    return f"---\n{head}---\n\n{body}"


def _protocols(ledger: Mapping[str, Any], cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Of each subtask, what its recipes have an example show, and how many examples there are."""
    rows = []
    for subtask in {cell.task.id: cell.task for cell in cells}.values():
        entries = [ledger["cells"][cell.name] for cell in cells if cell.task.id == subtask.id]
        examples = sum(sum(entry["counts"].values()) for entry in entries)
        shows = _shows([entry["recipe"] for entry in entries])
        rows.append(
            {"id": subtask.id, "title": subtask.title, "root": subtask.root, "shows": shows, "examples": examples}
        )
    return rows


def _shows(recipes: Sequence[Mapping[str, Any]]) -> str:
    """'history 5, positives 5, negatives 5'; 'reviews' stand for subtasks without any of these."""
    said = []
    for name in ("source_history", "history", "positives", "negatives"):
        found = sorted({recipe[name] for recipe in recipes})
        if any(found):
            said.append(f"{name.replace('_', ' ')} {found[0] if len(found) == 1 else f'{found[0]} to {found[-1]}'}")
    return ", ".join(said) or f"reviews {max(recipe['reviews'] for recipe in recipes)}"


def _examples(folder: Path, cells: Sequence[Cell]) -> list[dict[str, str]]:
    """The shortest of the first few test examples of each subtask's first cell."""
    firsts = {cell.task.id: cell for cell in reversed(cells)}
    shown = []
    for cell in reversed(firsts.values()):
        first = (list(islice(read_rows(folder, cell.name, split, SHOWN, FEW), FEW)) for split in reversed(SPLITS))
        row = min(next(filter(None, first)), key=lambda row: (len(row["input"]), row["id"]))
        asked = prompt(row["instruction"], row["input"])
        shown.append({"title": cell.task.title, "config": cell.name, "prompt": asked, "output": row["output"]})
    return shown


def _funnel(title: str, ledger: Mapping[str, Any], source_id: str) -> dict[str, str]:
    cell = next(cell for name, cell in ledger["cells"].items() if name.partition("-")[2] == source_id)
    steps = {(step["table"], step["what"]): step["rows"] for step in cell["tables"]}
    read, kept = (steps.get(("interactions", what), 0) for what in ("read", "kept"))
    items = steps.get(("items", "kept"), 0)
    row = {"read": read, "left_out": read - kept, "kept": kept, "kept_items": items}
    return {"source": title, "layout": cell["layout"], **{name: f"{n:,}" for name, n in row.items()}}


def _writers(ledger: Mapping[str, Any]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for cell in ledger["cells"].values():
        total.update(cell["written_by"])
    return dict(sorted(total.items()))


def render_card(template: str, **slots: Any) -> str:
    """A card from `cards/`; raises jinja2.UndefinedError for a slot that is not filled."""
    import jinja2

    loader = jinja2.PackageLoader("itdr_hf.cards", ".")
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"fenced": fenced, "cell": _cell, "n": lambda number: f"{number + 0:,}"}
    return environment.get_template(template).render(**slots)


def fenced(text: str) -> str:
    """A block of text as it is, long lines broken; the fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, WIDE, drop_whitespace=False) or [""]]
    return "\n".join([f"{fence}text", *(line.rstrip() for line in lines), fence])


def _cell(text: str) -> str:
    """Text in a cell of a table, its parts on lines of their own."""
    return " ".join(text.split()).replace("|", "\\|").replace("; ", "<br>")
