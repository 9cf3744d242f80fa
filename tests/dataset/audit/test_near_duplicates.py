"""Texts that are nearly alike are those that comparing every pair finds."""

from __future__ import annotations

import random
from collections import Counter

import pyarrow as pa
import pytest

from itdr_hf.dataset.audit.near_duplicates import ALIKE, COMMON, LEAST_RUNS, RUN, nearly_alike
from itdr_hf.runtime.duckdb_engine import open_duckdb

TEXTS = 300


@pytest.mark.parametrize("seed", range(3))
def test_the_pairs_found_are_those_that_comparing_all_of_them_finds(seed):
    rng = random.Random(seed)
    words = [f"w{n}" for n in range(300)]
    base = [rng.choices(words, k=rng.randint(14, 60)) for _ in range(60)]
    texts = [" ".join(["every", "text", "begins", "like", "this", *varied(rng, base, words)]) for _ in range(TEXTS)]
    train = [rng.random() < 0.8 for _ in texts]
    ids = [f"{n:03}" for n in range(TEXTS)]
    batch = pa.RecordBatch.from_arrays([pa.array(ids), pa.array(texts)], names=["id", "text"])
    of_train, asked = (batch.filter(pa.array([one == side for one in train])) for side in (True, False))
    with open_duckdb() as engine:
        found = nearly_alike(engine, [asked], [of_train.slice(0, 100), of_train.slice(100)])
    assert found == compared(texts, train) and found


def varied(rng: random.Random, base: list[list[str]], words: list[str]) -> list[str]:
    text = list(rng.choice(base))
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        text[rng.randrange(len(text))] = rng.choice(words)
    return text


def compared(texts: list[str], train: list[bool]) -> list[str]:
    split = [text.split() for text in texts]
    runs = [{tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)} for words in split]
    uses = Counter(run for of_one in runs for run in of_one)
    kept = [{run for run in of_one if uses[run] <= max(COMMON * TEXTS, 3)} for of_one in runs]
    known = [of_one for of_one, trained in zip(kept, train, strict=True) if trained and len(of_one) >= LEAST_RUNS]
    asked = [n for n in range(TEXTS) if not train[n] and len(kept[n]) >= LEAST_RUNS]
    return [f"{n:03}" for n in asked if any(len(kept[n] & one) >= ALIKE * len(kept[n] | one) for one in known)]
