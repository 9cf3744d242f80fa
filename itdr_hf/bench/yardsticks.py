"""What the ratios of `itdr_hf.bench.check` are over: plain code for the same work, measured in the same run."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np

Result = dict[str, Any]
TITLES = [f"Title {n} ({1950 + n % 70})" for n in range(5_000)]
USERS, ITEMS, FACTORS, TOP = 20_000, 8_000, 32, 40


def plain_texts(examples: int) -> Callable[[], Result]:
    """Return work that renders as many prompts as a template and a shuffle take, each to a line of JSON."""

    def run() -> Result:
        size = 0
        for n in range(examples):
            titles = [TITLES[(n * 7 + k) % len(TITLES)] for k in range(15)]
            shown = sorted(titles[5:], key=lambda title: hashlib.md5(f"{n}|{title}".encode()).digest())
            prompt = "\n".join(f"{k}. {title}" for k, title in enumerate(titles[:5], 1))
            asked = "\n".join(f"{k}. {title}" for k, title in enumerate(shown, 1))
            size += len(json.dumps({"id": str(n), "input": f"{prompt}\n\n{asked}", "candidates": shown}))
        return {"bytes": size}

    return run


def rankings(count: int) -> tuple[list[list[str]], list[str]]:
    """Return candidate lists and answers to them: as asked, in bold, with a sentence in front, one title short."""
    draw, lists, texts = random.Random(0), [], []
    for _ in range(count):
        titles = draw.sample(TITLES, 10)
        lists.append(titles)
        order = draw.sample(titles, 10)
        form = draw.choice(["{n}. {t}", "{n}. **{t}**", "{n}) {t}", "- {t}"])
        text = "\n".join(form.format(n=n, t=t) for n, t in enumerate(order[: draw.choice([9, 10])], 1))
        texts.append(draw.choice(["", "Here is my ranking:\n"]) + text)
    return lists, texts


def our_reading(count: int) -> Callable[[], Result]:
    """Return work that reads and measures answers as `itdr score` does."""
    from itdr_hf.metrics.ranking import ranking_samples, relevance_matrix
    from itdr_hf.tasks.reading import read_ranking

    lists, texts = rankings(count)

    def run() -> Result:
        read = [read_ranking(text, titles).values for text, titles in zip(texts, lists, strict=True)]
        hits, positives = relevance_matrix(read, [titles[:5] for titles in lists], lists)
        return {"N@10": ranking_samples(hits, positives)["N@10"].value}

    return run


def plain_reading(count: int) -> Callable[[], Result]:
    """Return work that reads the same answers line by line, with one pattern and a dictionary."""
    lists, texts = rankings(count)
    mark = re.compile(r"^\s*(?:\d+[.)]|-)\s*\**(.*?)\**\s*$")

    def run() -> Result:
        total = 0.0
        for titles, text in zip(lists, texts, strict=True):
            known = {title.casefold(): title for title in titles}
            found = [known.get(m[1].casefold()) for line in text.split("\n") if (m := mark.match(line))]
            total += sum(1 / np.log2(place + 2) for place, title in enumerate(found) if title in titles[:5])
        return {"gain": total}

    return run


def our_ranking() -> Callable[[], Result]:
    """Return work that ranks all items for every user, without those seen."""
    from itdr_hf.models.recommenders.full_ranking import rank

    users, items = _vectors()

    class Product:
        def score_users(self, wanted: Any) -> Any:
            return users[wanted] @ items.T

        def score_pairs(self, wanted: Any, of: Any) -> Any:
            return (users[wanted] * items[of]).sum(axis=1)

    return lambda: {"first": int(rank(Product(), np.arange(USERS), k=TOP).items[0, 0])}


def plain_ranking() -> Callable[[], Result]:
    """Return work that multiplies and partitions, block by block, with NumPy alone."""
    users, items = _vectors()

    def run() -> Result:
        first = 0
        for start in range(0, USERS, 256):
            scores = users[start : start + 256] @ items.T
            best = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
            first = first if start else int(np.take_along_axis(best, order, axis=1)[0, 0])
        return {"first": first}

    return run


def _vectors() -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    return draw.normal(size=(USERS, FACTORS)).astype(np.float32), draw.normal(size=(ITEMS, FACTORS)).astype(np.float32)
