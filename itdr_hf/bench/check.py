"""Whether anything became slower: `python -m itdr_hf.bench.check`, or `make bench-check`.

Each part of the work is measured next to a yardstick for the same work in the same run: processor time, the quickest of a
few rounds in turn, so that a loaded machine slows both. A ratio more than 25 % above that in ratios.json fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from itdr_hf.bench.run import FOUR, best_of, movielens_at
from itdr_hf.runtime.progress import OnProgress, ignore

KEPT = Path(__file__).with_name("ratios.json")
ALLOWED = 1.25  # of the ratio that is kept
RATINGS, EXAMPLES, ANSWERS = 300_000, 20_000, 4_000
PAIRS = {  # what is measured -> the two programs, of which the second is the yardstick
    "build": ("build", "pandas"),
    "render": ("render", "plain_texts"),
    "score": ("our_reading", "plain_reading"),
    "ranking": ("our_ranking", "plain_ranking"),
}


def measure(work: Path, *, rounds: int = 3, progress: OnProgress = ignore) -> dict[str, float]:
    """Return each ratio; likelihood only where torch and transformers are installed."""
    measured = movielens_at(work, RATINGS, progress)
    raw, own = str(measured.raw), str(work / "ours")
    four = [f"{task}-{measured.source}" for task in FOUR]
    jobs: dict[str, tuple[str, dict[str, Any]]] = {
        "build": ("build", {"raw": raw, "work": own, "configs": four, "memory": "1GB"}),
        "pandas": ("script", {"raw": raw, "work": own, "examples": 6_250}),
        "render": ("render", {"raw": raw, "work": str(work / "rendered"), "config": f"tkr-{measured.source}", "examples": EXAMPLES, "memory": "1GB"}),
        "plain_texts": ("yardstick", {"name": "plain_texts", "arguments": [EXAMPLES]}),
        "our_reading": ("yardstick", {"name": "our_reading", "arguments": [ANSWERS]}),
        "plain_reading": ("yardstick", {"name": "plain_reading", "arguments": [ANSWERS]}),
        "our_ranking": ("yardstick", {"name": "our_ranking", "arguments": []}),
        "plain_ranking": ("yardstick", {"name": "plain_ranking", "arguments": []}),
    }  # fmt: skip
    found = best_of(jobs, rounds, progress, "", by="cpu")
    ratios = {name: _ratio(found[ours], found[other]) for name, (ours, other) in PAIRS.items()}
    if find_spec("torch") and find_spec("transformers"):
        measured = best_of({"likelihood": ("likelihood", {})}, 1, progress, "")["likelihood"]["ratios"]
        ratios["likelihood"] = round(1 / float(measured["times faster"]), 3)
    return ratios


def slower(found: Mapping[str, float], kept: Mapping[str, float]) -> list[str]:
    """Return a sentence for each ratio that is too far above the one that is kept."""
    return [
        f"{name}: {found[name]:.3f} times its yardstick; want at most {kept[name] * ALLOWED:.3f}, {ALLOWED - 1:.0%} more than "
        f"the {kept[name]:.3f} in ratios.json; make it as quick as it was, or keep the new ratio with --write and say why"
        for name in kept
        if name in found and found[name] > kept[name] * ALLOWED
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print each ratio next to the one that is kept, and return 1 if one is too high."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the ratios of this run")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="itdr-") as work:
        found = measure(Path(work), rounds=given.rounds)
    for name in [*PAIRS, "likelihood"]:
        print(f"{name:12} {found.get(name, 'not measured: needs torch and transformers')!s:8} kept {kept.get(name)}")
    if given.write:
        KEPT.write_text(json.dumps({**kept, **found}, indent=1) + "\n", encoding="utf-8")
        return 0
    for sentence in (faults := slower(found, kept)):
        print(sentence, file=sys.stderr)
    return int(bool(faults))


def _ratio(ours: Mapping[str, Any], yardstick: Mapping[str, Any]) -> float:
    return round(float(ours["cpu"]) / max(float(yardstick["cpu"]), 1e-9), 3)


if __name__ == "__main__":
    sys.exit(main())
