"""Who has what, at any size: pairs drawn from activity and popularity alone, a part at a time, each with its own dice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from itdr_hf.simulate import histories, world
from itdr_hf.simulate.histories import Lives
from itdr_hf.simulate.world import FloatArray, IntArray

TRIES = 12


@dataclass(frozen=True, kw_only=True)
class Log:
    """Rows of groups and members: of users and what they have, or of items and who has them, grouped by the former."""

    lengths: IntArray
    edges: FloatArray  # where each member ends, of all popularity
    life: Lives
    seed: tuple[int, ...]

    def parts(self, rows: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of some of the groups with about so many rows."""
        for start, end in histories.user_chunks(self.lengths[first:last], rows):
            yield start + first, end + first

    def dice(self, part: tuple[int, int]) -> np.random.Generator:
        return np.random.default_rng([*self.seed, part[0]])

    def draw(self, rng: np.random.Generator, part: tuple[int, int]) -> tuple[IntArray, IntArray]:
        """Return the pairs of a part: by group, in no order within each, no pair twice."""
        group, member = distinct_pairs(rng, self.lengths[slice(*part)], self.edges)
        return group + part[0], member

    def times(
        self, rng: np.random.Generator, part: tuple[int, int], group: IntArray, period: tuple[int, int]
    ) -> IntArray:
        """Return seconds for drawn rows, never decreasing within a group."""
        return histories.times(rng, group - part[0], self.life.of(slice(*part)), *period)


def log(
    seed: tuple[int, ...],
    *,
    groups: int,
    members: int,
    rows: int,
    least: int = 1,
    spread: float = histories.HEAVY,
    most: int | None = None,
    regular: tuple[float, int] = (0.0, 0),
    zipf: float = world.ZIPF,
) -> Log:
    """Draw how many rows each group has, at least so many, of a `regular` share of groups more; and how popular members are."""
    rng = np.random.default_rng(seed)
    most = most or max(members // 6, least)
    fewest = np.where(rng.random(groups) < regular[0], regular[1], least)
    lengths = histories.history_lengths(rng, groups, rows, least=fewest, most=most, spread=spread)
    weight = np.cumsum(world.popularities(rng, members, zipf=zipf))
    return Log(lengths=lengths, edges=weight / weight[-1], life=histories.lives(rng, groups), seed=seed)


def with_mean(drawn: Log, sizes: IntArray, mean: float, rng: np.random.Generator) -> Log:
    """Give popularity to members anew, the more to small ones, so that rows have about this mean size."""
    weight = np.sort(np.diff(drawn.edges, prepend=0.0))[::-1]
    noise = rng.normal(size=len(sizes)) * max(float(sizes.std()), 1.0)
    orders = [np.argsort(sizes + much * noise) for much in (0, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 5, 10, 100)]
    best = min(orders, key=lambda order: abs(float((weight * sizes[order]).sum()) - mean))
    popularity = np.empty(len(sizes))
    popularity[best] = weight
    return replace(drawn, edges=np.cumsum(popularity) / popularity.sum())


def distinct_pairs(rng: np.random.Generator, lengths: IntArray, edges: FloatArray) -> tuple[IntArray, IntArray]:
    """Draw so many different members for each group, by weight; a group that wants nearly all of them may get fewer."""
    width, need = len(edges), lengths
    keys = np.empty(0, dtype=np.int64)
    for _ in range(TRIES):
        group = np.repeat(np.arange(len(need)), np.where(need > 0, need + need // 4 + 1, 0))
        member = np.minimum(np.searchsorted(edges, rng.random(len(group))), width - 1)
        keys = np.sort(np.concatenate([keys, group * width + member]))
        keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
        need = lengths - np.bincount(keys // width, minlength=len(lengths))
        if not (need > 0).any():
            break

    group = keys // width
    order = np.argsort((group << 31) | rng.integers(0, 1 << 31, len(group)))
    group = group[order]
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(group) else group
    rank = np.arange(len(group)) - np.repeat(first, np.diff(np.append(first, len(group))))
    kept = rank < lengths[group]
    return group[kept], keys[order][kept] % width
