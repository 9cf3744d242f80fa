"""The registry of checks, and the walk over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from itdr_hf.audit.corpus import Corpus, open_corpus
from itdr_hf.audit.findings import Finding, Report
from itdr_hf.errors import unknown

Run = Callable[[Corpus], Iterator[Finding]]
MODULES = ("shape", "people", "leaks", "candidates", "answers", "provenance")  # in the order of the report


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: its id (the function's name, with hyphens), what it asks, and the function."""

    id: str
    asks: str
    run: Run
    alpaca: bool  # can it look at the authors' files too


CHECKS: dict[str, Check] = {}


def check(*, alpaca: bool = True) -> Callable[[Run], Run]:
    """Register a function as a check; the first line of its docstring says what it asks."""

    def register(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        CHECKS[name] = Check(id=name, asks=(run.__doc__ or "").splitlines()[0], run=run, alpaca=alpaca)
        return run

    return register


def load_checks() -> dict[str, Check]:
    """All checks, in the order of their modules."""
    modules = [import_module(f"itdr_hf.audit.{name}").__name__ for name in MODULES]
    own = [c.run.__module__ for c in CHECKS.values() if c.run.__module__ not in modules]
    return dict(sorted(CHECKS.items(), key=lambda pair: [*modules, *own].index(pair[1].run.__module__)))


def audit(
    folder: Path,
    *,
    only: Iterable[str] | None = None,
    memory_limit: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """Run the checks over a dataset folder, or over a folder of the authors' Alpaca files.

    Raises UsageError for a folder that is neither, and for an unknown check.
    """
    checks = load_checks()
    for name in only or ():
        if name not in checks:
            raise unknown("check", name, checks)
    started = time.monotonic()
    with open_corpus(folder, memory_limit=memory_limit, say=say) as corpus:
        ours = corpus.layout == "itdr"
        chosen = [c for c in checks.values() if (ours or c.alpaca) and (only is None or c.id in set(only))]
        findings: list[Finding] = []
        for number, one in enumerate(chosen, 1):
            say(f"{number} of {len(chosen)}: {one.id}")
            findings += list(one.run(corpus))
        return Report(
            folder=str(folder),
            layout=corpus.layout,
            cells=corpus.cells,
            examples=corpus.value("SELECT count(*) FROM examples"),
            checks=[c.id for c in chosen],
            findings=findings,
            seconds=round(time.monotonic() - started, 2),
        )
