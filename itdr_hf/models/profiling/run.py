"""Ask a model for the profile of every user and item, and write them as a table that `itdr recommend` reads.

answers.parquet   what the model said, kept one by one: a run that was stopped goes on
profiles.parquet  side, id, text, identities, interests, parsed [, vector]
report.json       who answered, figures of each side beside those of the references, the encoder
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.models.predict.run import Made, System, predict_into
from itdr_hf.models.profiling.measures import figures
from itdr_hf.models.profiling.subjects import Key, Subjects, read_subjects
from itdr_hf.records import SPLITS
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.tasks.reclm.rules import read_profile

if TYPE_CHECKING:
    from itdr_hf.models.profiling.encoder import Encoder

ANSWERS, PROFILES, REPORT = "answers.parquet", "profiles.parquet", "report.json"


@dataclass(frozen=True, kw_only=True)
class Profiling:
    """What came of it: what was asked, and the content of report.json, empty while answers are missing."""

    made: Made
    report: Mapping[str, Any]


def profile_into(
    out: Path,
    dataset: Dataset,
    system: System,
    settings: Settings,
    *,
    configs: Iterable[str] | None = None,
    limit: int | None = None,
    encoder: Encoder | None = None,
    salt: str | None = None,
    progress: OnProgress = ignore,
) -> Profiling:
    """Ask for the profiles of the cells that have a prompt for every user or item, of one source, and write them.

    Raises UsageError where there is no such cell or they are of several sources, and what `predict_into` and
    `read_subjects` raise; answers are kept.
    """
    names = _cells(dataset, configs)
    subjects = {name: read_subjects(dataset, name, settings, salt=salt) for name in names}
    questions = [q for split in SPLITS for q in _questions(dataset, names, split, limit)]
    made = predict_into(out / ANSWERS, questions, system, progress)
    if made.missing:
        return Profiling(made=made, report={})
    answers = read_predictions(out / ANSWERS)
    answered = {name: _by_key(questions, name, subjects[name], lambda q: answers.rows[q.id].text) for name in names}
    rows = _rows(answered, subjects, bool(dataset.cell(names[0]).source.domains))
    if encoder:
        vectors = encoder.vectors([row["text"] for row in rows], progress=progress)
        rows = [{**row, "vector": vector} for row, vector in zip(rows, vectors, strict=True)]
    _write_table(out / PROFILES, rows, vectors=encoder is not None)
    report = {
        "run": asdict(answers.run),
        "cells": {name: dataset.cells[name].content for name in names},
        "sides": {subjects[name].side: _compared(dataset, name, answered[name], subjects[name]) for name in names},
        "encoder": {"revision": encoder.revision, "width": len(rows[0]["vector"])} if encoder else None,
    }
    write_atomically(out / REPORT, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return Profiling(made=made, report=report)


def _cells(dataset: Dataset, configs: Iterable[str] | None) -> list[str]:
    names = [name for name in dataset.cells if dataset.cell(name).task.profiles]
    if configs is not None:
        chosen = dataset.select(configs, SPLITS[0])
        if stray := [name for name in chosen if name not in names]:
            raise UsageError(
                f"{stray[0]}: does not ask for every profile; want {', '.join(names) or 'a family that does'}"
            )
        names = chosen
    sources = {dataset.cells[name].source for name in names}
    if len(sources) != 1:
        found = f"cells of {', '.join(sorted(sources))}" if sources else "no cell that asks for every user or item"
        raise UsageError(
            f"{dataset.folder}: {found}; want those of one source, such as inference-mind and itemprofile-mind; "
            "choose them with --config, or build them"
        )
    return names


def _questions(dataset: Dataset, names: Sequence[str], split: str, limit: int | None) -> list[Question]:
    return read_questions(dataset, [name for name in names if dataset.cells[name].counts.get(split)], split, limit)


def _by_key(questions: Sequence[Question], name: str, subjects: Subjects, text: Any) -> dict[Key, str]:
    return {subjects.of[question.id]: text(question) for question in questions if question.config == name}


def _rows(
    answered: Mapping[str, Mapping[Key, str]], subjects: Mapping[str, Subjects], domains: bool
) -> list[dict[str, Any]]:
    """Return the rows of the table; of a user in several domains, the profiles one after the other."""
    texts: dict[tuple[str, str], list[str]] = {}
    for name, mine in answered.items():
        side = subjects[name].side
        for (domain, subject), text in sorted(mine.items()):
            shown = f"{domain}/{subject}" if domains and side == "item" else subject
            texts.setdefault((side, shown), []).append(text)
    return [_row(side, shown, parts) for (side, shown), parts in sorted(texts.items())]


def _row(side: str, shown: str, parts: Sequence[str]) -> dict[str, Any]:
    found = [profile for text in parts if (profile := read_profile(text))]
    return {
        "side": side,
        "id": shown,
        "text": "\n".join(parts),
        "identities": [entry for profile in found for entry in profile.identities],
        "interests": [entry for profile in found for entry in profile.interests],
        "parsed": len(found) == len(parts),
    }


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]], *, vectors: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.list_(pa.string())
    columns = {
        "side": pa.string(), "id": pa.string(), "text": pa.string(), "identities": texts, "interests": texts,
        "parsed": pa.bool_(),
    }  # fmt: skip
    schema = pa.schema([*columns.items(), *([("vector", pa.list_(pa.float32()))] if vectors else [])])
    draft = path.with_name(f".{path.name}.draft")
    pq.write_table(pa.Table.from_pylist(list(rows), schema), draft, compression="zstd")
    draft.replace(path)


def _compared(dataset: Dataset, name: str, texts: Mapping[Key, str], subjects: Subjects) -> dict[str, Any]:
    """Return the figures of the profiles, and those of the references of the same users or items."""
    rows = (row for split in SPLITS for row in dataset.rows(name, split, ["id", "output"]))
    written = {subjects.of[row["id"]]: row["output"] for row in rows}
    references = {key: written[key] for key in texts}
    made = {"profiles": figures(texts, subjects.near), "references": figures(references, subjects.near)}
    return {what: found.as_dict() for what, found in made.items()}
