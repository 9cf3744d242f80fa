"""One latent-taste world: people with demographics and tastes, items with genres, interactions that follow.

A person's latent vector is the sum of what their gender, age, place and occupation pull towards and a
personal part; taste is its softmax over genres. An interaction picks a genre by taste, then an item of
that genre by popularity (Zipf). A rating adds up taste, item quality, the person's bias and noise.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

FACTORS = 8
PULL = 1.5  # how strongly each demographic trait, and the person, shape a taste
ZIPF, HEAD = 1.4, 400  # popularity is (rank + items / HEAD) ** -ZIPF
OLD = 0.4  # the share of items that are there from the beginning
EXPLORE = 0.06  # share of interactions whose genre ignores taste


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many people, items and interactions a release holds."""

    users: int
    items: int
    interactions: int
    cold: float = 0.0  # the share of users who came by once or twice

    def scaled(self, scale: float) -> "Size":
        """Return the size at `scale`, with a floor that keeps every cell buildable."""
        users = max(round(80 / (1 - self.cold)), round(self.users * scale))
        items = max(140, round(self.items * scale))
        return Size(users=users, items=items, interactions=users * self.interactions // self.users, cold=self.cold)


@dataclass(frozen=True, kw_only=True)
class People:
    """Traits as codes (gender 0 male, 1 female), age in years, latent tastes (n × FACTORS) and rating bias."""

    gender: IntArray
    age: IntArray
    place: IntArray
    occupation: IntArray
    latent: FloatArray
    bias: FloatArray


@dataclass(frozen=True, kw_only=True)
class Items:
    """Main genre, second genre (equal to the main one where there is none), popularity and quality.

    `born` is when an item comes up, as a share of the release's time: 0 for those that are there from the beginning.
    """

    genre: IntArray
    second: IntArray
    popularity: FloatArray
    quality: FloatArray
    born: FloatArray


def generator(source: str, seed: int) -> np.random.Generator:
    """Return a generator of its own per source, so that what else is written never matters."""
    return np.random.default_rng([seed, crc32(source.encode())])


def people(
    rng: np.random.Generator, count: int, *, female: float = 0.4, places: int = 12, occupations: int = 1
) -> People:
    """Draw people; places and occupations are unevenly frequent, first ones most."""
    gender = (rng.random(count) < female).astype(np.int64)
    age = np.clip(12 + rng.gamma(4.0, 5.0, count), 13, 79).astype(np.int64)
    place = _uneven(rng, count, places)
    occupation = _uneven(rng, count, occupations)
    latent = PULL * (
        np.outer(1.4 * gender - 0.7, _directions(rng, 1)[0])
        + np.outer((age - 31.0) / 11.0, _directions(rng, 1)[0])
        + _directions(rng, places)[place]
        + _directions(rng, occupations)[occupation] * (occupations > 1)
        + rng.normal(0, 1 / np.sqrt(FACTORS), (count, FACTORS))
    )
    return People(
        gender=gender,
        age=age,
        place=place,
        occupation=occupation,
        latent=latent,
        bias=rng.normal(0, 0.5, count),
    )


def items(rng: np.random.Generator, count: int, genres: int, *, zipf: float = ZIPF) -> Items:
    """Draw items; popularity falls with a random rank, so steeply that two thirds of them hardly anybody meets."""
    genre = _uneven(rng, count, genres, slope=0.25)
    second = np.where(rng.random(count) < 0.55, rng.integers(0, genres, count), genre)
    return Items(
        genre=genre,
        second=second,
        popularity=popularities(rng, count, zipf=zipf),
        quality=rng.normal(0, 0.4, count),
        born=np.where(rng.random(count) < OLD, 0.0, rng.random(count)),
    )


def popularities(rng: np.random.Generator, count: int, *, zipf: float = ZIPF) -> FloatArray:
    """Draw how popular each item is, not normalised."""
    return np.asarray((rng.permutation(count) + count / HEAD) ** -zipf, dtype=np.float64)


def tastes(rng: np.random.Generator, latent: FloatArray, genres: int, *, explore: float = EXPLORE) -> FloatArray:
    """Each person's probability of each genre (n × genres); rows sum to 1."""
    loadings = rng.normal(0, 1, (FACTORS, genres))
    pull = latent @ loadings
    weights = np.exp(pull - pull.mean(axis=0))
    share: FloatArray = (1 - explore) * weights / weights.sum(axis=1, keepdims=True) + explore / genres
    return share


def _uneven(rng: np.random.Generator, count: int, kinds: int, *, slope: float = 0.9) -> IntArray:
    weights = (np.arange(kinds) + 2.0) ** -slope
    return rng.choice(kinds, count, p=weights / weights.sum()).astype(np.int64)


def _directions(rng: np.random.Generator, count: int) -> FloatArray:
    drawn = rng.normal(0, 1, (count, FACTORS))
    unit: FloatArray = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit
