"""Last.FM 1K as it is downloaded: plays and profiles, tab-separated.

Quirks written: plays without header or quoting, newest first per user, empty mbids; profiles with a "#id"
header, empty gender, age and country, junk ages.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import uuids
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import THEMES
from itdr_hf.simulate.world import Items, People, Size

FOLDER = "lastfm-1k"
SIZE = Size(users=992, items=2_500, interactions=30_000)
GENRES = {"rock": "action", "pop": "romance", "jazz": "music", "metal": "horror", "electronic": "scifi",
          "folk": "nature", "hip-hop": "crime", "country": "western", "classical": "drama",
          "punk": "comedy", "ambient": "travel", "indie": "mystery"}  # fmt: skip
COUNTRIES = ("United States", "United Kingdom", "Poland", "Germany", "Finland", "Brazil", "Canada", "Japan", "Sweden",
             "Spain", "Netherlands", "Turkey")  # fmt: skip
PERIOD = (1_108_339_200, 1_245_369_600)  # 14 February 2005 to 19 June 2009
TRACKS = 6  # per artist
SILENT = 61  # one user in so many has no plays


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release; items are artists, interactions (user, artist) pairs of one to four plays each."""
    rng = world.generator("lastfm1k", seed)
    crowd = world.people(rng, users, female=0.43, places=len(COUNTRIES))
    catalogue = world.items(rng, items, len(GENRES))
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    lengths = histories.history_lengths(rng, users, interactions, least=16, most=max(items // 3, 16), spread=0.9)
    lengths = np.where(np.arange(users) % SILENT == 40, 0, lengths)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    plays = folder / "userid-timestamp-artid-artname-traid-traname.tsv"
    return [
        write_lines(plays, _plays(rng, catalogue, seen)),
        write_lines(folder / "userid-profile.tsv", _profiles(rng, crowd)),
    ]


def artists(rng: np.random.Generator, catalogue: Items) -> list[str]:
    """Band names that sound of their genre."""
    themes = text.themes_named(list(GENRES.values()))
    names = text.titles(rng, [themes[g] for g in catalogue.genre.tolist()], phrases.ARTISTS)
    return text.plant(text.distinct(names, " {n}"))


def day(stamp: int) -> str:
    """Seconds as "Aug 13, 2006"."""
    at = datetime.fromtimestamp(stamp, UTC)
    return f"{at:%b} {at.day:02d}, {at.year}"


def _plays(rng: np.random.Generator, catalogue: Items, seen: Visits) -> Iterator[str]:
    names, codes = artists(rng, catalogue), uuids(rng, len(catalogue.genre))
    words = [THEMES[list(GENRES.values())[g]] for g in np.repeat(catalogue.genre, TRACKS).tolist()]
    tracks, track_codes = text.titles(rng, words, phrases.TRACKS), uuids(rng, len(words))
    times = np.clip(np.round(2 + seen.score), 1, 4).astype(np.int64)
    user, item = np.repeat(seen.user, times), np.repeat(seen.item, times)
    stamp = np.repeat(seen.stamp, times) + rng.integers(0, 40 * 86_400, len(user))
    track = item * TRACKS + (rng.random(len(user)) ** 1.7 * TRACKS).astype(np.int64)
    order = np.lexsort((-stamp, user))
    known = rng.random(len(codes)) > 0.07
    listed = rng.random(len(track_codes)) > 0.28
    for u, i, t, s in zip(*(column[order].tolist() for column in (user, item, track, stamp)), strict=True):
        moment = datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        artist, song = (codes[i] if known[i] else ""), (track_codes[t] if listed[t] else "")
        yield f"user_{u + 1:06d}\t{moment}\t{artist}\t{names[i]}\t{song}\t{tracks[t]}"


def _profiles(rng: np.random.Generator, crowd: People) -> Iterator[str]:
    yield "#id\tgender\tage\tcountry\tregistered"
    dice = rng.random((len(crowd.age), 4)).tolist()
    for row, (a, b, c, d) in enumerate(dice):
        mute = row % 200 == 90
        gender = "" if a < 0.105 or mute else "mf"[crowd.gender[row]]
        age = "" if b < 0.71 or mute else str(3 if row % 300 == 17 else 103 if row % 300 == 18 else crowd.age[row])
        country = "" if c < 0.082 or mute else COUNTRIES[crowd.place[row]]
        registered = "" if d < 0.008 else day(PERIOD[0] + int(d * 1e8))
        yield f"user_{row + 1:06d}\t{gender}\t{age}\t{country}\t{registered}"
