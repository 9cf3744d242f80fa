"""`python -m drill.mutate --count 10000 --out FOLDER`: spoil releases by the thousand and judge each reading.

Prints what became of them, keeps every input that was read wrongly in FOLDER, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from drill.bases import Base, Spoilable, bases
from drill.mutations import MUTATIONS, ten_megabytes
from drill.reading import alive, judge
from itdr_hf.runtime.duckdb_engine import open_duckdb

SLOW = 20.0  # seconds; a reading that takes longer counts as a hang
HANG = 120.0  # seconds; after this the process is ended with a stack dump
TEN_MEGABYTES_EVERY = 200


def cases(numbers: Iterable[int], seed: int = 0) -> Iterator[tuple[int, Base, Spoilable, str, bytes]]:
    """Number, release, file, mutation and content of each input: the layouts in turn, so that all get their share."""
    all_bases, names = bases(), list(MUTATIONS)
    for number in numbers:
        rng = random.Random(f"{seed}|{number}")
        base = all_bases[number % len(all_bases)]
        file = rng.choice(base.files)
        name = rng.choice(names)
        if number % TEN_MEGABYTES_EVERY == TEN_MEGABYTES_EVERY - 1:
            yield number, base, file, "ten_megabytes", ten_megabytes(file.content, file.format, rng)
            continue
        content = MUTATIONS[name](file.content, file.format, rng)
        for _ in range(rng.choice((0, 0, 0, 1, 3))):  # misfortunes do not come alone
            name += "+" + (more := rng.choice(names))
            content = MUTATIONS[more](content, file.format, rng) if len(content) > 40 else content
        yield number, base, file, name, content


def run(
    count: int, out: Path, *, seed: int = 0, only: int | None = None, every: int = 1, part: int = 0
) -> Counter[str]:
    """Judge `count` inputs; what is wrong is printed and kept."""
    tally: Counter[str] = Counter()
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened, tempfile.TemporaryDirectory() as folder:
        engine = opened.enter_context(open_duckdb(threads=1))
        for number, base, file, name, content in cases(range(part, count, every) if only is None else [only], seed):
            if not alive(engine):
                engine = opened.enter_context(open_duckdb(threads=1))
            faulthandler.dump_traceback_later(HANG, exit=True)
            started = time.monotonic()
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                verdict = judge(base, file, content, engine, Path(folder))
            seconds = time.monotonic() - started
            faulthandler.cancel_dump_traceback_later()
            noise = [str(w.message) for w in said if not issubclass(w.category, DeprecationWarning)]
            wrong = (
                verdict.wrong or (seconds > SLOW and f"took {seconds:.0f} s") or (noise and f"warned: {noise[0]}") or ""
            )
            tally[f"{base.source}: {'WRONG' if wrong else verdict.outcome}"] += 1
            if wrong or only is not None:
                print(
                    f"#{number} {base.name} {file.path} {name}: {verdict.outcome}: {wrong or verdict.message}",
                    flush=True,
                )
                (out / f"{number}-{Path(file.path).name}").write_bytes(content)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "itdr-drill")
    given = parser.parse_args()
    started = time.monotonic()
    tally = run(given.count, given.out, seed=given.seed, only=given.only, every=given.every, part=given.part)
    for line, n in sorted(tally.items()):
        print(f"{line:32} {n:7,}")
    wrong = sum(n for line, n in tally.items() if line.endswith("WRONG"))
    print(f"{sum(tally.values()):,} inputs, {wrong:,} read wrongly, {time.monotonic() - started:,.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
