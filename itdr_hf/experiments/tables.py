"""Results for people: tables of at most 80 columns, and a Markdown page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from itdr_hf.experiments.lines import Line, Results
from itdr_hf.score.measured import TOTALS
from itdr_hf.score.table import headed, number

WIDTH = 80
COLUMNS = {"": "fold", **dict.fromkeys(("ours", "read", "chance", "paper", "diff", "change", "(paper)"), "right")}


def print_results(results: Results) -> None:
    """Print the scores over cells of all arms, the first metric of every cell, and what differs from the paper."""
    from itdr_hf.runtime.terminal import print_line, print_table

    for system, way in results.systems:
        lines = results.of(system, way)
        print_line(f"\n{results.experiment.name}: {system}, by {way}")
        if overall := list(_overall(lines)):
            print_table(*_matrix(overall))
        for title, rows in _sections(results, lines):
            print_line(f"\n{title}")
            heads, rows = _without_empty(list(COLUMNS), rows)
            print_table({head: COLUMNS[head] for head in heads}, rows)
    for sentence in _ending(results):
        print_line(textwrap.fill(sentence, WIDTH))


def _sections(results: Results, lines: Sequence[Line]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield title and rows of a table for each arm; of one for all, where each arm has one figure, and of the same."""
    arms = dict.fromkeys((line.arm, line.split) for line in lines)
    shown = {arm: _first_metrics([line for line in lines if (line.arm, line.split) == arm]) for arm in arms}
    figures = {(line.config, line.metric) for chosen in shown.values() for line in chosen}
    if len(figures) == 1 < len(arms):
        config, metric = figures.pop()
        yield (
            f"{config} {headed(metric)}, {_counted(list(chain(*shown.values())))}",
            [[arm, *_cells(line)] for (arm, _), (line,) in shown.items()],
        )
        return
    for (arm, split), chosen in shown.items():
        title = f"{_titled(results, arm, split)}, {_counted(chosen)}"
        yield title, [[f"{line.config} {headed(line.metric)}", *_cells(line)] for line in chosen]


def _without_empty(heads: Sequence[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Return a table without the columns that are empty in every row, but with its first."""
    kept = [place for place in range(len(heads)) if not place or any(row[place] for row in rows)]
    return [heads[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _legend(results: Results) -> str:
    """Return what the columns that there are mean."""
    lines = results.lines
    published = [line for line in lines if line.paper is not None]
    models = ", ".join(dict.fromkeys(line.paper_model for line in published))
    sentences = {
        "↑ more is better, ↓ less is; ± half the 95 % interval, bootstrap over users": True,
        "an interval of no width: all examples came out alike, which with few of them says little": any(
            line.low == line.high is not None for line in lines
        ),
        "ours is the mean of several seeds, with the mean of their intervals": any(line.seeds for line in lines),
        "read: the share of answers that could be read": any(line.read not in (None, 1) for line in lines),
        "chance: a random draw on the same examples": any(line.chance is not None for line in lines),
        f"paper: {models}, on test examples of its own, without intervals": bool(published),
        "diff: ours minus the paper's": any(line.difference is not None for line in lines),
        "in brackets: ours are of simulated data or references by rule, so no difference is taken": any(
            line.doubted for line in published
        ),
        "change: minus the arm it is compared with, on the same examples": any(
            line.change is not None for line in lines
        ),
        "(paper): the same of the paper's": any(line.paper_change is not None for line in lines),
        f"{TOTALS}: their intervals are in report.md": any(line.config == TOTALS for line in lines),
    }
    return "; ".join(text for text, holds in sentences.items() if holds) + "."


def markdown(results: Results) -> str:
    """Return the whole result as a Markdown page."""
    one = results.experiment
    parts = [f"# {one.name}: {one.title}", "", one.question, ""]
    for system, way in results.systems:
        lines = results.of(system, way)
        parts += [f"## {system}, by {way}", ""]
        if overall := list(_overall(lines)):
            columns, rows = _matrix(overall)
            parts += [*_grid(list(columns), rows), ""]
        for arm, split in dict.fromkeys((line.arm, line.split) for line in lines):
            chosen = [line for line in lines if (line.arm, line.split) == (arm, split)]
            parts += [f"### {_titled(results, arm, split)}", ""]
            parts += [*_grid(*_without_empty(HEADS, [_row(line) for line in chosen])), ""]
    parts += [*_leak_table(results), "## What differs from the paper", "", *(f"- {text}" for text in one.differs), ""]
    parts += ["## Notes", "", *(f"- {note}" for note in (*results.notes, _legend(results))), ""]
    return "\n".join(parts)


HEADS = (
    "cell", "metric", "ours", "95 %", "n", "read", "seeds", "chance", "95 %", "paper", "printed", "diff", "change", "95 %",
    "paper's change",
)  # fmt: skip


def _row(line: Line) -> list[str]:
    paper = f"{_number(line.paper)} ({line.paper_model})" if line.paper is not None else ""
    ours, change = _span(line.low, line.high), _span(line.change_low, line.change_high)
    chance = [_number(line.chance), _span(line.chance_low, line.chance_high)]
    return [
        line.config, headed(line.metric), _number(line.value), ours, str(line.n), _share(line.read), line.seeds, *chance,
        f"[{paper}]" if line.doubted and paper else paper, _number(line.printed), _number(line.difference),
        _number(line.change), change, _number(line.paper_change),
    ]  # fmt: skip


def _cells(line: Line) -> list[str]:
    ours = _number(line.value) + _half(line.low, line.high)
    change = _number(line.change) + _half(line.change_low, line.change_high)
    paper = _number(line.paper)
    shown = f"[{paper}]" if line.doubted and paper else paper
    read = "" if line.read == 1 else _share(line.read)
    return [ours, read, _number(line.chance), shown, _number(line.difference), change, _number(line.paper_change)]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _half(low: float | None, high: float | None) -> str:
    """Return half the width of an interval, as it stands behind a figure; '' for none."""
    return "" if low is None or high is None else f"±{_number((high - low) / 2, 2)}"


def _overall(lines: Sequence[Line]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield rows of scores over cells: every arm's, then the paper's for it."""
    for arm, split in dict.fromkeys((line.arm, line.split) for line in lines):
        found = [line for line in lines if (line.arm, line.split, line.config) == (arm, split, TOTALS)]
        if found:
            name = arm if split != "example" else f"{arm}, by example"
            yield name, {line.metric: _number(line.value) for line in found}
            papers = {line.metric: _number(line.paper) for line in found if line.paper is not None}
            if papers:
                yield "  paper", papers


def _matrix(rows: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[dict[str, str], list[list[str]]]:
    metrics = list(dict.fromkeys(metric for _, values in rows for metric in values))
    columns = {"": "fold", **{headed(metric): "right" for metric in metrics}}
    return columns, [[name, *(values.get(metric, "") for metric in metrics)] for name, values in rows]


def _first_metrics(lines: Sequence[Line]) -> list[Line]:
    """Return the first metric of every cell; where the paper has it by setting, as H@1(P1-I0-T3), these settings."""
    found: list[Line] = []
    for config in dict.fromkeys(line.config for line in lines if line.config != TOTALS):
        of_cell = [line for line in lines if line.config == config]
        settings = [one for one in of_cell if one.metric.startswith(f"{of_cell[0].metric}(") and one.paper is not None]
        found += settings or of_cell[:1]
    return found


def _counted(lines: Sequence[Line]) -> str:
    """Return how many examples are behind each figure."""
    least, most = min(line.n for line in lines), max(line.n for line in lines)
    return f"n = {least:,}" if least == most else f"n = {least:,} to {most:,}"


def _titled(results: Results, arm: str, split: str) -> str:
    return f"{arm}: {results.experiment.arm(arm).title}" + (", sample split by example" if split == "example" else "")


def _ending(results: Results) -> Iterator[str]:
    yield ""
    for sample, shares in results.leaks.items():
        worst = max(shares.values(), default=0.0)
        yield f"{sample}: at most {100 * worst:.1f} % of a cell's validation and test answers are in train for the same user"
    yield from results.notes
    yield _legend(results)
    for text in results.experiment.differs:
        yield f"differs: {text}"


def _leak_table(results: Results) -> list[str]:
    """Return the shares of answers that train shows, by cell and sample; nothing where they were not counted."""
    if not results.leaks:
        return []
    cells = list(dict.fromkeys(cell for shares in results.leaks.values() for cell in shares))
    rows = [[cell, *(f"{100 * shares.get(cell, 0):.1f} %" for shares in results.leaks.values())] for cell in cells]
    title = "## Validation and test answers that train shows or asks for, for the same user"
    return [title, "", *_grid(["cell", *results.leaks], rows), ""]


def _span(low: float | None, high: float | None) -> str:
    return f"{_number(low)} to {_number(high)}" if low is not None and high is not None else ""


def _number(value: float | None, places: int = 3) -> str:
    return "" if value is None else number(value, places)


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (heads, rule, *rows)]
