"""The dataset card: a YAML header for `datasets` (configs, splits, features) and a page for readers.

It is rendered strictly from `cards/dataset.md.j2`: an unfilled slot is an error.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.catalogue import DEFAULT
from itdr_hf.dataset.card_derived import derived_rows, one_out
from itdr_hf.dataset.card_yaml import members, metadata
from itdr_hf.dataset.caveats import caveats_of
from itdr_hf.dataset.croissant import CROISSANT, croissant_text
from itdr_hf.dataset.eval_yaml import EVAL_YAML, eval_text
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.notes import AUDIT, DRAWN, read_note, write_note
from itdr_hf.prompts import as_shown
from itdr_hf.raw.source import Source
from itdr_hf.records import SPLITS
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.hashing import fingerprint
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import jinja2

    from itdr_hf.dataset.audit.findings import Report

CHECKS, CHECKS_FOLDER = "itdr_hf.dataset.audit", Path(__file__).with_name("audit")
CARD = "README.md"
COMPANIONS = (CROISSANT, EVAL_YAML)  # files that are written with the card, from the ledger alone
PICTURES = "pictures"  # folder of flow.png and lengths.png, drawn by `itdr report --card`
SAMPLED = 20  # examples, of which the shortest is shown
PLAYED = "taste-alone-wins"  # the check whose figures are a table of their own …
QUERIED = "query-alone-wins"  # … and so are those of this one
ROW = ("check", "result", "finding")  # columns of the audit's table
MAX_FILES = 40  # raw files of a source listed in the card
LINE_CHARS = 96  # maximum length of a line of an example

CHANGES = {  # of the default family; the others begin with their version of now
    "2.0.0": "nothing but taste tells an answer from the rest: other orders, negatives, histories and prompts; see CHANGELOG.md.",
    "1.0.0": "first release of the rebuilt configs.",
}
FIRST = "first release of the configs."
COLUMN_NOTES = {
    "id": "stable, from the content",
    "subtask": "which task, such as `tkr`",
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
    "input": "the prompt, without the task description",
    "output": "the answer",
    "history": "titles shown as history, in the order shown",
    "history_ratings": "the ratings of these titles (RP)",
    "candidates": "titles to choose from or to rate",
    "targets": "the truth: rating, positives, item, attribute values or text",
    "target_names": "the attribute each target is of (UAP)",
    "user": "salted hash; empty where an example is of an item, as in TUI",
    "template": "which wording of the prompt",
    "preference": "what the prompt states about the user: `P0` nothing, `P1` titles, `P2` a text, `P1P2` both",
    "intention": "the stated wish: `I0` none, `I1` a vague one, `I2` categories, `P2` a preference",
    "task_form": "what it asks: `T0` a judgement, `T2` an item, `T3` a choice, or a form that turns these round",
    "reference_by": "who wrote the answer, or the texts of the prompt: `data`, `extractive` or `rule`, or a model",
}


def write_card(dataset: Dataset, repo_id: str = "") -> None:
    """Write the README.md of a dataset folder and its companions for machines, croissant.json and eval.yaml.

    `repo_id` is what the dataset is loaded by; default: the id of its family, as the folder is called.
    """
    repo_id = repo_id or dataset.ledger.family
    write_atomically(dataset.folder / CROISSANT, croissant_text(dataset, repo_id))
    if text := eval_text(dataset):
        write_atomically(dataset.folder / EVAL_YAML, text)
    else:
        (dataset.folder / EVAL_YAML).unlink(missing_ok=True)
    write_atomically(dataset.folder / CARD, dataset_card(dataset, repo_id))


def note_audit(dataset: Dataset, report: Report) -> None:
    """Record an audit's table (check, result, finding) and breaches with the content audited, and update the card."""
    note = {"content": dataset.contents, "audited": _audited(dataset), "rows": report.rows()}
    for name, check in (("players", PLAYED), ("queries", QUERIED)):
        note[name] = [{"cell": f.where, **f.figures} for f in report.findings if f.check == check]
    write_note(dataset.folder, AUDIT, {**note, "breaches": [str(finding) for finding in report.breaches]})
    write_card(dataset)


def _audited(dataset: Dataset) -> str:
    """Return a hash of what an audit depends on: the ledger and the code of the checks."""
    return fingerprint(dataset.digest, [f"{CHECKS}.{path.stem}" for path in CHECKS_FOLDER.glob("*.py")])


def noted_audit(dataset: Dataset) -> list[dict[str, str]]:
    """Return the table of the last audit if it was of exactly this content, else an empty list."""
    note = read_note(dataset.folder, AUDIT)
    rows = note.get("rows") if note.get("content") == dataset.contents else None
    return [row for row in rows if set(ROW) <= set(row)] if isinstance(rows, list) else []


def noted_figures(dataset: Dataset, name: str) -> list[dict[str, Any]]:
    """Return what players without taste ("players"), or queries alone ("queries"), won in each cell.

    Nothing where there is no audit of exactly this content.
    """
    note = read_note(dataset.folder, AUDIT)
    rows = note.get(name) if note.get("content") == dataset.contents else None
    return [row for row in rows if {"cell", "chance"} <= set(row)] if isinstance(rows, list) else []


def noted_breaches(dataset: Dataset) -> list[str] | None:
    """Return the breaches of the last audit if it was of exactly this ledger with these checks, else None."""
    note = read_note(dataset.folder, AUDIT)
    breaches = note.get("breaches") if note.get("audited") == _audited(dataset) else None
    return list(map(str, breaches)) if isinstance(breaches, list) else None


def note_pictures(dataset: Dataset) -> None:
    """Record that the pictures are drawn, with their content, and update the card to show them."""
    write_note(dataset.folder, DRAWN, {"content": dataset.contents})
    write_card(dataset)


def dataset_card(dataset: Dataset, repo_id: str = "") -> str:
    """Return the README.md of a dataset folder; an audit is shown if it is of the same content."""
    import yaml

    repo_id = repo_id or dataset.ledger.family
    cells = [dataset.cell(name) for name in dataset.cells]
    sources = list({cell.source.id: cell.source for cell in cells}.values())
    family = dataset.catalogue.family(dataset.ledger.family)
    head = yaml.safe_dump(metadata(dataset, repo_id), sort_keys=False, allow_unicode=True, width=1000)
    body = render_card(
        "dataset.md.j2",
        ledger=dataset.ledger,
        family=family,
        unions=[name for name in members(dataset) if name not in dataset.cells],
        groups=[group for group in family.groups if group.id in members(dataset)],
        repo_id=repo_id,
        total=sum(cell.examples for cell in dataset.cells.values()),
        cells=cells,
        sources=sources,
        subtasks=list({cell.task.id: cell.task for cell in cells}.values()),
        protocols=_protocols(dataset, cells),
        derived=derived_rows(dataset),
        one_out=one_out(dataset),
        splits=SPLITS,
        simulated=dataset.simulated,
        by_rule=caveats_of(dataset).by_rule,
        columns=column_notes(cells),
        examples=_examples(dataset, cells),
        funnel=[_funnel(source.title, dataset, source.id) for source in sources],
        raw_files=[row for source in sources for row in _raw_files(source.title, dataset, source.id)],
        audit=noted_audit(dataset),
        players=noted_figures(dataset, "players"),
        queries=noted_figures(dataset, "queries"),
        pictures=PICTURES if read_note(dataset.folder, DRAWN).get("content") == dataset.contents else "",
        writers=writers(dataset),
        changes=_changes(dataset),
        citations=citations(sources),
    )
    return f"---\n{head}---\n\n{body}"


def _changes(dataset: Dataset) -> list[dict[str, str]]:
    """Return version and text of every release of this folder, newest first, then of the configs themselves."""
    ours = [{"version": row["version"], "text": row["changes"]} for row in dataset.ledger.releases]
    family = dataset.ledger.family
    known = CHANGES if family == DEFAULT else {dataset.catalogue.family(family).version: FIRST}
    return ours + [{"version": version, "text": text} for version, text in known.items()]


def column_notes(cells: Sequence[Cell]) -> list[dict[str, str]]:
    """Return the columns of all shapes of the cells: `name`, `kind` (the type) and `what` they contain."""
    columns = {name: kind for cell in cells for name, kind in cell.task.shape.columns.items()}
    return [{"name": name, "kind": kind, "what": COLUMN_NOTES[name]} for name, kind in columns.items()]


def citations(sources: Sequence[Source]) -> list[str]:
    """Return the BibTeX entries of the sources, each once."""
    return list(dict.fromkeys(source.citation for source in sources if source.citation))


def writers(dataset: Dataset) -> dict[str, int]:
    """Return the number of answers by author, over all cells."""
    total: Counter[str] = Counter()
    for cell in dataset.cells.values():
        total.update(cell.written_by)
    return dict(sorted(total.items()))


def _protocols(dataset: Dataset, cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return for each task what an example shows by its recipes, and the number of examples."""
    rows = []
    for task in {cell.task.id: cell.task for cell in cells}.values():
        built = [cell for cell in dataset.cells.values() if cell.task == task.id]
        shows = _shows([cell.recipe for cell in built])
        examples = sum(cell.examples for cell in built)
        rows.append({"id": task.id, "title": task.title, "root": task.root, "shows": shows, "examples": examples})
    return rows


def _shows(recipes: Sequence[Mapping[str, Any]]) -> str:
    """Return 'history 5, positives 5, negatives 5', or the reviews for tasks without any of these."""
    shown = []
    for name in ("source_history", "history", "positives", "negatives"):
        found = sorted({recipe[name] for recipe in recipes})
        if any(found):
            shown.append(f"{name.replace('_', ' ')} {found[0] if len(found) == 1 else f'{found[0]} to {found[-1]}'}")
    return ", ".join(shown) or f"reviews {max(recipe['reviews'] for recipe in recipes)}"


def _examples(dataset: Dataset, cells: Sequence[Cell]) -> list[dict[str, str]]:
    """Return the shortest of the first SAMPLED test examples of each task's first cell."""
    firsts = {cell.task.id: cell for cell in reversed(cells)}
    shown = []
    for cell in reversed(firsts.values()):
        columns = cell.task.shape.names
        first = (list(islice(dataset.rows(cell.name, split, columns, SAMPLED), SAMPLED)) for split in reversed(SPLITS))
        texts = [(*as_shown(row, cell.task.shape), row["id"]) for row in next(filter(None, first))]
        prompt, answer, _ = min(texts, key=lambda text: (len(text[0]), text[2]))
        shown.append({"title": cell.task.title, "config": cell.name, "prompt": prompt, "output": answer})
    return shown


def _funnel(title: str, dataset: Dataset, source_id: str) -> dict[str, str]:
    cell = next(cell for cell in dataset.cells.values() if cell.source == source_id)
    steps = {(step.table, step.what): step.rows for step in cell.tables}
    read, kept = (steps.get(("interactions", what), 0) for what in ("read", "kept"))
    items = steps.get(("items", "kept"), 0)
    row = {"read": read, "left_out": read - kept, "kept": kept, "kept_items": items}
    return {"source": title, "layout": cell.layout, **{name: f"{n:,}" for name, n in row.items()}}


def _raw_files(title: str, dataset: Dataset, source_id: str) -> list[dict[str, str]]:
    """Return the raw files of a source's cells, at most MAX_FILES of a release with thousands of files."""
    cells = [cell for cell in dataset.cells.values() if cell.source == source_id]
    files = list({file.name: file for cell in cells for file in cell.raw}.values())
    rows = [{"source": title, "name": f"`{f.name}`", "size": f"{f.size:,}", "sha256": f"`{f.sha256}`"} for f in files]
    more = len(files) - MAX_FILES
    rest = {"source": title, "name": f"and {more:,} more in `ledger.json`", "size": "", "sha256": ""}
    return [*rows[:MAX_FILES], rest] if more > 0 else rows


def render_card(template: str, **slots: Any) -> str:
    """Render a card from `cards/`. Raises jinja2.UndefinedError for a slot that is not filled."""
    return _templates().get_template(template).render(**slots)


@cache
def _templates() -> jinja2.Environment:
    """Return the environment of the templates in `cards/`, which compiles each of them once."""
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
    return environment


def fenced(text: str) -> str:
    """Return a text as a Markdown code block with long lines wrapped; the fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    lines = [
        part for line in text.split("\n") for part in textwrap.wrap(line, LINE_CHARS, drop_whitespace=False) or [""]
    ]
    return "\n".join([f"{fence}text", *(line.rstrip() for line in lines), fence])


def _cell(text: str) -> str:
    """Return a text for a table cell of Markdown, with its parts on separate lines."""
    return " ".join(text.split()).replace("|", "\\|").replace("; ", "<br>")
