"""RecLM's chain on a CPU with the small base, every stage killed once and resumed: `make reclm`, some minutes.

simulate → build → base → distil → dialogue → reward → refine → profile. A stage is killed with SIGKILL as soon as its
first checkpoint is whole, and the same command goes on with it. The figures are printed and kept in chain.json; the
script fails where a figure is not what the chain is there for.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from killed import kill_after_first_checkpoint

SOURCE = "movielens32m"
CELLS = ("profile", "dialogue", "reward", "inference")
SHAPE = ("--neighbours", "1", "--history", "3", "--template", "brief")
# Some profiles stay in the mix of the dialogues, or the small base forgets how a single one ends.
STAGES: dict[str, tuple[str, ...]] = {
    "distil": ("--config", f"profile-{SOURCE}", "--epochs", "1"),
    "dialogue": (
        "--config",
        f"dialogue-{SOURCE},profile-{SOURCE}",
        "--weight",
        f"profile-{SOURCE}=0.5",
        "--start",
        "distil",
        "--epochs",
        "2",
    ),
    "reward": ("--config", f"reward-{SOURCE}", "--stage", "reward", "--start", "distil", "--epochs", "3"),
    "refine": ("--config", f"reward-{SOURCE}", "--stage", "refine", "--start", "dialogue", "--reward", "reward"),
}
MORE: dict[str, tuple[str, ...]] = {
    "distil": ("--limit", "1600", "--learning-rate", "4e-3"),
    "dialogue": ("--limit", "1600", "--learning-rate", "2e-3"),
    "reward": ("--limit", "6000", "--learning-rate", "2e-3", "--eval-limit", "600"),
    "refine": (
        "--limit", "256", "--epochs", "1", "--batch", "16", "--learning-rate", "3e-4", "--answer-tokens", "48",
        "--eval-limit", "32",
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chain in a folder; what is there already is not made again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", default="16", help="of the simulated release")
    parser.add_argument("--encoder", help="of the profiles: a folder or a Hub id")
    given = parser.parse_args(arguments)
    chain = Chain(given.folder, given.scale)
    figures = chain.run(given.encoder)
    (given.folder / "chain.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))
    check(figures)


class Chain:
    """The commands of the chain, each with its seconds and those of the processor."""

    def __init__(self, folder: Path, scale: str) -> None:
        self.folder, self.scale, self.spent = folder, scale, dict[str, list[float]]()
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, encoder: str | None) -> dict[str, Any]:
        """Run what is not there yet; return the figures."""
        data, configs = "reclm", ",".join(f"{cell}-{SOURCE}" for cell in CELLS)
        simulate = ("simulate", "raw", "--source", SOURCE, "--scale", self.scale)
        self.make("simulate", "raw/ml-32m", *simulate)
        build = ("build", "--raw", "raw", "--out", data, "--family", "reclm", "--config", configs)
        self.make("build", f"{data}/ledger.json", *build, "--num-examples", "6000", *SHAPE)
        self.make_base(data)
        facts = {stage: self.train(data, stage) for stage in STAGES}
        before = self.ask(data, "dialogue", "profiles-before")
        after = self.ask(data, "refine", "profiles", *(("--encoder", encoder) if encoder else ()))
        profiles = {"profiles before refinement": before, "profiles": after}
        return {"seconds, of the processor": self.spent, **summary(facts), **profiles}

    def ask(self, data: str, adapter: str, out: str, *more: str) -> dict[str, Any]:
        """Ask a stage for profiles; return the figures of each side, how many of the texts differ among them."""
        words = ("profile", data, "--raw", "raw", "--model", "base", "--adapter", adapter, "--out", out)
        self.make(out, f"{out}/report.json", *words, "--config", f"inference-{SOURCE}", "--limit", "100", *more)
        sides: dict[str, Any] = json.loads((self.folder / out / "report.json").read_text())["sides"]
        return sides

    def make(self, name: str, made: str, *words: str) -> None:
        """Run a command unless its file is there."""
        if not (self.folder / made).exists():
            self.timed(name, lambda: subprocess.run(itdr(*words), cwd=self.folder, check=True))

    def make_base(self, data: str) -> None:
        """Make the base, which has read prompts and, apart from them, answers."""
        words = ["-m", "itdr_hf.models.train.tiny", data, "base", "--layers", "3", "--epochs", "2"]
        words += ["--config", f"inference-{SOURCE}"]
        if not (self.folder / "base/tiny.json").exists():
            run = [sys.executable, *words]
            self.timed("base", lambda: subprocess.run(run, cwd=self.folder, check=True))

    def train(self, data: str, stage: str) -> dict[str, Any]:
        """Train a stage, killed after its first checkpoint and resumed; return its recipe.json."""
        words = itdr("train", data, "--preset", "tiny", "--model", "base", *STAGES[stage], *MORE[stage])
        words += ["--output", stage]
        if not (self.folder / stage / "recipe.json").exists():
            self.timed(f"{stage}, killed", lambda: self.kill(words, stage))
            self.timed(f"{stage}, resumed", lambda: subprocess.run(words, cwd=self.folder, check=True))
        facts: dict[str, Any] = json.loads((self.folder / stage / "recipe.json").read_text())
        return facts

    def kill(self, words: list[str], stage: str) -> None:
        """Start a command and kill it when its first checkpoint is whole."""
        checkpoints = self.folder / f"{stage}.checkpoints"
        kill_after_first_checkpoint(words, checkpoints, seconds=float("inf"), cwd=self.folder)
        print(f"{stage}: killed", flush=True)

    def timed(self, name: str, work: Callable[[], object]) -> None:
        """Do something and keep its seconds, and the processor's."""
        before, began = processor(), time.monotonic()
        work()
        self.spent[name] = [round(time.monotonic() - began, 1), round(processor() - before, 1)]


def itdr(*words: str) -> list[str]:
    return [sys.executable, "-m", "itdr_hf", *words]


def processor() -> float:
    """Return the processor seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summary(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of each stage."""
    results = {stage: found["results"] for stage, found in facts.items()}
    told: dict[str, Any] = {
        stage: {"loss": [results[stage]["loss"][0][1], results[stage]["loss"][-1][1]], "turns": facts[stage]["data"]["train"]["turns"],
                "validation loss": results[stage]["validation_loss"][-1][1], "resumed": results[stage]["resumed"]}
        for stage in ("distil", "dialogue")
    }  # fmt: skip
    reward, held_out = results["reward"], results["refine"]["rewards"]["validation"]
    told["reward"] = {
        "held-out pairs in the right order": reward["validation_accuracy"][-1][1], "resumed": reward["resumed"]
    }  # fmt: skip
    told["refine"] = {"before": held_out[0], "after": held_out[-1], "resumed": results["refine"]["resumed"]}
    return told


def check(figures: dict[str, Any]) -> None:
    """Fail where a stage does not do what it is there for."""
    wrong = [stage for stage in STAGES if not figures[stage]["resumed"]]
    wrong += [
        f"{stage} loss" for stage in ("distil", "dialogue") if figures[stage]["loss"][0] <= figures[stage]["loss"][1]
    ]
    wrong += ["reward accuracy"] if figures["reward"]["held-out pairs in the right order"] <= 0.9 else []
    refine = figures["refine"]
    wrong += ["learned reward"] if refine["after"]["reward"] <= refine["before"]["reward"] else []
    if wrong:
        raise SystemExit(f"not as it should be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
