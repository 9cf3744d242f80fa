"""Last.FM 360K as it is downloaded: plays and profiles, tab-separated, no headers.

Quirks written: sha1 users, by plays descending, artists mostly in lower case, empty mbids and artists, junk
rows whose user is a date, empty gender and age, ages -1337 and 1.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, world
from itdr_hf.simulate.codes import HEX, codes, uuids
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.lastfm1k import COUNTRIES, GENRES, PERIOD, artists, day
from itdr_hf.simulate.world import Items, People, Size

FOLDER = "lastfm-360k"
SIZE = Size(users=7_600, items=5_000, interactions=160_000)


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release."""
    rng = world.generator("lastfm360k", seed)
    crowd = world.people(rng, users, female=0.3, places=len(COUNTRIES))
    catalogue = world.items(rng, items, len(GENRES))
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    lengths = histories.history_lengths(rng, users, interactions, least=14, most=max(items // 3, 14), spread=0.6)
    seen = histories.visits(rng, crowd, taste, catalogue, histories.with_cold(rng, lengths, 0.03), PERIOD)
    ids = sorted(codes(rng, users, 40, HEX))
    return [
        write_lines(folder / "usersha1-artmbid-artname-plays.tsv", _plays(rng, catalogue, seen, ids)),
        write_lines(folder / "usersha1-profile.tsv", _profiles(rng, crowd, ids)),
    ]


def _plays(rng: np.random.Generator, catalogue: Items, seen: Visits, ids: list[str]) -> Iterator[str]:
    names = [name if row % 50 == 3 else name.lower() for row, name in enumerate(artists(rng, catalogue))]
    mbids = uuids(rng, len(names))
    plays = np.maximum(np.exp(4 + 0.9 * seen.score + rng.normal(0, 0.5, len(seen.score))), 1).astype(np.int64)
    order = np.lexsort((-plays, seen.user))
    for row, (user, item, count) in enumerate(
        zip(*(column[order].tolist() for column in (seen.user, seen.item, plays)), strict=True)
    ):
        mbid = "" if item % 60 == 11 else mbids[item]
        yield f"{ids[user]}\t{mbid}\t{'' if row % 3_500 == 900 else names[item]}\t{count}"
        if row % 11_000 == 500:
            yield f"sep 20, 2008\t{mbids[item]}\t{names[item]}\t{row % 90 + 1}"


def _profiles(rng: np.random.Generator, crowd: People, ids: list[str]) -> Iterator[str]:
    dice = rng.random((len(ids), 3)).tolist()
    for row, (a, b, c) in enumerate(dice):
        gender = "" if a < 0.1 else "mf"[crowd.gender[row]]
        age = "" if b < 0.22 else ("-1337" if row % 700 == 8 else "1" if row % 700 == 9 else str(crowd.age[row]))
        yield f"{ids[row]}\t{gender}\t{age}\t{COUNTRIES[crowd.place[row]]}\t{day(PERIOD[0] + int(c * 1.2e8))}"
