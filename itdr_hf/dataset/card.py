"""The dataset card: YAML that `datasets` reads (configs, splits, features) and a page that people read.

Rendered strictly from `cards/dataset.md.j2`: an unfilled slot is an error.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.dataset.card_derived import derived_rows
from itdr_hf.dataset.card_yaml import members, metadata
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.notes import AUDIT, DRAWN, read_note, write_note
from itdr_hf.prompts import as_shown
from itdr_hf.records import SPLITS
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.hashing import fingerprint
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    from itdr_hf.dataset.audit.findings import Report

CHECKS, CHECKS_FOLDER = "itdr_hf.dataset.audit", Path(__file__).with_name("audit")
PICTURES = "pictures"  # folder of flow.png and lengths.png, which `itdr report --card` draws
FEW = 20  # examples, of which the shortest is shown
ROW = ("check", "result", "finding")  # columns of the audit's table
FILES = 40  # raw files of a source that the card lists
WIDE = 96  # characters of a line of an example in the card


CHANGES = {"1.0.0": "first release of the rebuilt configs."}
COLUMN_NOTES = {
    "id": "stable, from the content",
    "subtask": "which of the seven",
    "task": "which task",
    "messages": "the turns of the conversation, each with its role and its content",
    "loss": "of each turn, whether a model is trained on it",
    "prompt": "the turns before the answer",
    "chosen": "the better answer",
    "rejected": "the worse answer",
    "rejected_kind": "how the worse answer was made",
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
    "preference": "what the prompt tells of the user: `P0` nothing, `P1` titles, `P2` a text, `P1P2` both",
    "intention": "what it says is wanted: `I0` nothing, `I1` a vague wish, `I2` categories, `P2` a preference",
    "task_form": "what it asks: `T0` a judgement, `T2` an item, `T3` a choice, or a form that turns these round",
    "reference_by": "who wrote the answer: `data`, `extractive`, or a model",
}


def write_card(dataset: Dataset, repo_id: str = "itdr") -> None:
    """Write the README.md of a dataset folder."""
    write_atomically(dataset.folder / "README.md", dataset_card(dataset, repo_id))


def note_audit(dataset: Dataset, report: Report) -> None:
    """Keep an audit's table (check, result, finding) and breaches, with the content they are of; the card shows it."""
    note = {"content": dataset.contents, "audited": _audited(dataset), "rows": report.rows()}
    write_note(dataset.folder, AUDIT, {**note, "breaches": [str(finding) for finding in report.breaches]})
    write_card(dataset)


def _audited(dataset: Dataset) -> str:
    """Return a hash of what an audit is of: all that the ledger says, and the checks."""
    return fingerprint(dataset.digest, [f"{CHECKS}.{path.stem}" for path in CHECKS_FOLDER.glob("*.py")])


def noted_audit(dataset: Dataset) -> list[dict[str, str]]:
    """Return the audit's table, if there was one of just this content; else nothing."""
    note = read_note(dataset.folder, AUDIT)
    rows = note.get("rows") if note.get("content") == dataset.contents else None
    return [row for row in rows if set(ROW) <= set(row)] if isinstance(rows, list) else []


def noted_breaches(dataset: Dataset) -> list[str] | None:
    """Return the breaches of the last audit, if it was one of just this ledger by these checks; else None."""
    note = read_note(dataset.folder, AUDIT)
    breaches = note.get("breaches") if note.get("audited") == _audited(dataset) else None
    return list(map(str, breaches)) if isinstance(breaches, list) else None


def note_pictures(dataset: Dataset) -> None:
    """Note that the pictures are there, with the content they are of; the card shows them from now on."""
    write_note(dataset.folder, DRAWN, {"content": dataset.contents})
    write_card(dataset)


def dataset_card(dataset: Dataset, repo_id: str = "itdr") -> str:
    """Return the README.md of a dataset folder; the audit is shown if it is of the same content."""
    import yaml

    cells = [dataset.cell(name) for name in dataset.cells]
    sources = list({cell.source.id: cell.source for cell in cells}.values())
    family = dataset.catalogue.family(dataset.ledger.family)
    head = yaml.safe_dump(metadata(dataset, repo_id), sort_keys=False, allow_unicode=True, width=1000)
    body = render_card(
        "dataset.md.j2",
        ledger=dataset.ledger,
        family=family,
        unions=[name for name in members(dataset) if name not in dataset.cells],
        groups=[group.id for group in family.groups if group.id in members(dataset)],
        repo_id=repo_id,
        total=sum(cell.examples for cell in dataset.cells.values()),
        cells=cells,
        sources=sources,
        subtasks=list({cell.task.id: cell.task for cell in cells}.values()),
        protocols=_protocols(dataset, cells),
        derived=derived_rows(dataset),
        splits=SPLITS,
        simulated=dataset.simulated,
        columns=[{"name": n, "kind": kind, "what": COLUMN_NOTES[n]} for n, kind in _columns(cells).items()],
        examples=_examples(dataset, cells),
        funnel=[_funnel(source.title, dataset, source.id) for source in sources],
        raw_files=[row for source in sources for row in _raw_files(source.title, dataset, source.id)],
        audit=noted_audit(dataset),
        pictures=PICTURES if read_note(dataset.folder, DRAWN).get("content") == dataset.contents else "",
        writers=writers(dataset),
        changes=[{"version": version, "text": text} for version, text in CHANGES.items()],
        citations=list(dict.fromkeys(source.citation for source in sources if source.citation)),
    )
    return f"---\n{head}---\n\n{body}"


def _columns(cells: Sequence[Cell]) -> dict[str, str]:
    """Return the columns of all shapes that the cells have, with their types."""
    return {name: kind for cell in cells for name, kind in cell.task.shape.columns.items()}


def writers(dataset: Dataset) -> dict[str, int]:
    """Count the answers by who wrote them, over all cells."""
    total: Counter[str] = Counter()
    for cell in dataset.cells.values():
        total.update(cell.written_by)
    return dict(sorted(total.items()))


def _protocols(dataset: Dataset, cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Of each subtask, what its recipes have an example show, and how many examples there are."""
    rows = []
    for task in {cell.task.id: cell.task for cell in cells}.values():
        built = [cell for cell in dataset.cells.values() if cell.task == task.id]
        shows = _shows([cell.recipe for cell in built])
        examples = sum(cell.examples for cell in built)
        rows.append({"id": task.id, "title": task.title, "root": task.root, "shows": shows, "examples": examples})
    return rows


def _shows(recipes: Sequence[Mapping[str, Any]]) -> str:
    """'history 5, positives 5, negatives 5'; 'reviews' stand for subtasks without any of these."""
    said = []
    for name in ("source_history", "history", "positives", "negatives"):
        found = sorted({recipe[name] for recipe in recipes})
        if any(found):
            said.append(f"{name.replace('_', ' ')} {found[0] if len(found) == 1 else f'{found[0]} to {found[-1]}'}")
    return ", ".join(said) or f"reviews {max(recipe['reviews'] for recipe in recipes)}"


def _examples(dataset: Dataset, cells: Sequence[Cell]) -> list[dict[str, str]]:
    """Return the shortest of the first few test examples of each subtask's first cell."""
    firsts = {cell.task.id: cell for cell in reversed(cells)}
    shown = []
    for cell in reversed(firsts.values()):
        columns = cell.task.shape.names
        first = (list(islice(dataset.rows(cell.name, split, columns, FEW), FEW)) for split in reversed(SPLITS))
        told = [(*as_shown(row, cell.task.shape), row["id"]) for row in next(filter(None, first))]
        asked, answer, _ = min(told, key=lambda one: (len(one[0]), one[2]))
        shown.append({"title": cell.task.title, "config": cell.name, "prompt": asked, "output": answer})
    return shown


def _funnel(title: str, dataset: Dataset, source_id: str) -> dict[str, str]:
    cell = next(cell for cell in dataset.cells.values() if cell.source == source_id)
    steps = {(step.table, step.what): step.rows for step in cell.tables}
    read, kept = (steps.get(("interactions", what), 0) for what in ("read", "kept"))
    items = steps.get(("items", "kept"), 0)
    row = {"read": read, "left_out": read - kept, "kept": kept, "kept_items": items}
    return {"source": title, "layout": cell.layout, **{name: f"{n:,}" for name, n in row.items()}}


def _raw_files(title: str, dataset: Dataset, source_id: str) -> list[dict[str, str]]:
    """Return the raw files that a source's cells are built from; of a release in thousands of files the first."""
    cells = [cell for cell in dataset.cells.values() if cell.source == source_id]
    files = list({file.name: file for cell in cells for file in cell.raw}.values())
    rows = [{"source": title, "name": f"`{f.name}`", "size": f"{f.size:,}", "sha256": f"`{f.sha256}`"} for f in files]
    more = len(files) - FILES
    rest = {"source": title, "name": f"and {more:,} more in `ledger.json`", "size": "", "sha256": ""}
    return [*rows[:FILES], rest] if more > 0 else rows


def render_card(template: str, **slots: Any) -> str:
    """Return a card from `cards/`; raises jinja2.UndefinedError for a slot that is not filled."""
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
    """Return a block of text as it is, long lines broken; the fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, WIDE, drop_whitespace=False) or [""]]
    return "\n".join([f"{fence}text", *(line.rstrip() for line in lines), fence])


def _cell(text: str) -> str:
    """Text in a cell of a table, its parts on lines of their own."""
    return " ".join(text.split()).replace("|", "\\|").replace("; ", "<br>")
