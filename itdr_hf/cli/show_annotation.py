"""Print annotations: the plan, the result of a run, and the agreement of two sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.terminal import print_json, print_line, print_table

if TYPE_CHECKING:
    from itdr_hf.models.teacher.annotate import Run, Tallies
    from itdr_hf.models.teacher.budget import Prices
    from itdr_hf.models.teacher.compare import Agreement
    from itdr_hf.models.teacher.store import Store

MAX_LISTED = 20  # examples without a reference that are named; --json names all


def plan_facts(tallies: Tallies, prices: Prices | None) -> dict[str, Any]:
    """Return the plan as JSON-able values; `cost` is None without prices."""
    cells = {
        cell: {
            "examples": t.examples,
            "accepted": t.accepted,
            "rejected": len(t.rejected),
            "to_ask": t.asks,
            "prompt_tokens": t.prompt_tokens,
            "completion_tokens": t.completion_tokens,
            "cost": prices.cost(t.prompt_tokens, t.completion_tokens) if prices else None,
        }
        for cell, t in tallies.items()
    }
    total = {name: _sum(facts[name] for facts in cells.values()) for name in next(iter(cells.values()))}
    return {"cells": cells, "total": total}


def print_plan(tallies: Tallies, prices: Prices | None, json: bool) -> None:
    """Print the planned requests, with estimated tokens and cost."""
    facts = plan_facts(tallies, prices)
    if json:
        return print_json(facts)
    columns = {
        "config": "left",
        **dict.fromkeys(("examples", "in store", "to ask", "tokens in", "out", "cost"), "right"),
    }
    rows = {**facts["cells"], "total": facts["total"]}
    names = ("examples", "accepted", "to_ask", "prompt_tokens", "completion_tokens")
    print_table(columns, [[c, *(f"{f[n]:,}" for n in names), _money(f["cost"])] for c, f in rows.items()])
    print_line("\nTokens are estimates. " + ("" if prices else "For the cost give --price-in and --price-out."))


def result_facts(
    tallies: Tallies, written: Mapping[str, Mapping[str, int]], run: Run | None, store: Store
) -> dict[str, Any]:
    """Return the result of a run as JSON-able values, naming every example without a reference."""
    unanswered = run.unanswered if run else {}
    cells = {
        cell: {
            "examples": t.examples,
            "accepted": t.accepted,
            "rejected": t.rejected,
            "faults": t.faults,
            "not_answered": t.asks,
            "written_by": written.get(cell, {}),
        }
        for cell, t in tallies.items()
    }
    kept = {"folder": str(store.folder), "answers": len(store), "torn": store.torn, "damaged": store.damaged}
    facts: dict[str, Any] = {"cells": cells, "unanswered": unanswered, "store": kept, "answers": 0}
    if run:
        spent = run.budget
        facts |= {"answers": run.answers, "cost": spent.spent, "stopped": run.stopped, "adapted": run.adapted}
        facts |= {"prompt_tokens": spent.prompt_tokens, "completion_tokens": spent.completion_tokens}
    return facts


def print_result(facts: Mapping[str, Any], json: bool) -> None:
    """Print the result of a run: per cell, then the examples without a reference and the reasons."""
    if json:
        return print_json(facts)
    columns = {"config": "left", **dict.fromkeys(("examples", "accepted", "rejected", "not answered"), "right")}
    rows = [
        [c, *(f"{n:,}" for n in (f["examples"], f["accepted"], len(f["rejected"]), f["not_answered"]))]
        for c, f in facts["cells"].items()
    ]
    print_table(columns, rows)
    cost = "" if facts.get("cost") is None else f", cost {_money(facts['cost'])}"
    print_line(f"\n{facts['answers']:,} answers in this run{cost}. All other examples keep their references.")
    if lost := {kind: facts["store"][kind] for kind in ("torn", "damaged") if facts["store"][kind]}:
        print_line(
            f"{facts['store']['folder']}: {', '.join(f'{n} {kind} line(s) dropped' for kind, n in lost.items())}"
        )
    if facts.get("adapted"):
        print_line(f"The endpoint does not accept all settings: {facts['adapted']}.")
    if facts.get("stopped"):
        print_line(f"stopped: {facts['stopped']}")
    without = {i: f"rejected: {', '.join(why)}" for f in facts["cells"].values() for i, why in f["rejected"].items()}
    without |= facts["unanswered"]
    for example, why in list(without.items())[:MAX_LISTED]:
        print_line(f"{example}: {why}")
    if len(without) > MAX_LISTED:
        print_line(f"… and {len(without) - MAX_LISTED:,} more; --json names all")


def print_agreement(rows: Sequence[Agreement], sides: Sequence[str], json: bool) -> None:
    """Print the text metrics of the first side against the second, in per cent, with 95 % intervals."""
    if json:
        from dataclasses import asdict

        return print_json({"first": sides[0], "second": sides[1], "cells": [asdict(row) for row in rows]})
    print_table(
        {"config": "left", "both": "right", "metric": "left", "agreement": "right", "95 % interval": "right"},
        [
            [row.cell if not place else "", f"{row.both:,}" if not place else "", metric, f"{100 * s.value:.2f}",
             f"{100 * s.low:.2f} to {100 * s.high:.2f}"]
            for row in rows for place, (metric, s) in enumerate(row.scores.items())
        ],
        title=f"{sides[0]} against {sides[1]}",
    )  # fmt: skip


def _sum(values: Iterator[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _money(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:,.4f}"
