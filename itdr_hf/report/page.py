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
from importlib.resources import files
from pathlib import Path
from typing import Any

from itdr_hf.dataset.ledger import published_ledger
from itdr_hf.dataset.statistics import CellStatistics, Count, statistics
from itdr_hf.records import SPLITS
from itdr_hf.report.drawing import PAINTS, Drawing, to_svg
from itdr_hf.report.flow import flow
from itdr_hf.report.funnel import funnels
from itdr_hf.report.labels import label_charts
from itdr_hf.report.lengths import distributions, length_picture
from itdr_hf.report.names import source_title, subtask_title
from itdr_hf.report.samples import DEFAULT, blocks
from itdr_hf.report.scores import read_scores
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.score.scoring import TOTALS

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
    folder: Path,
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
    slots = page_slots(folder, scores=scores, most=most, tokenizer=tokenizer, progress=progress)
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
    folder: Path,
    *,
    scores: Sequence[Path] = (),
    most: int = DEFAULT,
    tokenizer: Count | None = None,
    progress: OnProgress = ignore,
) -> dict[str, Any]:
    """Everything the template shows."""
    from itdr_hf.dataset.audit.registry import load_checks
    from itdr_hf.dataset.card import noted_audit

    ledger = published_ledger(folder)
    board = read_scores(scores)
    made = [s for s in statistics(folder, tokenizer=tokenizer, progress=progress) if s.cell in ledger["cells"]]
    names = [s.cell for s in made]
    return {
        "folder": folder.resolve().name,
        "ledger": ledger,
        "simulated": any(cell.get("simulated") for cell in ledger["cells"].values()),
        "total": sum(sum(s.counts.values()) for s in made),
        "splits": SPLITS,
        "by_split": {split: sum(s.counts[split] for s in made) for split in SPLITS},
        "cells": made,
        "groups": _groups(names),
        "titles": {name: f"{subtask_title(name.partition('-')[0])}, {_source(name)}" for name in names},
        "sources": {name: _source(name) for name in names},
        "flow": flow({s.cell: sum(s.counts.values()) for s in made}),
        "lengths": length_picture(distributions(folder, made, progress)),
        "tokens": tokenizer is not None,
        "funnels": funnels(ledger),
        "labels": label_charts(made),
        "audit": noted_audit(folder, ledger),
        "asks": {check.id: check.asks for check in load_checks().values()},
        "writers": _writers(ledger),
        "recipes": _recipes(ledger),
        "blocks": blocks(folder, names, most=most, progress=progress),
        "board": board,
        "all_cells": TOTALS,
        "strangers": _strangers(board.lines if board else (), made),
    }


def render(slots: Mapping[str, Any]) -> str:
    """The page; raises jinja2.UndefinedError for a slot that is not filled."""
    import jinja2
    from markupsafe import Markup, escape

    room = files(__package__)
    style = _style() + room.joinpath("page.css").read_text(encoding="utf-8")
    script = room.joinpath("page.js").read_text(encoding="utf-8")
    pictures = {name: Markup(to_svg(slots[name])) for name in PICTURES}
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
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'"
    own = {"style": Markup(style), "script": Markup(script), "policy": policy}
    return environment.get_template("page.html.j2").render({**slots, **pictures, **own})


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _style() -> str:
    """The paints as variables, for the light and the dark, and a class for each."""
    light, dark = ("".join(f"--{name}:{pair[k]};" for name, pair in PAINTS.items()) for k in (0, 1))
    fills = "".join(f".{name}{{fill:var(--{name})}}" for name in PAINTS)
    night = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}{night}{fills}\n"


def _groups(names: Sequence[str]) -> dict[str, list[str]]:
    """The title of a subtask -> its cells."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(subtask_title(name.partition("-")[0]), []).append(name)
    return groups


def _source(name: str) -> str:
    return source_title(name.partition("-")[2])


def _writers(ledger: Mapping[str, Any]) -> dict[str, int]:
    writers: dict[str, int] = {}
    for cell in ledger["cells"].values():
        for writer, count in cell["written_by"].items():
            writers[writer] = writers.get(writer, 0) + count
    return writers


def _recipes(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """What every config has alike, and a table of what they do not."""
    told = {cell: {k: _plain(v) for k, v in entry["recipe"].items()} for cell, entry in ledger["cells"].items()}
    names = list(dict.fromkeys(name for recipe in told.values() for name in recipe))
    same = {name for name in names if len({recipe.get(name) for recipe in told.values()}) == 1}
    columns = [name for name in names if name not in same]
    first = next(iter(told.values()), {})
    return {
        "same": {name.replace("_", " "): first[name] for name in names if name in same},
        "columns": [name.replace("_", " ") for name in columns],
        "rows": {cell: [recipe.get(name, "") for name in columns] for cell, recipe in told.items()},
    }


def _plain(value: object) -> str:
    """A setting as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _strangers(lines: Sequence[Any], made: Sequence[CellStatistics]) -> list[str]:
    """Cells that were scored and are not in the folder: the scores are of another one."""
    here = {s.cell for s in made} | {TOTALS}
    return sorted({line.config for line in lines} - here)
