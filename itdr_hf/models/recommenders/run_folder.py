"""The folder of a run: rankings, truth, scores, checkpoints and a model card, each file whole or not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from itdr_hf.models.recommenders.checkpoints import save_recommender
from itdr_hf.models.recommenders.comparison import Difference
from itdr_hf.models.recommenders.full_ranking import RankingScores
from itdr_hf.models.recommenders.interactions import Strings
from itdr_hf.models.recommenders.run_card import card
from itdr_hf.models.recommenders.run_data import RunData
from itdr_hf.models.recommenders.run_files import write_parquet_run, write_qrels, write_trec_run
from itdr_hf.models.recommenders.study import Row
from itdr_hf.runtime.files import new_files, write_atomically

SCORES, CARD, QRELS = "scores.json", "README.md", "test.qrels"


def write_run(out: Path, data: RunData, rows: Sequence[Row], differences: Sequence[Difference] = ()) -> list[Path]:
    """Write everything that is known of some rows; returns the paths, the card first.

    Per row and seed: NAME.trec, NAME.parquet and NAME.safetensors. In TREC files a key with a space in it is
    percent-encoded, and then all keys are.
    """
    users, items = trec_keys(data.user_keys), trec_keys(data.item_keys)
    with new_files(out) as draft:
        write_qrels(draft / QRELS, data.split.test, users, items)
        for row in rows:
            for trial, name in zip(row.trials, names(row), strict=True):
                write_trec_run(draft / f"{name}.trec", trial.ranking, users, items, tag=name)
                write_parquet_run(draft / f"{name}.parquet", trial.ranking, data.user_keys, data.item_keys)
                save_recommender(trial.fitted, draft / f"{name}.safetensors")
        write_atomically(draft / SCORES, json.dumps(as_dict(data, rows, differences), indent=1, allow_nan=False))
        write_atomically(draft / CARD, card(data, rows, differences, {id(row): names(row) for row in rows}))
        written = sorted(path.name for path in draft.iterdir())
    return [out / CARD, *(out / name for name in written if name != CARD)]


def names(row: Row) -> list[str]:
    """Return the file names of a row's trials, without their ends: lightgcn-augmented-421."""
    variant = f"-{row.variant.replace(' ', '-')}" if row.variant else ""
    seeds = [f"-{trial.fitted.settings.seed}" if len(row.trials) > 1 else "" for trial in row.trials]
    return [f"{row.backbone}{variant}{seed}" for seed in seeds]


def trec_keys(keys: Strings) -> Strings:
    """Return keys that a TREC file can hold: percent-encoded where any has a space in it."""
    if all(len(str(key).split()) == 1 for key in keys):
        return keys
    return np.asarray([quote(str(key), safe="/:@") for key in keys], dtype=np.str_)


def as_dict(data: RunData, rows: Sequence[Row], differences: Sequence[Difference] = ()) -> dict[str, Any]:
    """Return all figures as plain values; a figure that is no number is None."""
    return {
        "data": {"name": data.name, **data.facts},
        "rows": [_row(row) for row in rows],
        "differences": [
            {
                "what": each.name,
                "metric": each.metric,
                **_plain(asdict(each.comparison)),
                "holm_p": _number(each.corrected_p),
            }
            for each in differences
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "model": row.backbone,
        "variant": row.variant,
        "full_shot": _scores(row.full_shot),
        "zero_shot": _scores(row.zero_shot) if row.zero_shot else None,
        "seconds_per_epoch": _number(row.seconds_per_epoch),
        "trials": [
            {
                "seed": trial.fitted.settings.seed,
                "settings": asdict(trial.fitted.settings),
                "epochs": [_plain(asdict(epoch)) for epoch in trial.fitted.epochs],
                "best_epoch": trial.fitted.best_epoch.number if trial.fitted.best_epoch else None,
                "full_shot": {name: sample.value for name, sample in trial.full_shot.samples.items()},
            }
            for trial in row.trials
        ],
    }


def _scores(scores: RankingScores) -> dict[str, Any]:
    found = scores.intervals()
    metrics = {name: _plain({"value": i.value, "low": i.low, "high": i.high}) for name, i in found.items()}
    return {"users": len(scores.users), "metrics": metrics}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(value) if isinstance(value, float) else value for name, value in values.items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
