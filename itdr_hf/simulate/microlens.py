"""MicroLens as it is downloaded, in the 50k layout (default) or the 100k layout.

Quirks written: millisecond timestamps; 50k titles quoted with a header and CRLF, with inline "# tag", some
repeated or very long; 100k titles without header or quotes, "id, title", some empty; likes and views by tab.
"""

import csv
from pathlib import Path
from typing import Literal

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.files import write_csv, write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.world import Items, Size

FOLDER = "microlens"
SIZE = Size(users=12_900, items=8_000, interactions=150_000, cold=0.45)
TAGS = {"funny": "comedy", "homemade food": "food", "cute pet": "nature", "travel": "travel", "makeup": "fashion",
        "football": "sport", "game": "action", "comic": "fantasy", "music": "music", "technology": "tech",
        "health": "health", "emotion": "romance", "movie editing": "thriller", "parenting": "children"}  # fmt: skip
PERIOD = (1_583_366_400, 1_662_940_800)  # 5 March 2020 to 12 September 2022
Layout = Literal["50k", "100k"]


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
    layout: Layout = "50k",
) -> list[Path]:
    """Write the release in one of its two layouts."""
    rng = world.generator("microlens", seed)
    crowd = world.people(rng, users)
    catalogue = world.items(rng, items, len(TAGS))
    taste = world.tastes(rng, crowd.latent, len(TAGS))
    lengths = histories.activity(rng, users, interactions, least=13, most=max(items // 6, 13), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    names = _titles(rng, catalogue)
    stem = "MicroLens-50k" if layout == "50k" else "MicroLens-100k"
    pairs = zip((seen.user + 1).tolist(), (seen.item + 1).tolist(), _milliseconds(rng, seen), strict=True)
    paths = [
        write_csv(folder / f"{stem}_pairs.csv", ("user", "item", "timestamp"), pairs),
        write_lines(folder / f"{stem}_pairs.tsv", _sequences(seen)),
        write_lines(folder / f"{stem}_likes_and_views.txt", _likes(rng, catalogue)),
    ]
    if layout == "50k":
        return [*paths, _write_titles_50k(folder / f"{stem}_titles.csv", names)]
    return paths + _write_100k(folder, rng, catalogue, seen, names)


def _titles(rng: np.random.Generator, catalogue: Items) -> list[str]:
    themes, tags = text.themes_named(list(TAGS.values())), list(TAGS)
    genres = catalogue.genre.tolist()
    names = text.titles(
        rng,
        [themes[g] for g in genres],
        phrases.VIDEOS,
        tags=[tags[g] for g in genres],
    )
    names = text.plant(text.distinct(names, " part {n}"))
    for row in range(61, len(names), 220):
        names[row] = names[row - 1]
    names[-1] = names[-1] + " # daily life" * 300
    return names


def _milliseconds(rng: np.random.Generator, seen: Visits) -> list[int]:
    thousandths = seen.stamp * 1000 + rng.integers(0, 1000, len(seen.stamp))
    return histories.in_order(seen.user, thousandths).tolist()  # type: ignore[no-any-return]


def _sequences(seen: Visits) -> list[str]:
    edges = np.flatnonzero(np.diff(seen.user)) + 1
    return [f"{user + 1}\t{' '.join(map(str, items.tolist()))}" for user, items in
            zip(np.unique(seen.user).tolist(), np.split(seen.item + 1, edges), strict=True)]  # fmt: skip


def _likes(rng: np.random.Generator, catalogue: Items) -> list[str]:
    views = (catalogue.popularity * 4e6 * rng.lognormal(0, 0.5, len(catalogue.genre))).astype(int) + 40
    likes = (views * rng.beta(2, 30, len(views))).astype(int)
    return [
        f"{i}\t{like}\t{view}" for i, (like, view) in enumerate(zip(likes.tolist(), views.tolist(), strict=True), 1)
    ]


def _write_titles_50k(path: Path, names: list[str]) -> Path:
    return write_csv(path, ("item", "title"), enumerate(names, 1), end="\r\n", quoting=csv.QUOTE_NONNUMERIC)


def _write_100k(folder: Path, rng: np.random.Generator, catalogue: Items, seen: Visits, names: list[str]) -> list[Path]:
    shown = ["" if row % 270 == 17 else name for row, name in enumerate(names)]
    tags = list(TAGS)
    remarks = text.reviews(
        rng, text.themes_named(list(TAGS.values())), catalogue.genre[seen.item],
        text.sentiments(seen.score, -0.6, 0.3), thing="video", middles=1,
    )  # fmt: skip
    comments = (f"{u + 1}\t{i + 1}\t{words}" for u, i, words in
                zip(seen.user.tolist(), seen.item.tolist(), remarks.tolist(), strict=True))  # fmt: skip
    summaries = (f"{i},{tags[genre]}" for i, genre in enumerate(catalogue.genre.tolist(), 1))
    return [
        write_lines(folder / "MicroLens-100k_title_en.csv", (f"{i}, {n}" for i, n in enumerate(shown, 1)), end="\r\n"),
        write_lines(folder / "tags_to_summary.csv", summaries),
        write_lines(folder / "MicroLens-100k_comment_en.txt", comments),
    ]  # fmt: skip
