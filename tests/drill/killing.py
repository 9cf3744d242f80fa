"""Kill -9 at random moments: what is there afterwards is the old or the new, and the next run ends in the same bytes."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

State = Mapping[str, str]  # path -> sha256
ROOT = Path(__file__).parents[2]


@dataclass(kw_only=True)
class Drill:
    """A command to be killed: `argv(work)` is its arguments after `python`, `state(work)` what it leaves.

    `start` is a folder copied to every `work`; `sound(work, whole)` says what is wrong after a kill, given the state
    of a run that was not disturbed.
    """

    name: str
    argv: Callable[[Path], list[str]]
    state: Callable[[Path], State]
    sound: Callable[[Path, State], str] = lambda work, whole: ""
    start: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    fresh: Callable[[Path], None] = lambda work: None  # called for every new work folder
    until: Callable[[Path], bool] | None = None  # what a kill waits for, instead of a random moment
    early: list[float] = field(default_factory=list)  # when each kill came, as a share of the whole time
    alive: int = 0  # kills that came while the command ran
    left: Counter[str] = field(default_factory=Counter)  # what the kills that came while it ran have left

    def run(self, times: int, folder: Path, seed: int = 0) -> None:
        """Run it whole, then kill it so many times, each on a new copy and followed by a run that ends."""
        rng = random.Random(f"{self.name}|{seed}")
        work = self._new(folder / "whole")
        started = time.monotonic()
        self._finish(work)
        whole, seconds = self.state(work), time.monotonic() - started
        assert whole, f"{self.name}: nothing was made"
        for number in range(times):
            work = self._new(folder / str(number))
            old = self._there(work)
            moment, begun = rng.uniform(0.1, 1.0) * seconds, time.monotonic()
            process = self._begin(work)
            while process.poll() is None and not (
                self.until(work) if self.until else time.monotonic() > begun + moment
            ):
                time.sleep(0.005)
            alive, moment = process.poll() is None, time.monotonic() - begun
            with suppress(ProcessLookupError):  # it was quicker than before
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.early.append(moment / seconds)
            self.alive += alive
            if alive:
                now = self._there(work)
                self.left["old" if now == old else "new" if now == whole else "some files new, each whole"] += 1
            wrong = self.sound(work, whole)
            assert not wrong, f"{self.name}, killed at {moment:.2f} of {seconds:.2f} s ({work}): {wrong}"
            self._finish(work)
            again = self.state(work)
            assert again == whole, f"{self.name}, killed at {moment:.2f} s ({work}): {_difference(whole, again)}"
            left = [p.name for p in work.rglob(".*") if _is_draft(p)]
            assert not left, f"{self.name}, killed at {moment:.2f} s ({work}): left {left}"
            shutil.rmtree(work)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.left.items()))
        print(f"{self.name}: {times} kills, {self.alive} while it ran: {kinds or 'none'}", flush=True)

    def _there(self, work: Path) -> State:
        """Return the state of what is there, which may be nothing yet."""
        with suppress(FileNotFoundError, LookupError):
            return self.state(work)
        return {}

    def _new(self, work: Path) -> Path:
        shutil.copytree(self.start, work) if self.start else work.mkdir(parents=True)
        self.fresh(work)
        return work

    def _begin(self, work: Path) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **self.env}
        environment |= {"ITDR_CACHE": str(work / "cache")}
        command = [sys.executable, *self.argv(work)]
        return subprocess.Popen(
            command,
            cwd=work,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _finish(self, work: Path) -> None:
        process = self._begin(work)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, f"{self.name} ({work}): {said.decode()[-2000:]}"


def tree(folder: Path, *, without: tuple[str, ...] = ()) -> State:
    """Every file of a folder that is no dotfile, by its sha256."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    named = {p.relative_to(folder).as_posix(): p for p in paths}
    seen = {
        n: p for n, p in named.items() if not any(part.startswith(".") for part in Path(n).parts) and n not in without
    }
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in seen.items()}


def old_or_new(folder: Path, whole: State, old: State | None = None) -> str:
    """Every file that has its own name is whole: as before, or as it will be."""
    for name, digest in tree(folder).items():
        if digest not in (whole.get(name), (old or {}).get(name)):
            return f"{name} is neither the old nor the new"
    return ""


def _is_draft(path: Path) -> bool:
    """A hidden folder, or a hidden file of some size: small notes that lost their rename are no harm."""
    if path.name in (".downloads", ".claims", ".steps"):
        return False
    return path.is_dir() or path.stat().st_size > 100_000


def _difference(one: State, other: State) -> str:
    names = {name for name in {*one, *other} if one.get(name) != other.get(name)}
    return f"not the same: {sorted(names)[:5]}"
