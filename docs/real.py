"""Collect the figures of `make real` into one file for docs/results.md.

python docs/real.py real/experiments/results/itdr-real/results.json && python docs/tables.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "measured/real.json"
COLUMNS = {"RP RMSE": ("rp", "RMSE"), "TKR N@10": ("tkr", "N@10"), "TKR H@1": ("tkr", "H@1"), "NIR H@1": ("nir", "H@1")}

System = dict[str, dict[str, Any]]  # column -> what is known of it


def collect(results: Mapping[str, Any]) -> dict[str, System]:
    """Return, by system and column, the value and half the width of its interval, what tuning changes, and more."""
    systems: dict[str, System] = {"chance": {}}
    for line in results["lines"]:
        for column, (task, metric) in COLUMNS.items():
            if line["config"].startswith(f"{task}-") and line["metric"] == metric:
                systems.setdefault(_named(line), {})[column] = _facts(line)
                systems["chance"].setdefault(column, {"figure": _figure(line, "chance", "chance_"), "n": line["n"]})
    return systems


def _named(line: Mapping[str, Any]) -> str:
    if line["system"].startswith("baseline:"):
        return str(line["system"]).removeprefix("baseline:")
    return f"{'tuned' if line['arm'] == 'ft' else 'untuned'}, by {line['way']}"


def _facts(line: Mapping[str, Any]) -> dict[str, Any]:
    facts = {"figure": _figure(line, "value", ""), "n": line["n"], "read": round(line["read"], 3)}
    if line["seeds"]:
        facts["seeds"] = [float(value) for value in line["seeds"].split(", ")]
    if line["change"] is not None:
        facts["change"] = _figure(line, "change", "change_")
    return facts


def _figure(line: Mapping[str, Any], name: str, side: str) -> list[float]:
    """Return a value and half the width of its interval."""
    return [round(line[name], 3), round((line[f"{side}high"] - line[f"{side}low"]) / 2, 3)]


if __name__ == "__main__":
    made = collect(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    OUT.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"{OUT}: {', '.join(made)}")
