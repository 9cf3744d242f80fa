"""Amazon Books Reviews (Kaggle) as it is downloaded: Books_rating.csv and books_data.csv, joined by Title.

Quirks written: several Ids (editions) per title, empty User_id and profileName, score "4.0", time -1,
python-list strings for authors and categories, &quot; entities, mostly empty Price and ratingsCount,
repeated (Id, user), a few empty titles.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import BASE36, codes, isbns
from itdr_hf.simulate.files import write_csv
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import FloatArray, Items, Size

FOLDER = "amazon-books"
SIZE = Size(users=12_900, items=5_000, interactions=150_000, cold=0.45)
CATEGORIES = {"Fiction": "drama", "Juvenile Fiction": "children", "Cooking": "food", "Travel": "travel",
              "Business & Economics": "business", "Health & Fitness": "health", "History": "war", "Music": "music",
              "Science": "documentary", "Computers": "tech", "Detective Fiction": "mystery", "Love stories": "romance",
              "Science fiction": "scifi", "Fantasy fiction": "fantasy", "Nature": "nature"}  # fmt: skip
RATING_HEADER = [
    "Id", "Title", "Price", "User_id", "profileName", "review/helpfulness", "review/score", "review/time",
    "review/summary", "review/text",
]  # fmt: skip
BOOK_HEADER = [
    "Title", "description", "authors", "image", "previewLink", "publisher", "publishedDate", "infoLink",
    "categories", "ratingsCount",
]  # fmt: skip
SUMMARIES = (("Not for me", "A waste of paper", "Dull"), ("Mixed feelings", "It was okay", "Half good"),
             ("Could not put it down", "A keeper!", "Really enjoyed it"))  # fmt: skip
DAY = 86_400
PERIOD = (880_000_000, 1_362_000_000)  # November 1997 to February 2013


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release; a fifth as many reviews again have no user."""
    rng = world.generator("amazonbooks", seed)
    crowd = world.people(rng, users)
    catalogue = world.items(rng, items, len(CATEGORIES))
    taste = world.tastes(rng, crowd.latent, len(CATEGORIES))
    lengths = histories.activity(rng, users, interactions, least=14, most=max(items // 6, 14), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    stars = histories.on_scale(seen.score, mean=3.8, spread=1.2, low=1, high=5, step=1)
    stars = histories.with_extremes(stars, seen.score, seen.user, count=5, disliked=2, liked=4)
    names = _titles(rng, catalogue)
    return [
        write_csv(folder / "Books_rating.csv", RATING_HEADER, _ratings(rng, users, catalogue, names, seen, stars)),
        write_csv(folder / "books_data.csv", BOOK_HEADER, _books(rng, catalogue, names, seen)),
    ]


def _titles(rng: np.random.Generator, catalogue: Items) -> list[str]:
    themes = text.themes_named(list(CATEGORIES.values()))
    names = text.titles(rng, [themes[g] for g in catalogue.genre.tolist()], phrases.BOOKS)
    return text.plant(text.distinct(names, ", Book {n}"))


def _ratings(
    rng: np.random.Generator, users: int, catalogue: Items, names: list[str], seen: Visits, stars: FloatArray
) -> Iterator[list[object]]:
    """Rows by title, as in the release; each title in up to three editions."""
    user_ids, profiles = _profiles(rng, users)
    editions = isbns(rng, len(names) * 3)
    themes = text.themes_named(list(CATEGORIES.values()))
    mood = text.sentiments(stars, 2, 4)
    bodies = text.reviews(rng, themes, catalogue.genre[seen.item], mood, thing="book", middles=5)
    dice = rng.random((len(stars), 4))
    stamp = np.where(dice[:, 0] < 0.0004, -1, seen.stamp // DAY * DAY)  # days, as in the release
    order = np.argsort(seen.item, kind="stable").tolist()
    user, item, level = seen.user.tolist(), seen.item.tolist(), mood.tolist()
    when, chance = stamp.tolist(), dice.tolist()
    for place, row in enumerate(order):
        a, b, c, d = chance[row]
        edition = editions[item[row] * 3 + int(a * 3)]
        name = "" if place % 9_001 == 77 else names[item[row]]
        body = bodies[row] + (" It is &quot;that&quot; kind of book &amp; more." if b < 0.12 else "")
        line = [edition, name, f"{5 + 20 * c:.2f}" if d < 0.2 else "", user_ids[user[row]], profiles[user[row]],
                f"{int(c * 8)}/{int(c * 8) + int(d * 3)}", stars[row], when[row], SUMMARIES[level[row]][int(b * 3)],
                body]  # fmt: skip
        yield line
        if b > 0.985:  # the same review under another edition, or twice under one
            yield [editions[item[row] * 3 + int(c * 3)], *line[1:]]
        if d < 0.22:
            yield [edition, name, "", "", "", "0/0", float(round(1 + 4 * c)), when[row], "A customer", body]


def _profiles(rng: np.random.Generator, users: int) -> tuple[list[str], list[str]]:
    user_ids = ["A" + code for code in codes(rng, users, 13, BASE36)]
    given, family = text.pick(rng, PEOPLE, users), text.pick(rng, SURNAMES, users)
    profiles = [f'{a} {b} "{a.lower()}-{b.lower()}"' if len(b) % 3 == 0 else f"{a} {b}" for a, b in
                zip(given, family, strict=True)]  # fmt: skip
    return user_ids, profiles


def _books(rng: np.random.Generator, catalogue: Items, names: list[str], seen: Visits) -> Iterator[list[object]]:
    kinds = list(CATEGORIES)
    themes = text.themes_named(list(CATEGORIES.values()))
    genres = catalogue.genre.tolist()
    plots = text.descriptions(rng, [themes[g] for g in genres], "book", further=12)
    counts = np.bincount(seen.item, minlength=len(names)).tolist()
    dice = rng.random((len(names), 6)).tolist()
    for row, name in enumerate(names):
        a, b, c, d, e, f = dice[row]
        author = f"{PEOPLE[int(a * 30)]} {SURNAMES[int(b * 30)]}"
        authors = [author] if c < 0.8 else [author, f"{PEOPLE[int(c * 30)]} {SURNAMES[int(a * 30)]}"]
        year = 1950 + int(d * 62)
        date = (str(year), f"{year}-0{int(e * 9) + 1}", f"{year}-0{int(e * 9) + 1}-01", "19??")[min(int(f * 3.03), 3)]
        link = f"http://books.example.com/books?id={row:08x}"
        yield [
            name, "" if a < 0.28 else plots[row], "" if b > 0.97 else str(authors), f"{link}&printsec=frontcover", link,
            "" if c < 0.3 else ("Penfold & Sons", "Harbour Light", "Kestrel House")[int(e * 3)], date, f"{link}&hl=",
            "" if e < 0.05 else str([kinds[genres[row]]]), f"{counts[row]}.0" if f < 0.23 else "",
        ]  # fmt: skip
