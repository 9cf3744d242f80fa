"""Collect the scores of baselines and recommenders on rating, ranking and next items into one file for docs/results.md.

    python docs/recommenders.py scores/*/scores.json && python docs/tables.py

Each scores.json is one of `itdr score … --out` over the rp, tkr and nir configs of one dataset folder. What several of them
have, such as chance, is taken from the first.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "measured/recommenders.json"
COLUMNS = {"RP RMSE": ("rp", "RMSE"), "TKR N@10": ("tkr", "N@10"), "TKR H@1": ("tkr", "H@1"), "TKR P@5": ("tkr", "P@5")}
COLUMNS |= {"NIR H@1": ("nir", "H@1")}
LEFT_OUT = ("copy",)  # of the baselines that `itdr score` adds by itself


def collect(paths: Sequence[Path]) -> dict[str, Any]:
    """Return dataset version, and for each system and column the value and half the width of its interval."""
    systems: dict[str, dict[str, list[float]]] = {}
    versions = set()
    for path in paths:
        found = json.loads(path.read_text(encoding="utf-8"))
        versions.add(found["dataset"]["version"])
        for row in found["figures"]:
            name = row["system"].removeprefix("baseline:")
            for column, (task, metric) in COLUMNS.items():
                fits = row["config"].startswith(f"{task}-") and row["metric"] == metric and row["value"] is not None
                if fits and row["kind"] != "paper" and name not in LEFT_OUT:
                    figure = [round(row["value"], 3), round((row["high"] - row["low"]) / 2, 3)]
                    systems.setdefault(name, {}).setdefault(column, figure)
    if len(versions) != 1:
        raise SystemExit(f"scores of dataset versions {sorted(versions)}; want one")
    return {"version": versions.pop(), "systems": systems}


if __name__ == "__main__":
    made = collect([Path(name) for name in sys.argv[1:]])
    OUT.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"{OUT}: {len(made['systems'])} systems of version {made['version']}")
