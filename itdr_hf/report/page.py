"""The page: one HTML file that needs nothing else, no network and no server.

Titles and texts are other people's: the template escapes every value, examples are packed (see `samples`), and the
page's policy lets no script run but its own and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.catalogue import Catalogue
from itdr_hf.dataset.caveats import caveats_of
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.dataset.statistics import CellStatistics, Count, statistics
from itdr_hf.records import SPLITS
from itdr_hf.report.about import about
from itdr_hf.report.drawing import Drawing, paints, to_svg
from itdr_hf.report.flow import Stream, flow
from itdr_hf.report.funnel import funnels
from itdr_hf.report.labels import label_charts
from itdr_hf.report.lengths import distributions, length_picture
from itdr_hf.report.names import source_title, task_title
from itdr_hf.report.samples import DEFAULT, blocks
from itdr_hf.report.scores import Scoreboard, read_scores
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.score.measured import TOTALS

if TYPE_CHECKING:
    import jinja2

PICTURES = ("flow", "lengths")  # slots that are drawings


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written: the file, its bytes, the examples of the release and those in the page."""

    path: Path
    bytes: int
    cells: int
    examples: int
    shown: int
    audited: bool
    systems: Sequence[str]
    drawings: Mapping[str, Drawing]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {name: str(v) if name == "path" else v for name, v in self.__dict__.items() if name != "drawings"}


def write_report(
    folder: Dataset | Path,
    out: Path,
    *,
    scores: Sequence[Path] = (),
    most: int = DEFAULT,
    tokenizer: Count | None = None,
    progress: OnProgress = ignore,
) -> Written:
    """Write the page about a dataset folder; `most` examples of each split of a cell are in it.

    The same folder and scores give the same bytes. Raises UsageError for a folder that was not built, and for a
    file of scores that is none.
    """
    slots = page_slots(opened(folder), scores=scores, most=most, tokenizer=tokenizer, progress=progress)
    progress(Progress("writing"))
    write_atomically(out, render(slots))
    board = slots["board"]
    return Written(
        path=out,
        bytes=out.stat().st_size,
        cells=len(slots["cells"]),
        examples=slots["total"],
        shown=sum(block.count for block in slots["blocks"]),
        audited=bool(slots["audit"]),
        systems=[system.name for system in board.systems] if board else [],
        drawings={name: slots[name] for name in PICTURES},
    )


def page_slots(
    dataset: Dataset,
    *,
    scores: Sequence[Path] = (),
    most: int = DEFAULT,
    tokenizer: Count | None = None,
    progress: OnProgress = ignore,
) -> dict[str, Any]:
    """Everything the template shows."""
    from itdr_hf.dataset.audit.registry import load_checks
    from itdr_hf.dataset.card import noted_audit, writers

    known = dataset.as_built().catalogue
    board = read_scores(scores)
    made = [s for s in statistics(dataset, tokenizer=tokenizer, progress=progress) if s.cell in dataset.cells]
    names = [s.cell for s in made]
    sources = {s.cell: source_title(known, s.source) for s in made}
    return {
        "folder": dataset.folder.resolve().name,
        "about": about(dataset.as_built()),
        "ledger": dataset.ledger,
        "simulated": dataset.simulated,
        "by_rule": caveats_of(dataset).by_rule,
        "total": sum(sum(s.counts.values()) for s in made),
        "splits": SPLITS,
        "by_split": {split: sum(s.counts[split] for s in made) for split in SPLITS},
        "cells": made,
        "groups": _groups(made, known),
        "titles": {s.cell: f"{task_title(known, s.task)}, {sources[s.cell]}" for s in made},
        "sources": sources,
        "flow": flow([Stream(s.cell, s.task, s.source, sum(s.counts.values())) for s in made], known),
        "lengths": length_picture(distributions(dataset, made, progress)),
        "tokens": tokenizer is not None,
        "funnels": funnels(dataset),
        "labels": label_charts(made),
        "audit": noted_audit(dataset),
        "asks": {check.id: check.asks for check in load_checks().values()},
        "writers": writers(dataset),
        "recipes": _recipes(dataset),
        "blocks": blocks(dataset, names, most=most, progress=progress),
        "board": board,
        "all_cells": TOTALS,
        "unknown_systems": _unknown_systems(board, made),
    }


def render(slots: Mapping[str, Any]) -> str:
    """Return the page; raises jinja2.UndefinedError for a slot that is not filled."""
    from markupsafe import Markup

    room = files(__package__)
    style = _style() + room.joinpath("page.css").read_text(encoding="utf-8")
    script = room.joinpath("page.js").read_text(encoding="utf-8")
    pictures = {name: Markup(to_svg(slots[name])) for name in PICTURES}
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'"
    own = {"style": Markup(style), "script": Markup(script), "policy": policy}
    return _templates().get_template("page.html.j2").render({**slots, **pictures, **own})


@cache
def _templates() -> jinja2.Environment:
    """Return the environment of the page's template, which compiles it once."""
    import jinja2
    from markupsafe import Markup, escape

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = lambda value: f"{value:,}".replace("-", "−")
    environment.filters["share"] = lambda value: "" if value is None else f"{value:.1%}"
    environment.filters["code"] = lambda text: Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(text))))
    environment.tests["holds"] = lambda text, word: word in text
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _style() -> str:
    """Return the paints as variables, for the light and the dark, and a class for each."""
    light, dark = ("".join(f"--{name}:{pair[k]};" for name, pair in paints().items()) for k in (0, 1))
    fills = "".join(f".{name}{{fill:var(--{name})}}" for name in paints())
    night = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}{night}{fills}\n"


def _groups(made: Sequence[CellStatistics], known: Catalogue) -> dict[str, list[str]]:
    """Return the title of a task -> its cells."""
    groups: dict[str, list[str]] = {}
    for s in made:
        groups.setdefault(task_title(known, s.task), []).append(s.cell)
    return groups


def _recipes(dataset: Dataset) -> dict[str, Any]:
    """Return what every config has alike, and a table of what they do not."""
    recipes = {name: {k: _plain(v) for k, v in cell.recipe.items()} for name, cell in dataset.cells.items()}
    names = list(dict.fromkeys(name for recipe in recipes.values() for name in recipe))
    same = {name for name in names if len({recipe.get(name) for recipe in recipes.values()}) == 1}
    columns = [name for name in names if name not in same]
    first = next(iter(recipes.values()), {})
    return {
        "same": {name.replace("_", " "): first[name] for name in names if name in same},
        "columns": [name.replace("_", " ") for name in columns],
        "rows": {cell: [recipe.get(name, "") for name in columns] for cell, recipe in recipes.items()},
    }


def _plain(value: object) -> str:
    """Return a setting as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _unknown_systems(board: Scoreboard | None, made: Sequence[CellStatistics]) -> list[str]:
    """Return the cells that were scored and are not in the folder: the scores are of another one."""
    scored = {name for system in board.systems for name, *_ in system.parsed} if board else set()
    return sorted(scored - {s.cell for s in made})
