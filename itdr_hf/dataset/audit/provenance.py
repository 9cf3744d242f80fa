"""Checks against the ledger: the files are those that were built, and every row left out is accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding
from itdr_hf.dataset.audit.registry import check
from itdr_hf.dataset.card import CARD
from itdr_hf.dataset.cell import BuiltCell, Step
from itdr_hf.dataset.ledger import LEDGER
from itdr_hf.dataset.shards import count_rows
from itdr_hf.records import SPLITS
from itdr_hf.runtime.hashing import hash_file

CHECK = "the-ledger-adds-up"


@check(alpaca=False)
def the_ledger_adds_up(corpus: Corpus) -> Iterator[Finding]:
    """Do the steps of every table and cell add up, and do the counts agree with the files?"""
    cells = corpus.dataset.cells
    if not cells:
        yield _no_ledger(corpus)
        return
    query = "SELECT cell, split, count(*) FROM examples GROUP BY ALL"
    found = {(cell, split): n for cell, split, n in corpus.rows(query)}
    for name, cell in cells.items():
        wrong = list(unbalanced(cell))
        counted = {split: found.get((name, split), 0) for split in SPLITS}
        if counted != dict(cell.counts):
            wrong.append(f"{counted} examples in the files, {dict(cell.counts)} in the ledger")
        for text in wrong:
            yield _breach(name, f"{text}; want both alike; build the cell again")
    for name in corpus.cells:
        if name not in cells:
            yield _breach(name, "not in the ledger; want every cell there; build it with `itdr build`")


@check(alpaca=False)
def ledger_as_written(corpus: Corpus) -> Iterator[Finding]:
    """Is the ledger the one that was written, by its own digest?"""
    if corpus.dataset.edited:
        text = f"{corpus.dataset.edited}; want it as it was built; put it back, or build into a new folder"
        yield _breach(LEDGER, text, "ledger-as-written")


@check(alpaca=False)
def files_as_built(corpus: Corpus) -> Iterator[Finding]:
    """Are the files byte for byte those that the ledger names?"""
    for name, facts in corpus.dataset.files.items():
        path = corpus.folder / name
        if not path.is_file():
            yield _breach(name, "no such file; want every file of the ledger; build the cell again", "files-as-built")
            continue
        digest = hash_file(path)
        if digest != facts.sha256:
            text = f"sha256 {digest[:12]}…; want {facts.sha256[:12]}…; build the cell again"
            yield _breach(name, text, "files-as-built")


@check(alpaca=False)
def configs_load(corpus: Corpus) -> Iterator[Finding]:
    """Has every split of every config of the card files with examples, as plain `datasets` needs them?"""
    card = corpus.folder / CARD
    if not card.is_file():
        return
    try:
        splits = list(_card_splits(card.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"its YAML cannot be read ({type(error).__name__}); want configs with data_files; build again"
        yield _breach(CARD, text, "configs-load")
        return
    for config, split, patterns in splits:
        paths = [path for pattern in patterns for path in sorted(corpus.folder.glob(pattern))]
        if not any(count_rows(path) for path in paths if path not in corpus.unsound):
            text = f"no example in {', '.join(patterns)}; want some, or `datasets` fails; build again"
            yield _breach(f"{config} {split}", text, "configs-load")


def _no_ledger(corpus: Corpus) -> Finding:
    """What a folder without a ledger is: a part of a dataset at best; one that has a card with data files was built whole."""
    try:
        built = any(_card_splits((corpus.folder / CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        built = False
    if built:
        text = f"no {LEDGER}, though {CARD} lists the files of a build; want both; put it back, or build again"
        return _breach(LEDGER, text)
    text = f"no {LEDGER}; want one, to know where the examples come from; build with `itdr build`"
    return Finding(check=CHECK, severity="warning", where=str(corpus.folder), message=text)


def _card_splits(card: str) -> Iterator[tuple[str, str, list[str]]]:
    """(config, split, patterns) of the data files that a card of ours names."""
    import yaml

    _, head, _ = card.split("---\n", 2)
    try:
        said = yaml.safe_load(head)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    for config in said.get("configs", ()):
        for files in config["data_files"]:
            paths = files["path"]
            yield config["config_name"], files["split"], [paths] if isinstance(paths, str) else paths


def unbalanced(cell: BuiltCell) -> Iterator[str]:
    """What does not add up in a cell's account: rows read and left out against kept, eligible against examples."""
    tables: dict[str, list[Step]] = {}
    for step in cell.tables:
        tables.setdefault(step.table, []).append(step)
    for table, steps in tables.items():
        yield from _difference(table, steps, "kept")
    yield from _difference("examples", cell.steps, "examples")


def _difference(name: str, steps: Sequence[Step], last: str) -> Iterator[str]:
    if last not in [step.what for step in steps]:
        return  # a file that only feeds another table
    kept = sum(step.rows for step in steps if step.what == last)
    left = sum(step.rows for step in steps if step.what != last)
    if kept != left:
        yield f"{name}: {left:,} rows after all steps, {kept:,} {last}"


def _breach(where: str, text: str, name: str = CHECK) -> Finding:
    return Finding(check=name, severity="breach", where=where, message=text)
