"""Who meets what, when, and how much they like it: rows drawn from a world."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from itdr_hf.simulate.world import FloatArray, IntArray, Items, People


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Rows grouped by user, in time order: who, what, when (seconds) and how well liked (standard units)."""

    user: IntArray
    item: IntArray
    stamp: IntArray
    score: FloatArray


def visits(
    rng: np.random.Generator,
    person: People,
    taste: FloatArray,
    catalogue: Items,
    lengths: IntArray,
    period: tuple[int, int],
) -> Visits:
    """Draw everyone's whole history at once."""
    user, item = draw(rng, taste, catalogue, lengths)
    score = scores(rng, person, taste, catalogue, user, item)
    return Visits(user=user, item=item, stamp=times(rng, user, *period), score=score)


def with_cold(rng: np.random.Generator, lengths: IntArray, share: float = 0.07) -> IntArray:
    """Cut a share of the histories to one to four rows: people below every minimum."""
    cold = rng.random(len(lengths)) < share
    return np.where(cold, np.minimum(rng.integers(1, 5, len(lengths)), lengths), lengths)


def user_chunks(lengths: IntArray, rows: int) -> Iterator[tuple[int, int]]:
    """Ranges of users whose histories add up to about `rows` rows each."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + rows)), first + 1)
        yield first, min(last, len(lengths))
        first = last


def history_lengths(
    rng: np.random.Generator, users: int, total: int, *, least: int | IntArray, most: int, spread: float = 0.8
) -> IntArray:
    """Rows per user, at least `least`, at most `most`, long-tailed, adding up to `total` where it can."""
    lengths: IntArray = np.minimum(np.zeros(users, dtype=np.int64) + least, most)
    total = min(max(total, int(lengths.sum())), users * most)
    tail = rng.lognormal(0, spread, users)
    for _ in range(20):
        room = lengths < most
        missing = total - int(lengths.sum())
        if missing < 1:
            break
        share = np.where(room, tail, 0.0)
        more = (share * missing / share.sum()).astype(np.int64)
        lengths = np.minimum(lengths + more, most).astype(np.int64)
        left = min(total - int(lengths.sum()), int((lengths < most).sum()))
        lengths[np.flatnonzero(lengths < most)[:left]] += 1
    return lengths


def draw(rng: np.random.Generator, taste: FloatArray, catalogue: Items, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Draw distinct items for each user: (user, item) rows, grouped by user, in the order of drawing."""
    width = len(catalogue.genre)
    shelves, shelf_edges = _shelves(catalogue, taste.shape[1])
    edges = _edges(taste)
    lengths = np.minimum(lengths, width)
    need = lengths
    done: list[IntArray] = []
    kept = np.empty(0, dtype=np.int64)
    for _ in range(200):
        user = np.repeat(np.arange(len(need)), np.where(need > 0, need + need // 4 + 1, 0))
        spot = np.searchsorted(edges, user + rng.random(len(user)), side="right")
        genre = np.clip(spot - user * taste.shape[1], 0, taste.shape[1] - 1)
        spot = np.searchsorted(shelf_edges, genre + rng.random(len(user)), side="right")
        item = shelves[np.minimum(spot, width - 1)]
        kept = _first_distinct(np.concatenate([kept, user * width + item]), width, lengths)
        need = np.where(need > 0, lengths - np.bincount(kept // width, minlength=len(lengths)), 0)
        complete = need[kept // width] <= 0
        done.append(kept[complete])
        kept = kept[~complete]
        if not len(kept):
            break
    keys = np.concatenate([*done, kept])
    keys = keys[np.argsort(keys // width, kind="stable")]
    return keys // width, keys % width


def scores(
    rng: np.random.Generator, person: People, taste: FloatArray, catalogue: Items, user: IntArray, item: IntArray
) -> FloatArray:
    """How much each user liked each item, in standard units: bias + quality + taste + noise."""
    match = np.log(taste[user, catalogue.genre[item]] * taste.shape[1])
    score: FloatArray = 0.3 * np.clip(match, -2.5, 2.5) + rng.normal(0, 0.7, len(user))
    return score + person.bias[user] + catalogue.quality[item]


def on_scale(score: FloatArray, *, mean: float, spread: float, low: float, high: float, step: float) -> FloatArray:
    """Turn scores into ratings low, low + step, …, high."""
    return np.clip(np.round((mean + spread * score) / step) * step, low, high)


def with_extremes(
    rating: FloatArray, score: FloatArray, user: IntArray, *, count: int, disliked: float, liked: float
) -> FloatArray:
    """Make each user's `count` lowest-scored ratings ≤ disliked and `count` highest ≥ liked (user sorted)."""
    order = np.lexsort((score, user))
    rank = _rank(user[order])
    size = np.bincount(user)[user[order]]
    fixed = rating[order]
    fixed = np.where((rank < count) & (size >= 2 * count), np.minimum(fixed, disliked), fixed)
    fixed = np.where((rank >= size - count) & (size >= 2 * count), np.maximum(fixed, liked), fixed)
    result = np.empty_like(rating)
    result[order] = fixed
    return result


def times(rng: np.random.Generator, user: IntArray, first: int, last: int) -> IntArray:
    """Seconds, increasing within each user, each user active for a stretch of [first, last] (user sorted)."""
    count = int(user[-1]) + 1 if len(user) else 0
    start = first + (last - first) * 0.95 * rng.random(count) ** 0.8
    stretch = (last - start) * rng.random(count)
    return (start[user] + stretch[user] * (np.sort(user + rng.random(len(user))) - user)).astype(np.int64)


def _edges(weights: FloatArray) -> FloatArray:
    steps = np.cumsum(weights, axis=1)
    steps /= steps[:, -1:]
    flat: FloatArray = (steps + np.arange(len(weights))[:, None]).ravel()
    return flat


def _shelves(catalogue: Items, genres: int) -> tuple[IntArray, FloatArray]:
    order = np.argsort(catalogue.genre, kind="stable")
    genre, weight = catalogue.genre[order], catalogue.popularity[order]
    totals = np.bincount(genre, weights=weight, minlength=genres)
    before = np.concatenate([[0.0], np.cumsum(totals)])[genre]
    within = (np.cumsum(weight) - before) / totals[genre]
    return order, np.maximum.accumulate(genre + np.minimum(within, 1.0))


def _first_distinct(keys: IntArray, width: int, lengths: IntArray) -> IntArray:
    _, index = np.unique(keys, return_index=True)
    keys = keys[np.sort(index)]
    keys = keys[np.argsort(keys // width, kind="stable")]
    user = keys // width
    kept: IntArray = keys[_rank(user) < lengths[user]]
    return kept


def _rank(user: IntArray) -> IntArray:
    starts = np.flatnonzero(np.concatenate([[True], user[1:] != user[:-1]])) if len(user) else user
    return np.arange(len(user)) - np.repeat(starts, np.diff(np.append(starts, len(user))))
