"""The parts of committed pages that are made from the code and from measured figures, between marks such as `<!-- tasks -->`.

`python docs/tables.py` fills them in; a test finds those that are stale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.bench.rehearsal import CATEGORIES
from itdr_hf.simulate.published import AMAZON2023, PUBLISHED
from itdr_hf.tasks.itdr import paper

DOCS = Path(__file__).parent
ROOT = DOCS.parent
GOLDEN = ROOT / "tests/tasks/itdr/golden"
EXAMPLE = "nir/amazon2023"  # a golden prompt, built from the hand-made rows of the tests


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a Markdown table; the columns named in `right` are aligned to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---:" if name in right else "---" for name in head) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def measured(name: str) -> dict[str, Any]:
    """Return the figures of docs/measured/NAME.json, which docs/measure.py wrote."""
    return dict(json.loads((DOCS / f"measured/{name}.json").read_text(encoding="utf-8")))


def tasks() -> str:
    """Return the table of the tasks: what is answered, how it is measured, by which sources it is fed."""
    known, rows = catalogue.current(), []
    for task in map(catalogue.task, known.family().task_ids):
        cells = [known.cell(name) for name in known.published() if known.task_of(name) == task.id]
        sources = " ".join(f"`{cell.source.id}`" for cell in cells)
        rows.append([task.title, f"`{task.id}`", task.answer, sources, f"{sum(cell.size for cell in cells):,}"])
    return table(["task", "id", "answer", "sources (a config is task-source)", "examples"], rows, ["examples"])


def cells() -> str:
    """Return the table of all configs: examples, and mean tokens of prompts and answers next to the paper's."""
    known = catalogue.current()
    simulated, real = measured("cells")["cells"], measured("slices")["cells"]
    rows = []
    for name in known.published():
        published = known.statistic(name)
        row = [f"`{name}`", f"{known.cell(name).size:,}"]
        for field in ("input", "output"):
            row += [_tokens(simulated, name, field), _tokens(real, name, field)]
            row += [f"{getattr(published, f'{field}_tokens'):,.1f}" if published else ""]
        rows.append(row)
    head = ["config", "examples"]
    head += [f"{field} {kind}" for field in ("input,", "output,") for kind in ("sim.", "real", "paper")]
    return table(head, rows, head[1:])


def _tokens(figures: Mapping[str, Any], name: str, field: str) -> str:
    return f"{figures[name]['tokens'][field]:,.1f}" if name in figures else ""


def example() -> str:
    """Return a prompt and its answer as a block of text."""
    text = (GOLDEN / f"{EXAMPLE}.txt").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^\[(\w+)\]\n(.*?)\n*(?=^\[|\Z)", text, re.S | re.M))
    return f"```text\n{parts['instruction']}\n{parts['input']}\n\n→ {parts['output']}\n```\n"


NAMES = {
    "random": "random (chance)",
    "mean": "mean rating of training",
    "user-mean": "mean of the ratings shown",
    "popular": "`popular`: seen in prompts",
    "popular-log": "`popular-log`: full logs",
    "co-occurrence": "`co-occurrence`: seen in prompts",
    "co-occurrence-log": "`co-occurrence-log`: full logs",
    "title-overlap": "words shared by titles",
    "bm25": "BM25 over titles and attributes",
    "item-knn": "item-kNN",
    "biasmf": "BiasMF",
    "ncf": "NCF",
    "lightgcn": "LightGCN",
    "sgl": "SGL",
    "simgcl": "SimGCL",
    "sasrec": "SASRec",
}


def recommenders() -> str:
    """Return the table of baselines and recommenders on the questions of a language model, and the paper's figures."""
    figures = measured("recommenders")
    columns, rows = _by_system(figures["systems"], NAMES)
    rows.append(["paper, fine-tuned models", *(_published(column) for column in columns)])
    return f"Measured on dataset {figures['version']}.\n\n" + table(["", *columns], rows, columns)


REAL = {
    "chance": "random (chance)",
    "popular": "`popular`: seen in prompts",
    "popular-log": "`popular-log`: full logs",
    "lightgcn": "LightGCN: full logs",
    "untuned, by generation": "SmolLM2-135M as it is, by generation",
    "tuned, by generation": "tuned, by generation, mean of three seeds",
    "untuned, by likelihood": "SmolLM2-135M as it is, by likelihood",
    "tuned, by likelihood": "tuned, by likelihood, mean of three seeds",
}


def real() -> str:
    """Return the table of a real model, as it is and tuned, below popularity and a trained recommender."""
    systems = measured("real")
    columns = list(systems["chance"])
    rows = [row for name in REAL for row in _real_rows(REAL[name], [systems[name].get(column) for column in columns])]
    return table(["", *columns], rows, columns)


def _real_rows(title: str, cells: Sequence[Mapping[str, Any] | None]) -> list[list[str]]:
    """Return the rows of a system: its figures, then what else is known of some of them."""
    shown: dict[str, Callable[[Mapping[str, Any]], str]] = {
        title: lambda cell: _figure(cell["figure"]),
        "– each seed": lambda cell: ", ".join(map(_short, cell.get("seeds", []))),
        "– minus the model as it is": lambda cell: _figure(cell.get("change")),
        "– answers that could be read": lambda cell: "" if cell.get("read", 1) == 1 else f"{cell['read']:.0%}",
    }
    rows = [[name, *(shows(cell) if cell else "" for cell in cells)] for name, shows in shown.items()]
    return [row for row in rows if any(row[1:])]


def _by_system(
    systems: Mapping[str, Mapping[str, Sequence[float]]], names: Mapping[str, str]
) -> tuple[list[str], list[list[str]]]:
    """Return the columns and a row for each system, those with a name first."""
    columns = list(dict.fromkeys(column for found in systems.values() for column in found))
    order = [*(name for name in names if name in systems), *(name for name in systems if name not in names)]
    return columns, [[names.get(name, name), *(_figure(systems[name].get(c)) for c in columns)] for name in order]


def _figure(found: Sequence[float] | None) -> str:
    return f"{_short(found[0])} ± {_short(found[1])}" if found else ""


def _short(value: float) -> str:
    """Return two decimals, halves rounded up as people do."""
    return str(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _published(column: str) -> str:
    """Return the range of the paper's fine-tuned models on MovieLens 32M."""
    task, metric = column.lower().partition(" ")[0], column.partition(" ")[2]
    cell = f"{task}-movielens32m"
    values = [one.value for one in paper.results(cell) if one.metric == metric and one.variant == "ft"]
    low, high = _short(min(values)), _short(max(values))
    return low if low == high else f"{low}–{high}"


def rehearsal() -> str:
    """Return the table of what each release took at its published size, and which have not been rehearsed."""
    done = measured("rehearsal")["sources"]
    rows = []
    for source, found in done.items():
        step = found["steps"]
        build, audit = step["build"], step["audit"]
        rows.append([
            f"`{source}`", _size_of(source, "rows"), f"{found['bytes'] / 1e6:,.0f}", f"{step['simulate']['cpu']:,.0f}",
            f"{step['parse']['cpu']:,.1f}", f"{step['copy']['cpu']:,.1f}", f"{build['cpu']:,.0f}",
            *(f"{build['cpu'] / step[floor]['cpu']:.1f}" for floor in ("parse", "copy")), f"{build['peak_mb']:,}",
            f"{build['disk_mb']:,}", f"{audit['cpu']:,.0f}", f"{audit['peak_mb']:,}", str(len(found["breaches"])), f"{found['report_mb']:.1f}",
        ])  # fmt: skip
    head = ["release", "rows", "raw, MB", "simulate, s", "parse, s", "COPY, s", "build, s", "build / parse", "build / COPY", "memory, MB", "disk, MB", "audit, s", "its memory, MB", "breaches", "report, MB"]  # fmt: skip
    left = [f"`{source}`" for source in PUBLISHED if source not in done]
    return table(head, rows, head[1:]) + (f"\nNot rehearsed so far: {', '.join(left)}.\n" if left else "")


def rehearsed_cells() -> str:
    """Return the table of the examples that were built, and of how many the paper has."""
    rows = []
    for found in measured("rehearsal")["sources"].values():
        for cell, count in found["examples"].items():
            rows.append([f"`{cell}`", f"{count:,}", f"{found['wanted'][cell]:,}" if cell in found["wanted"] else ""])
    return table(["config", "examples", "the paper's"], rows, ["examples", "the paper's"])


def rehearsed_more() -> str:
    """Return the table of builds of ten times the examples, of which each was also killed in the middle."""
    rows = []
    for source, found in measured("rehearsal-ten")["sources"].items():
        build, audit, killed = found["steps"]["build"], found["steps"]["audit"], found.get("killed")
        counts = " + ".join(f"{count:,}" for count in found["examples"].values())
        row = [
            f"`{source}`",
            counts,
            f"{build['cpu']:,.0f}",
            f"{build['peak_mb']:,}",
            f"{audit['cpu']:,.0f}",
            f"{audit['peak_mb']:,}",
        ]
        row += [str(len(found["breaches"])), f"{found['report_mb']:.1f}"]
        row += [f"{killed['after']:,.0f} s", "the same" if killed["same"] else "other"] if killed else ["", ""]
        rows.append(row)
    head = ["release", "examples", "build, s", "memory, MB", "audit, s", "its memory, MB", "breaches", "report, MB", "killed after", "bytes then"]  # fmt: skip
    return table(head, rows, head[2:-1])


def rehearsed_counts() -> str:
    """Return the table of users and items, simulated and published."""
    rows = []
    for source, found in measured("rehearsal")["sources"].items():
        row = [f"`{source}`"]
        for what in ("users", "items"):
            row += [f"{found['counted'][what]:,}" if "counted" in found else "", _size_of(source, what)]
        rows.append(row)
    head = ["release", "users", "published", "items", "published"]
    return table(head, rows, head[1:])


def rehearsed_files() -> str:
    """Return the table of simulated files whose size is published."""
    rows = []
    for found in measured("rehearsal")["sources"].values():
        for name, file in found["files"].items():
            if file["published"]:
                rows.append(
                    [
                        f"`{name}`",
                        f"{file['bytes']:,}",
                        f"{file['published']:,}",
                        f"{file['bytes'] / file['published']:.2f}",
                    ]
                )
    head = ["file", "simulated", "published", "ratio"]
    return table(head, rows, head[1:])


def _size_of(source: str, what: str) -> str:
    """Return a published number of rows, users or items, or the one that is assumed."""
    figures = PUBLISHED[source]
    if source == "amazon2023":
        return f"{sum(AMAZON2023[name].number(what) for name in CATEGORIES):,}"
    return f"{figures.number(what):,}{' (assumed)' if getattr(figures, what) is None else ''}"


PAGES: dict[Path, dict[str, Callable[[], str]]] = {
    ROOT / "README.md": {"example": example, "tasks": tasks},
    DOCS / "cells.md": {"cells": cells},
    DOCS / "results.md": {"recommenders": recommenders, "real": real},
    DOCS / "full-size.md": {
        "rehearsal": rehearsal,
        "rehearsed-cells": rehearsed_cells,
        "rehearsed-more": rehearsed_more,
        "rehearsed-counts": rehearsed_counts,
        "rehearsed-files": rehearsed_files,
    },
}


def filled(path: Path) -> str:
    """Return the text of a page with its parts as they should be. Raises ValueError where a part has no place."""
    text = path.read_text(encoding="utf-8")
    for name, make in PAGES[path].items():
        part = make()
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(marks, lambda m, part=part: m[1] + part + m[2], text, flags=re.S)
        if found != 1:
            raise ValueError(f"{path.name}: {found} places for {name}; want one")
    return text


def fill() -> None:
    """Fill in all pages."""
    for path in PAGES:
        path.write_text(filled(path), encoding="utf-8")


if __name__ == "__main__":
    fill()
