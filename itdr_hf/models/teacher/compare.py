"""How far two teachers agree: the text metrics of one's references against the other's, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.dataset.ledger import LEDGER
from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Interval, intervals
from itdr_hf.metrics.text import text_samples
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.selection import Selection, judged
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer

ALL = "all"  # the row over all cells


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The first side's references scored against the second's, on the examples of one cell that both have."""

    cell: str
    examples: int
    both: int
    scores: Mapping[str, Interval]  # metric -> interval, from 0 to 1


def compare(selection: Selection, store: Store, first: str, second: str, seed: int = 0) -> list[Agreement]:
    """Return the agreement of two sides, cell by cell and over all.

    A side is a model whose answers are in the store (whatever endpoint and parameters they came with), or a
    dataset folder, whose references are taken as they stand. ROUGE is the same either way round, BLEU is not.
    Raises UsageError when they have no example in common.
    """
    sides = [_side(selection, store, name) for name in (first, second)]
    pairs = {
        cell: [(sides[0][i], sides[1][i]) for i in ids if i in sides[0] and i in sides[1]]
        for cell, ids in _ids(selection).items()
    }
    if not any(pairs.values()):
        have = f"{len(sides[0]):,} of {first} and {len(sides[1]):,} of {second}"
        raise UsageError(f"--compare: {have}, none of the same example; want references of both; annotate with each")
    rows = [_agreement(cell, selection.counts[cell], found, seed) for cell, found in pairs.items() if found]
    if len(rows) > 1:
        rows.append(_agreement(ALL, sum(selection.counts.values()), [p for f in pairs.values() for p in f], seed))
    return rows


def _agreement(cell: str, examples: int, pairs: list[tuple[str, str]], seed: int) -> Agreement:
    samples = text_samples([a for a, _ in pairs], [b for _, b in pairs])
    found = intervals(list(samples.values()), seed=seed, stream=cell)
    return Agreement(cell=cell, examples=examples, both=len(pairs), scores=dict(zip(samples, found, strict=True)))


def _ids(selection: Selection) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {cell: [] for cell in selection.counts}
    for wanted in selection:
        ids[wanted.cell].append(wanted.id)
    return ids


def _side(selection: Selection, store: Store, name: str) -> dict[str, str]:
    """Return example -> reference."""
    if (Path(name) / LEDGER).is_file():
        return dict(_of_folder(opened(Path(name)), selection))
    answers = _by_message(store, name)
    if not answers:
        models = sorted({ask.model for ask, _ in store.records()})
        raise UsageError(
            f"--compare: no answer of {name!r} in {store.folder}; have: {', '.join(models) or 'none'}; "
            "want one of them or a dataset folder"
        )
    return dict(_of_model(selection, answers))


def _of_folder(dataset: Dataset, selection: Selection) -> Iterator[tuple[str, str]]:
    for cell in selection.counts:
        for split in selection.splits:
            yield from ((row["id"], row["output"]) for row in dataset.rows(cell, split, ["id", "output"]))


def _by_message(store: Store, model: str) -> dict[str, list[Reply]]:
    """Return a model's answers by what it was told, in the order they came."""
    answers: dict[str, list[Reply]] = {}
    for ask, reply in store.records():
        if ask.model == model:
            answers.setdefault(_told(ask), []).append(reply)
    return answers


def _of_model(selection: Selection, answers: Mapping[str, list[Reply]]) -> Iterator[tuple[str, str]]:
    """Yield the first accepted answer for each example, asked for as text or as JSON."""
    for wanted in selection:
        for as_json in (False, True):
            writer = Writer(endpoint="", model="", mode="json" if as_json else "plain")
            told = _told(writer.ask(wanted.taught.teacher, wanted.input))
            judgements = (judged(reply, wanted.taught, wanted.input, as_json) for reply in answers.get(told, ()))
            said = next((text for fault, text in judgements if fault is None), None)
            if said is not None:
                yield wanted.id, said
                break


def _told(ask: Ask) -> str:
    """Return the same for the same messages, whoever is asked and with which parameters."""
    return Ask(endpoint="", model="", messages=ask.messages, parameters={}).key
