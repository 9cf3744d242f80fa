"""Checks against the ledger: the files are those that were built, and every row left out is accounted for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding
from itdr_hf.dataset.audit.registry import check
from itdr_hf.records import SPLITS

CHECK = "the-ledger-adds-up"


@check(alpaca=False)
def the_ledger_adds_up(corpus: Corpus) -> Iterator[Finding]:
    """Do the steps of every table and cell add up, and do the counts agree with the files?"""
    if not corpus.ledger["cells"]:
        text = "no ledger.json; want one, to know where the examples come from; build with `itdr build`"
        yield Finding(check=CHECK, severity="warning", where=str(corpus.folder), message=text)
        return
    query = "SELECT cell, split, count(*) FROM examples GROUP BY ALL"
    found = {(cell, split): n for cell, split, n in corpus.rows(query)}
    for cell, entry in corpus.ledger["cells"].items():
        wrong = list(unbalanced(entry))
        counted = {split: found.get((cell, split), 0) for split in SPLITS}
        if counted != dict(entry["counts"]):
            wrong.append(f"{counted} examples in the files, {dict(entry['counts'])} in the ledger")
        for text in wrong:
            yield _breach(cell, f"{text}; want both alike; build the cell again")
    for cell in corpus.cells:
        if cell not in corpus.ledger["cells"]:
            yield _breach(cell, "not in the ledger; want every cell there; build it with `itdr build`")


@check(alpaca=False)
def files_as_built(corpus: Corpus) -> Iterator[Finding]:
    """Are the files byte for byte those that the ledger names?"""
    for name, facts in corpus.ledger["files"].items():
        path = corpus.folder / name
        if not path.is_file():
            yield _breach(name, "no such file; want every file of the ledger; build the cell again", "files-as-built")
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != facts["sha256"]:
            text = f"sha256 {digest[:12]}…; want {facts['sha256'][:12]}…; build the cell again"
            yield _breach(name, text, "files-as-built")


def unbalanced(entry: Mapping[str, Any]) -> Iterator[str]:
    """What does not add up in a ledger's cell: rows read and left out against kept, eligible against examples."""
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for step in entry["tables"]:
        tables.setdefault(step["table"], []).append(step)
    for table, steps in tables.items():
        yield from _difference(table, steps, "kept")
    yield from _difference("examples", entry["rows"], "examples")


def _difference(name: str, steps: Sequence[Mapping[str, Any]], last: str) -> Iterator[str]:
    if last not in [step["what"] for step in steps]:
        return  # a file that only feeds another table
    kept = sum(step["rows"] for step in steps if step["what"] == last)
    left = sum(step["rows"] for step in steps if step["what"] != last)
    if kept != left:
        yield f"{name}: {left:,} rows after all steps, {kept:,} {last}"


def _breach(where: str, text: str, name: str = CHECK) -> Finding:
    return Finding(check=name, severity="breach", where=where, message=text)
