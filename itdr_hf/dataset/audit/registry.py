"""The registry of checks, and the walk over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from itdr_hf.dataset.audit.corpus import Corpus, open_corpus
from itdr_hf.dataset.audit.findings import Finding, Report
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import unknown
from itdr_hf.runtime.progress import OnProgress, each, ignore

Run = Callable[[Corpus], Iterator[Finding]]
MODULES = (
    "shape",
    "example_ids",
    "privacy",
    "leaks",
    "candidates",
    "players",
    "queries",
    "answers",
    "provenance",
)  # in the order of the report


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: its id (the function's name, with hyphens), what it asks, and the function."""

    id: str
    asks: str
    run: Run
    layouts: tuple[str, ...]  # which it can look at: ours (itdr), the authors' files (alpaca)


CHECKS: dict[str, Check] = {}


def check(*, ours: bool = True, alpaca: bool = True) -> Callable[[Run], Run]:
    """Register a function as a check; the first line of its docstring says what it asks."""

    def register(run: Run) -> Run:
        layouts = (*(["itdr"] if ours else []), *(["alpaca"] if alpaca else []))
        name = run.__name__.replace("_", "-")
        CHECKS[name] = Check(id=name, asks=(run.__doc__ or "").splitlines()[0], run=run, layouts=layouts)
        return run

    return register


def load_checks() -> dict[str, Check]:
    """All checks, in the order of their modules."""
    modules = [import_module(f"itdr_hf.dataset.audit.{name}").__name__ for name in MODULES]
    own = [c.run.__module__ for c in CHECKS.values() if c.run.__module__ not in modules]
    return dict(sorted(CHECKS.items(), key=lambda pair: [*modules, *own].index(pair[1].run.__module__)))


def audit(
    folder: Dataset | Path | str,
    *,
    only: Iterable[str] | None = None,
    memory_limit: str | None = None,
    progress: OnProgress = ignore,
) -> Report:
    """Run the checks over a dataset folder, or over a folder of the authors' Alpaca files.

    A ledger that was edited is a finding, not an error. Raises UsageError for a folder that is neither, and for an unknown check.
    """
    checks = load_checks()
    for name in only or ():
        if name not in checks:
            raise unknown("check", name, checks)
    started = time.monotonic()
    dataset = folder if isinstance(folder, Dataset) else Dataset.open(folder, lenient=True)
    with open_corpus(dataset, memory_limit=memory_limit, progress=progress) as corpus:
        chosen = [c for c in checks.values() if corpus.layout in c.layouts and (only is None or c.id in set(only))]
        findings: list[Finding] = []
        for name in each("auditing", [c.id for c in chosen], progress):
            findings += _run(checks[name], corpus)
        return Report(
            folder=str(dataset.folder),
            layout=corpus.layout,
            cells=corpus.cells,
            examples=corpus.value("SELECT count(*) FROM examples"),
            checks=[c.id for c in chosen],
            findings=findings,
            seconds=round(time.monotonic() - started, 2),
        )


def _run(one: Check, corpus: Corpus) -> list[Finding]:
    """The findings of a check; data damaged inside a file is one of them, and the checks after it still run."""
    import duckdb
    import pyarrow as pa

    try:
        return list(one.run(corpus))
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        said = str(error).strip().partition("\n")[0]
        text = f"could not be done: {said}; want files that can be read to their end; build the cells again"
        return [Finding(check=one.id, severity="breach", where=str(corpus.folder), message=text)]
