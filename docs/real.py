"""Collect the figures of `make real` for docs/results.md: `python docs/real.py real/experiments/scores`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

OUT = Path(__file__).parent / "measured/real.json"
COLUMNS = {("tkr", "N@10"): "TKR N@10", ("tkr", "H@1"): "TKR H@1", ("nir", "H@1"): "NIR H@1"}


def collect(scores: Path) -> dict[str, dict[str, list[float]]]:
    """Return system -> column -> value and half the width of its interval, of every score file below a folder."""
    found: dict[str, dict[str, list[float]]] = {}
    for path in sorted(scores.rglob("scores.json")):
        name = "/".join(path.parent.relative_to(scores).parts)
        for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]:
            column = COLUMNS.get((figure["config"].partition("-")[0], figure["metric"]))
            if figure["kind"] == "ours" and "-" in figure["config"] and column:
                half = (figure["high"] - figure["low"]) / 2
                found.setdefault(name, {})[column] = [round(figure["value"], 3), round(half, 3)]
    return found


if __name__ == "__main__":
    systems = collect(Path(sys.argv[1]))
    OUT.write_text(json.dumps(systems, indent=1) + "\n", encoding="utf-8")
    print(f"{OUT}: {', '.join(systems)}")
