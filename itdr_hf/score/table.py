"""A report for people: tables of at most 80 columns for the terminal, and a Markdown page."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from itdr_hf.score.by_template import TemplateScores
from itdr_hf.score.measured import TOTALS, CellScore
from itdr_hf.score.score_file import Report, Row
from itdr_hf.score.scoring import lower_is_better

WIDTH = 80  # columns
LEGEND = (
    "↑ more is better, ↓ less is; ± half the 95 % interval, bootstrap over users\n"
    "read: % of answers read leniently/strictly\n"
    "macro: the cells of a task count alike, micro: their examples do\n"
)
PUBLISHED = "paper: least to greatest of its models, on its own samples"
PAIRED = "p: two-sided; ≤: the least that this many replicates can show\nHolm: p corrected for all {count} differences"
RULES = (
    "Answers are read {reading}ly. In a ranking every line keeps its rank: unknown and repeated ones are misses. A "
    "number off the scale counts as the nearer end, an answer without one as the end farthest from the truth; an "
    "unread category is wrong; an unread text is empty. Intervals: 95 %, percentile bootstrap over users. Macro rows weigh the "
    "cells of a task alike, micro rows the examples. The paper's rows, where there are any, are of its own samples of at "
    "most 250 examples a cell: they show the size of things, not a difference."
)


def print_report(report: Report) -> None:
    """Every cell as a table, then subtasks and composites, then the comparison."""
    from itdr_hf.runtime.terminal import print_line, print_table

    def titled(title: str, columns: Mapping[str, str], lines: Sequence[Sequence[str]]) -> None:
        print_line(title)
        print_table(columns, lines)

    for config in report.configs:
        rows = report.rows(config)
        metrics = list(dict.fromkeys(row.metric for row in rows if row.kind == "ours"))
        for part in [metrics[k : k + 5] for k in range(0, len(metrics), 5)]:
            read = {"read": "right"} if config in report.ours.cells else {}
            setting = _setting_of(part)
            heads = [headed(metric.removesuffix(f"({setting})")) for metric in part]
            columns = {"": "left", **dict.fromkeys(heads, "right"), **read}
            titled(
                f"{_title(report, config)}{setting and ', ' + setting}", columns, list(_lines(rows, part, bool(read)))
            )
        if config in report.ours.cells and (faults := fault_line(report.ours.cells[config], report.ours.reading)):
            print_line(faults)
        print_line()
    for found in report.templates:
        metrics = list(found.rows[0].figures)
        columns = {"": "left", "n": "right", **dict.fromkeys(map(headed, metrics), "right")}
        titled(f"{found.config} by template, {found.setting}", columns, template_lines(found))
        print_line()
    if report.other:
        titled(
            f"{report.ours.name} minus {report.other.name}, paired over users",
            dict.fromkeys(("cell", "metric"), "left") | dict.fromkeys(("difference", "95 %", "p", "Holm"), "right"),
            [[config, headed(metric), *cells] for (config, metric), cells in _differences(report).items()],
        )
        print_line(PAIRED.format(count=len(report.differences)))
        print_line()
    for note in report.notes:
        print_line(textwrap.fill(note, WIDTH))
    print_line(LEGEND + (PUBLISHED if any(row.kind == "paper" for row in report.rows()) else ""))


def markdown(report: Report) -> str:
    """Return the whole report as a Markdown page."""
    lines = [f"# {report.ours.name} on {report.split}", "", RULES.format(reading=report.ours.reading), ""]
    lines += [f"- {note}" for note in report.notes] + ([""] if report.notes else [])
    for config in sorted(report.configs, key=lambda name: name != TOTALS):
        rows = report.rows(config)
        metrics = list(dict.fromkeys(row.metric for row in rows if row.kind == "ours"))
        lines += [f"## {_title(report, config)}", ""]
        read = config in report.ours.cells  # totals and averages have no answers of their own
        heads = ["", *map(headed, metrics), *(("read leniently", "strictly") if read else ())]
        lines += _grid(heads, _markdown_lines(rows, metrics, read))
        if config in report.ours.cells and (faults := fault_line(report.ours.cells[config], report.ours.reading)):
            lines += ["", faults]
        lines += [""]
    for found in report.templates:
        metrics = list(found.rows[0].figures)
        lines += [f"## {found.config} by template, {found.setting}", ""]
        lines += [*_grid(["", "n", *map(headed, metrics)], template_lines(found)), ""]
    if report.other:
        lines += [f"## {report.ours.name} minus {report.other.name}, paired over users", ""]
        pairs = [[config, headed(metric), *cells] for (config, metric), cells in _differences(report).items()]
        lines += [
            *_grid(["cell", "metric", "difference", "95 % interval", "p", "p (Holm)"], pairs),
            "",
            *PAIRED.format(count=len(pairs)).split("\n"),
            "",
        ]
    signatures = sorted({row.signature for row in report.rows() if row.kind == "ours"})
    return "\n".join([*lines, "## Signatures", "", *(f"- `{text}`" for text in signatures), ""])


def template_lines(found: TemplateScores) -> list[list[str]]:
    """Return a line for each template, one for the best on validation where there is one, for mean and for spread."""
    metrics = list(found.rows[0].figures)
    lines = [[row.template, f"{row.n:,}", *(number(row.figures[m].value) for m in metrics)] for row in found.rows]
    if best := found.best:
        name = f"best by {found.chosen_by} on validation: {best.template.partition('/')[0]}"
        lines.append([name, f"{best.n:,}", *(number(best.figures[m].value) for m in metrics)])
    lines.append(["mean over templates", "", *(number(found.mean(m)) for m in metrics)])
    lines.append(["spread (standard deviation)", "", *(number(found.spread(m)) for m in metrics)])
    return lines


def _setting_of(metrics: Sequence[str]) -> str:
    """Return the setting that all of some metrics are of, 'P1-I0-T3' of H@1(P1-I0-T3) and others, else ''."""
    settings = {metric.partition("(")[2].removesuffix(")") for metric in metrics}
    return settings.pop() if len(settings) == 1 and len(metrics) > 1 else ""


def headed(metric: str) -> str:
    """Return a metric with the direction in which it gets better: 'N@10 ↑'."""
    return f"{metric} {'↓' if lower_is_better(metric) else '↑'}"


def fault_line(cell: CellScore, reading: str) -> str:
    """Return what was wrong with the answers of a cell, as shares, or nothing."""
    faults = cell.faults[reading]
    return "faults: " + ", ".join(f"{fault} {100 * share:.1f} %" for fault, share in faults.items()) if faults else ""


def number(value: float, places: int = 3) -> str:
    """Return a figure: .774 below one, 1.034 above, 70.4 for a composite; – where there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.{places}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _title(report: Report, config: str) -> str:
    if config == TOTALS:
        return "Subtasks and composites"
    cell = report.ours.cells.get(config)
    return f"{config}: {cell.n:,} examples, {len(cell.clusters):,} users" if cell else config


def _lines(rows: Sequence[Row], metrics: Sequence[str], read: bool) -> Iterable[list[str]]:
    for (kind, system), figures in _by_system(row for row in rows if row.kind != "paper").items():
        row = next(iter(figures.values()))
        name = system if kind == "baseline" else system[-24:]
        shown = [_short(figures[m]) if m in figures else "" for m in metrics]
        yield [name, *shown] + ([_shares(row)] if read else [])
    published = [row for row in rows if row.kind == "paper"]
    for variant in dict.fromkeys(row.system.rpartition(" ")[2] for row in published):
        found = {m: [r.value for r in published if r.metric == m and r.system.endswith(f" {variant}")] for m in metrics}
        yield [f"paper, {variant}", *(_span(values) for values in found.values())] + ([""] if read else [])


def _markdown_lines(rows: Sequence[Row], metrics: Sequence[str], read: bool) -> list[list[str]]:
    lines = []
    for (kind, system), figures in _by_system(rows).items():
        row = next(iter(figures.values()))
        name = {"ours": f"**{system}**", "paper": f"paper: {system}"}.get(kind, system)
        shares = [_percent(row.parsed_lenient), _percent(row.parsed_strict)] if read else []
        lines.append([name, *(_long(figures[m]) if m in figures else "" for m in metrics), *shares])
    return lines


def _by_system(rows: Iterable[Row]) -> Mapping[tuple[str, str], dict[str, Row]]:
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row.kind, row.system), {})[row.metric] = row
    return found


def _short(row: Row) -> str:
    half = (row.high - row.low) / 2
    return number(row.value) + ("" if math.isnan(half) else f"±{number(half, 2)}")


def _long(row: Row) -> str:
    value = number(row.value, 4)
    return value if math.isnan(row.low) else f"{value} [{number(row.low)}, {number(row.high)}]"


def _span(values: Sequence[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return f"{number(min(known), 2)}–{number(max(known), 2)}" if known else ""


def _shares(row: Row) -> str:
    return f"{100 * row.parsed_lenient:.0f}/{100 * row.parsed_strict:.0f}"


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share:.1f} %"


def _differences(report: Report) -> dict[tuple[str, str], list[str]]:
    return {
        key: [
            number(d.difference),
            f"{number(d.low)} to {number(d.high)}",
            _p(d.p, at_floor=d.at_floor),
            _p(report.corrected[key], at_floor=d.at_floor),
        ]
        for key, d in report.differences.items()
    }


def _p(value: float, *, at_floor: bool) -> str:
    """Return a p-value, '≤' before the least that the replicates can show; – where there is none."""
    return f"{'≤ ' if at_floor and value < 1 else ''}{number(value)}"


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (heads, rule, *rows)]
