"""PixelRec (50K layout) as it is downloaded: interaction.csv and item_info.csv.

Quirks written: "i72138" and "u209296" ids, counters as floats, null titles and descriptions, rows with
nothing but id and title, 'wb' for a description, rows in no order.
"""

from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import write_csv
from itdr_hf.simulate.world import IntArray, Items, Size

FOLDER = "pixelrec"
SIZE = Size(users=12_900, items=8_100, interactions=156_000, cold=0.45)
TAGS = {"Dogs": "nature", "Pet Reptiles": "nature", "Street Food": "food", "Home Cooking": "food", "Comedy": "comedy",
        "Basketball": "sport", "Football": "sport", "Digital Products": "tech", "Travel Notes": "travel",
        "Makeup": "fashion", "Outfits": "fashion", "Guitar": "music", "Anime Clips": "fantasy", "Film Talk": "drama",
        "Esports": "action", "Workout": "health", "Science": "documentary", "Military": "war",
        "Ghost Stories": "horror", "Money": "business"}  # fmt: skip
ITEM_HEADER = [
    "item_id", "view_number", "comment_number", "thumbup_number", "share_number", "coin_number", "favorite_number",
    "barrage_number", "title", "tag", "description",
]  # fmt: skip
PERIOD = (1_330_000_000, 1_656_000_000)  # February 2012 to June 2022


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release."""
    rng = world.generator("pixelrec", seed)
    crowd = world.people(rng, users)
    catalogue = world.items(rng, items, len(TAGS))
    taste = world.tastes(rng, crowd.latent, len(TAGS))
    lengths = histories.activity(rng, users, interactions, least=14, most=max(items // 6, 14), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    item_ids = rng.permutation(numbers(rng, items, 0, 408_374))
    user_ids = rng.permutation(numbers(rng, users, 0, 2_600_000 + users))
    order = rng.permutation(len(seen.user))
    rows = zip(item_ids[seen.item[order]].tolist(), user_ids[seen.user[order]].tolist(), seen.stamp[order].tolist(),
               strict=True)  # fmt: skip
    header = ("item_id", "user_id", "timestamp")
    return [
        write_csv(folder / "interaction.csv", header, ((f"i{i}", f"u{u}", t) for i, u, t in rows)),
        _write_items(folder / "item_info.csv", rng, catalogue, item_ids),
    ]


def _write_items(path: Path, rng: np.random.Generator, catalogue: Items, item_ids: IntArray) -> Path:
    tags = list(TAGS)
    genres = catalogue.genre.tolist()
    themes = [text.themes_named(list(TAGS.values()))[g] for g in genres]
    labels = [tags[g] for g in genres]
    names = text.titles(rng, themes, phrases.CLIPS, tags=labels)
    names = text.plant(text.distinct(names, " P{n}"))
    plots = text.descriptions(rng, themes, "video", further=2)
    shares = np.array([1.0, 0.002, 0.05, 0.004, 0.003, 0.01, 0.004])
    views = catalogue.popularity * 5e7 * rng.lognormal(0, 0.5, len(genres))
    counters = np.floor(views[:, None] * shares * rng.lognormal(0, 0.4, (len(genres), 7))).tolist()
    dice = rng.random(len(genres)).tolist()
    rows: list[list[object]] = []
    for row, name in enumerate(names):
        plot = "" if dice[row] < 0.238 else "wb" if dice[row] < 0.28 else plots[row]
        rows.append([f"i{item_ids[row]}", *counters[row], "" if row % 400 == 31 else name, tags[genres[row]], plot])
    for row in range(47, min(len(rows), 60), 3):  # five in the release
        rows[row] = [rows[row][0], *[""] * 7, names[row], "", ""]
    return write_csv(path, ITEM_HEADER, rows)
