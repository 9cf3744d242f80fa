"""Who meets what, when, and how much they like it: rows drawn from a world."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from itdr_hf.simulate.world import FloatArray, IntArray, Items, People

HEAVY = 1.8  # how long the tail of users is who do very much
TIED = 0.17  # of the rows of a sitting share their second with the one before
MANY = 16  # who wants more than so great a part of the catalogue is served by weights
TRIES = 20  # after which who has not found enough is served by weights too
PART = 64  # users weighed at a time


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
    *,
    session: int = 3,
) -> Visits:
    """Draw everyone's whole history at once; `session` is about how many rows are written at a sitting."""
    life = lives(rng, len(lengths))
    user, item = draw(rng, taste, catalogue, lengths, life.start)
    score = scores(rng, person, taste, catalogue, user, item)
    return Visits(user=user, item=item, stamp=times(rng, user, life, *period, session=session), score=score)


@dataclass(frozen=True, kw_only=True)
class Lives:
    """When each user comes, and for how long they stay, as shares of a release's time."""

    start: FloatArray
    stretch: FloatArray

    def of(self, users: slice | IntArray) -> "Lives":
        """Those of some users."""
        return Lives(start=self.start[users], stretch=self.stretch[users])


def lives(rng: np.random.Generator, count: int) -> Lives:
    """Draw when users come and go; more come as time goes on."""
    start: FloatArray = 0.95 * rng.random(count) ** 0.8
    return Lives(start=start, stretch=(1 - start) * rng.random(count))


def activity(
    rng: np.random.Generator, users: int, total: int, *, least: int | IntArray, most: int, cold: float
) -> IntArray:
    """Rows per user, `total` in all: a share `cold` has one to three, the others at least `least`, a few very many."""
    few = rng.random(users) < cold
    lengths: IntArray = rng.integers(1, 4, users)
    fewest = (np.zeros(users, dtype=np.int64) + least)[~few]
    left = total - int(lengths[few].sum())
    lengths[~few] = history_lengths(rng, int((~few).sum()), left, least=fewest, most=most, spread=HEAVY)
    return lengths


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
    rng: np.random.Generator,
    users: int,
    total: int,
    *,
    least: int | IntArray,
    most: int | IntArray,
    spread: float = 0.8,
) -> IntArray:
    """Rows per user, at least `least`, at most `most`, long-tailed, adding up to `total` where it can."""
    lengths: IntArray = np.minimum(np.zeros(users, dtype=np.int64) + least, most)
    total = min(max(total, int(lengths.sum())), int(np.broadcast_to(most, users).sum()))
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


def draw(
    rng: np.random.Generator, taste: FloatArray, catalogue: Items, lengths: IntArray, start: FloatArray
) -> tuple[IntArray, IntArray]:
    """Draw distinct items for each user, of those that are there when they come (`start`).

    Returns (user, item) rows, grouped by user, in the order of drawing. Whoever wants a good part of the catalogue is
    served by weights, all others by trying: both draw each next item by taste and popularity.
    """
    width = len(catalogue.genre)
    lengths = np.minimum(lengths, there(catalogue, start))
    many = lengths > max(width // MANY, 1)
    light = np.flatnonzero(~many)
    keys = _tried(rng, taste[light], catalogue, lengths[light], start[light])
    keys = light[keys // width] * width + keys % width
    short = np.bincount(keys // width, minlength=len(lengths)) < lengths  # all heavy ones, and who had bad luck
    heavy = np.flatnonzero(short)
    places = [keys[~short[keys // width]]]
    places += [_weighed(rng, taste[part], catalogue, lengths[part], start[part], part) for part in _parts(heavy)]
    found = np.concatenate(places)
    found = found[np.argsort(found // width, kind="stable")]
    return found // width, found % width


def there(catalogue: Items, start: FloatArray) -> IntArray:
    """How many items are there when each user comes."""
    return np.searchsorted(np.sort(catalogue.born), start, side="right")


def _parts(users: IntArray) -> list[IntArray]:
    return [users[first : first + PART] for first in range(0, len(users), PART)]


def _weighed(
    rng: np.random.Generator, taste: FloatArray, catalogue: Items, lengths: IntArray, start: FloatArray, users: IntArray
) -> IntArray:
    """Draw without replacement by the exponential trick: the largest of log weight + Gumbel noise, largest first."""
    width = len(catalogue.genre)
    shelf = np.bincount(catalogue.genre, weights=catalogue.popularity, minlength=taste.shape[1])
    weight = np.log(taste)[:, catalogue.genre] + np.log(catalogue.popularity / shelf[catalogue.genre])
    weight += rng.gumbel(size=weight.shape)
    weight[catalogue.born[None, :] > start[:, None]] = -np.inf
    order = np.argsort(-weight, axis=1)
    kept = np.arange(width)[None, :] < lengths[:, None]
    keys: IntArray = (users[:, None] * width + order)[kept]
    return keys


def _tried(
    rng: np.random.Generator, taste: FloatArray, catalogue: Items, lengths: IntArray, start: FloatArray
) -> IntArray:
    """Draw with replacement and keep what is new and there, as often as it takes: keys user * width + item."""
    width = len(catalogue.genre)
    shelves, shelf_edges = _shelves(catalogue, taste.shape[1])
    edges = _edges(taste)
    need = lengths
    done: list[IntArray] = []
    kept = np.empty(0, dtype=np.int64)
    for _ in range(TRIES):
        user = np.repeat(np.arange(len(need)), np.where(need > 0, 2 * need + 4, 0))
        spot = np.searchsorted(edges, user + rng.random(len(user)), side="right")
        genre = np.clip(spot - user * taste.shape[1], 0, taste.shape[1] - 1)
        spot = np.searchsorted(shelf_edges, genre + rng.random(len(user)), side="right")
        item = shelves[np.minimum(spot, width - 1)]
        born = catalogue.born[item] <= start[user]
        kept = _first_distinct(np.concatenate([kept, (user * width + item)[born]]), width, lengths)
        need = np.where(need > 0, lengths - np.bincount(kept // width, minlength=len(lengths)), 0)
        complete = need[kept // width] <= 0
        done.append(kept[complete])
        kept = kept[~complete]
        if not len(kept) and not (need > 0).any():
            break
    return np.concatenate([*done, kept])


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


def times(
    rng: np.random.Generator, user: IntArray, life: Lives, first: int, last: int, *, session: int = 3
) -> IntArray:
    """Seconds, never decreasing within each user (user sorted), from when they come to when they go.

    Rows come in sittings of about `session`, seconds apart; in one of six cases two share a second.
    """
    rank, span = _rank(user), last - first
    resumed = (rank >= min(session, 10)) & (rng.random(len(user)) < 1 / session)
    seconds = np.where(rng.random(len(user)) < TIED, 0, 2 + rng.geometric(0.06, len(user)))
    pause = np.where(resumed, rng.exponential(1.0, len(user)), 0.0)
    total = np.bincount(user, weights=pause, minlength=len(life.start))[user] if len(user) else pause
    gaps = np.where(resumed, pause / np.where(total > 0, total, 1.0) * (life.stretch * span)[user], seconds)
    gaps[rank == 0] = 0
    passed = np.cumsum(gaps.astype(np.int64))
    began = np.flatnonzero(rank == 0)
    passed -= np.repeat(passed[began], np.diff(np.append(began, len(user)))) if len(user) else 0
    stamp: IntArray = np.minimum((first + span * life.start[user]).astype(np.int64) + passed, last)
    return stamp


def in_order(user: IntArray, stamp: IntArray) -> IntArray:
    """Put times in order within each user (user sorted)."""
    return stamp[np.lexsort((stamp, user))]


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
