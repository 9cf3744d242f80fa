"""A real model through the whole path, small: `make real-path`, minutes.

simulate → build → train (a few steps) → predict → score → push the adapter to a Hub on this machine → predict with the
adapter of that Hub. The answers must be the same, and other than the untuned model's; the script fails where they are not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from hubserver import WRITE, Hub

from itdr_hf.models.predict.predictions import Predictions, read_predictions

BASE_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
CELLS = "nir-movielens32m,rp-movielens32m"
REPO = "org/smollm2-itdr"
DATA = ("--num-examples", "60", "--history", "5", "--negatives", "3")
STEPS = (
    "--limit",
    "8",
    "--epochs",
    "1",
    "--batch",
    "2",
    "--accumulation",
    "1",
    "--learning-rate",
    "1e-3",
    "--eval-limit",
    "0",
)
SAVED = ("--precision", "bf16", "--no-gradient-checkpointing", "--max-length", "1024", "--base-id", BASE_ID)
ASKED = ("--limit", "6", "--max-tokens", "24", "--dtype", "bfloat16")


def main() -> None:
    """Run the path in a folder; the base is one that `itdr_hf.models.from_gguf` wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with Hub(given.folder / "hub") as hub:
        place = {
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": WRITE,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(given.folder / "cache"),
        }
        walk(given.folder, str(given.base.resolve()), {**os.environ, **place})


def walk(folder: Path, base: str, place: dict[str, str]) -> None:
    """Run every command, then compare the answers."""

    def itdr(*words: str) -> None:
        print(f"$ itdr {' '.join(words)}", flush=True)
        subprocess.run([sys.executable, "-m", "itdr_hf", *words], cwd=folder, env=place, check=True)

    itdr("simulate", "raw", "--source", "movielens32m", "--scale", "0.05")
    itdr("build", "--raw", "raw", "--out", "data", "--config", CELLS, *DATA)
    itdr("train", "data", "--model", base, "--output", "adapter", *STEPS, *SAVED)
    ask = ("predict", "data", "--model", base, *ASKED)
    itdr(*ask, "--out", "untuned.parquet")
    itdr(*ask, "--adapter", "adapter", "--out", "tuned.parquet")
    itdr(
        "score",
        "tuned.parquet",
        "data",
        "--against",
        "untuned.parquet",
        "--partial",
        "--replicates",
        "100",
        "--out",
        "scores",
    )
    published = (
        "--repo-id",
        REPO,
        "--dataset-id",
        "org/itdr",
        "--scores",
        "scores/scores.json",
        "--licence",
        "apache-2.0",
    )
    itdr("push-adapter", "adapter", *published)
    itdr(*ask, "--adapter", REPO, "--out", "from-the-hub.parquet")
    compare(*(read_predictions(folder / f"{name}.parquet") for name in ("untuned", "tuned", "from-the-hub")))


def compare(untuned: Predictions, tuned: Predictions, published: Predictions) -> None:
    """Fail unless the published adapter answers as the local one, and otherwise than no adapter."""
    answers = [{name: row.text for name, row in one.rows.items()} for one in (untuned, tuned, published)]
    contents = [one.run.settings["adapter_content"] for one in (tuned, published)]
    if answers[1] != answers[2] or contents[0] != contents[1]:
        raise SystemExit("the adapter of the Hub answers otherwise than the one in the folder")
    if answers[0] == answers[1]:
        raise SystemExit("the tuned model answers as the untuned one")
    changed = sum(text != answers[0][name] for name, text in answers[1].items())
    print(f"{len(answers[1])} answers, {changed} of them changed by tuning: the same from the folder and from the Hub")


if __name__ == "__main__":
    main()
