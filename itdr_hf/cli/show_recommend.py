"""Tables of `itdr recommend`, at most 80 columns: scores, differences, and RecLM's tables beside the paper's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.models.recommenders.paper import DATASETS, DIFFERS, paper_ablation, paper_costs, paper_figures
from itdr_hf.models.recommenders.reclm import cost
from itdr_hf.models.recommenders.run_card import figures, short
from itdr_hf.runtime.terminal import print_line, print_table

if TYPE_CHECKING:
    from itdr_hf.models.recommenders.run_data import RunData
    from itdr_hf.models.recommenders.study import Experiment, Row

SHOWN = ("Recall@20", "NDCG@20", "Recall@40", "NDCG@40")
SETTINGS = {"full-shot": "full_shot", "zero-shot": "zero_shot"}


def print_rows(found: Experiment, data: RunData) -> None:
    """Print every row full-shot and, where there is any, zero-shot, then the differences."""
    print_line(_data_line(data))
    for setting, attribute in SETTINGS.items():
        rows = [row for row in found.rows if getattr(row, attribute) is not None]
        if rows:
            lines = [[_name(row), *figures(getattr(row, attribute), SHOWN, places=3)] for row in rows]
            print_table({setting: "left", **dict.fromkeys(SHOWN, "right")}, lines)
            print_line()
    several = [row for row in found.rows if len(row.trials) > 1]
    if several:
        lines = [[_name(row), ", ".join(short(value) for value in row.by_seed("Recall@20"))] for row in several]
        print_table({"Recall@20 by seed": "left", "": "right"}, lines)
        print_line()
    _print_differences(found)
    print_line("± half the 95 % interval, bootstrap over users, of the mean over seeds")


def print_experiment(found: Experiment, data: RunData) -> None:
    """Print RecLM's Tables 1 to 3 with the paper's figures for the same data, or for all of its own."""
    beside = [data.name] if data.name in DATASETS else list(DATASETS)
    print_rows(found, data)
    for setting in SETTINGS:
        print_line(f"\nTable 1, {setting}: Recall@20, base and augmented, the paper's beside")
        columns = {"": "left", "ours": "right", **dict.fromkeys(beside, "right")}
        print_table(columns, list(_main_lines(found, setting, beside)))
    print_line("\nTable 2, full-shot: Recall@20, the paper's beside")
    print_table({"": "left", "ours": "right", **dict.fromkeys(beside, "right")}, list(_ablation_lines(found, beside)))
    print_line("\nTable 3: extra time per epoch, the paper's beside")
    print_table({"": "left", "ours": "right", **dict.fromkeys(beside, "right")}, list(_cost_lines(found, beside)))
    print_line("\nWhat differs from the paper:")
    for reason in [*([] if data.name in DATASETS else [f"the data: {data.name}"]), *DIFFERS]:
        print_line(f"- {reason}")


def with_paper(report: Mapping[str, Any], found: Experiment) -> dict[str, Any]:
    """Return a report for machines with the paper's figures, the extra time, and what differs."""
    paper = [dict(zip(("setting", "dataset", "backbone", "variant", "metric"), key, strict=True), value=value)
             for key, value in paper_figures().items()]  # fmt: skip
    ablation = [dict(zip(("dataset", "backbone", "variant", "metric"), key, strict=True), value=value)
                for key, value in paper_ablation().items()]  # fmt: skip
    costs = [{"dataset": d, "backbone": b, "share": c.share} for (d, b), c in paper_costs().items()]
    ours = {name: cost(found, name) for name in _backbones(found)}
    published = {"main": paper, "ablation": ablation, "cost": costs}
    return {**report, "cost": ours, "paper": published, "differs": list(DIFFERS)}


def _main_lines(found: Experiment, setting: str, beside: Sequence[str]) -> Iterator[list[str]]:
    for name in _backbones(found):
        for variant in ("base", "augmented"):
            scores = getattr(found.row(name, variant), SETTINGS[setting])
            ours = figures(scores, ["Recall@20"], places=3)[0] if scores else ""
            paper = [paper_figures().get((setting, data, name, variant, "Recall@20"), math.nan) for data in beside]
            yield [f"{name} {variant}", ours, *map(_known, paper)]


def _ablation_lines(found: Experiment, beside: Sequence[str]) -> Iterator[list[str]]:
    for row in found.rows:
        paper = [paper_ablation().get((data, row.backbone, row.variant, "Recall@20"), math.nan) for data in beside]
        yield [_name(row), figures(row.full_shot, ["Recall@20"], places=3)[0], *map(_known, paper)]


def _cost_lines(found: Experiment, beside: Sequence[str]) -> Iterator[list[str]]:
    for name in _backbones(found):
        paper = [paper_costs()[data, name].share if (data, name) in paper_costs() else math.nan for data in beside]
        yield [
            name,
            *(f"{100 * share:+.0f} %" if math.isfinite(share) else "" for share in (cost(found, name), *paper)),
        ]


def _print_differences(found: Experiment) -> None:
    if not found.differences:
        return
    lines = [
        [each.name, short(each.comparison.difference), f"{short(each.comparison.low)} to {short(each.comparison.high)}",
         f"{each.corrected_p:.3f}"]
        for each in found.differences
    ]  # fmt: skip
    columns = {f"difference in {found.differences[0].metric}": "left"} | dict.fromkeys(
        ("", "95 %", "p (Holm)"), "right"
    )
    print_table(columns, lines)
    print_line()


def _backbones(found: Experiment) -> list[str]:
    return list(dict.fromkeys(row.backbone for row in found.rows))


def _name(row: Row) -> str:
    return f"{row.backbone} {row.variant}".strip().replace("without", "no")


def _known(value: float) -> str:
    return short(value) if math.isfinite(value) else ""


def _data_line(data: RunData) -> str:
    facts = data.facts
    return (
        f"{data.title}, split by {facts['protocol']}\n{facts['users']:,} users, {facts['items']:,} items; pairs: "
        f"{facts['train']:,} train, {facts['validation']:,} validation, {facts['test']:,} test\n"
    )
