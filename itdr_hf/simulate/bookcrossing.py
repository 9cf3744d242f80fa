"""Book-Crossing (BX CSV dump) as it is downloaded: users, books and ratings.

Quirks written: ";" between fields, all quoted but a bare NULL, CRLF, latin-1 (cp1252 in the books), backslash-escaped
quotes, ages 0 and 239, \\"n/a\\" in locations, one record with a line break, &amp; and doubly encoded text, year 0,
three records of seven fields (an escaped quote swallows the author), rating 0 as "no opinion" (60 %),
ratings of books that are not listed, odd ISBNs.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import isbns
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import FloatArray, IntArray, Items, People, Size

FOLDER = "book-crossing"
SIZE = Size(users=16_000, items=9_400, interactions=330_000, cold=0.45)
THEMES = ("mystery", "romance", "fantasy", "scifi", "horror", "drama", "thriller", "children", "war", "food",
          "business", "health", "crime", "adventure")  # fmt: skip
COUNTRIES = {
    "usa": ("new york, new york", "portland, oregon", "austin, texas", "st. paul, minnesota"),
    "canada": ("toronto, ontario", "victoria, british columbia"),
    "united kingdom": ("london, england", "leeds, england"),
    "germany": ("berlin, berlin", "köln, nordrhein-westfalen", "münchen, bayern"),
    "spain": ("madrid, madrid", "barcelona, catalunya"),
    "australia": ("melbourne, victoria", "perth, western australia"),
    "italy": ("milano, lombardia",),
    "france": ("paris, ile-de-france", "lyon, rhône-alpes"),
    "portugal": ("lisboa, lisboa",),
    "new zealand": ("auckland, auckland",),
}  # fmt: skip
PUBLISHERS = ("W. W. Norton &amp; Company", "Harbour Light Press", "Simon &amp; Sons", "Éditions du Phare",
              "Penfold Books", "Kestrel House")  # fmt: skip
FIRST_USER = 12  # ids below belong to people who rated nothing
IMAGE = "http://images.amazon.com/images/P/{}.01.{}.jpg"


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release: a tenth of the items drawn are not in the books file."""
    rng = world.generator("bookcrossing", seed)
    crowd = world.people(rng, users, places=len(COUNTRIES))
    catalogue = world.items(rng, items, len(THEMES))
    codes = isbns(rng, items)
    return [
        _write_users(folder / "BX-Users.csv", rng, crowd, extra=users // 3),
        _write_books(folder / "BX-Books.csv", rng, catalogue, codes),
        _write_ratings(folder / "BX-Book-Ratings.csv", rng, crowd, catalogue, codes, interactions),
    ]


def _record(*fields: str) -> str:
    return ";".join(fields)


def _quoted(field: str) -> str:
    return '"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_users(path: Path, rng: np.random.Generator, crowd: People, extra: int) -> Path:
    cities = list(COUNTRIES.items())
    places, ages = [], []
    for place, age, dice, known in zip(
        crowd.place.tolist(), crowd.age.tolist(), rng.random(len(crowd.age)).tolist(),
        (rng.random(len(crowd.age)) < 0.6).tolist(), strict=True,
    ):  # fmt: skip
        country, towns = cities[place]
        places.append(f"{towns[int(dice * len(towns))]}, {country}")
        ages.append(f'"{age}"' if known else "NULL")
    places += text.pick(rng, ["oslo, n/a, norway", "n/a, n/a, n/a", "rio de janeiro, rio de janeiro, brazil"], extra)
    ages += text.pick(rng, ["NULL", "NULL", '"239"', '"0"', '"34"'], extra)
    _spoil_users(places, ages)
    lines = (_record(f'"{i}"', _quoted(p), a) for i, (p, a) in enumerate(zip(places, ages, strict=True), FIRST_USER))
    return write_lines(path, ['"User-ID";"Location";"Age"', *lines], end="\r\n", encoding="latin-1")


def _spoil_users(places: list[str], ages: list[str]) -> None:
    for row in range(4, len(places), 131):
        places[row] = f'{places[row].split(", ")[0]}, "n/a", {places[row].split(", ")[-1]}'
    for row in range(19, len(places), 90):
        places[row] = ", ".join([*places[row].split(", ")[:-1], ""])
    for row, junk in zip(range(9, len(ages), 170), ("239", "0", "1", "204", "101") * 99, strict=False):
        ages[row] = f'"{junk}"'
    places[len(places) // 2] = "lisboa\r\n, lisboa, portugal"


def _write_books(path: Path, rng: np.random.Generator, catalogue: Items, codes: list[str]) -> Path:
    listed = len(codes) * 9 // 10
    themes = text.themes_named(THEMES)
    names = text.titles(
        rng,
        [themes[g] for g in catalogue.genre[:listed].tolist()],
        phrases.BOOKS,
    )
    names = text.plant(text.distinct(names, ", Volume {n}"), latin=True)
    for row in range(12, listed, 57):
        names[row] = names[row].replace(" and ", " &amp; ") + (" (Querschüsse)", " &amp; More")[row % 2]
    for row in range(26, listed, 310):
        names[row] = f"The Reader’s {names[row]}"
    names[min(60, listed - 1)] = "Querschüsse".encode().decode("latin-1")
    authors = [
        f"{a} {b}" for a, b in zip(text.pick(rng, PEOPLE, listed), text.pick(rng, SURNAMES, listed), strict=True)
    ]
    years = np.where(rng.random(listed) < 0.02, 0, rng.integers(1950, 2004, listed)).tolist()
    publishers = text.pick(rng, PUBLISHERS, listed)
    header = ("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher", "Image-URL-S", "Image-URL-M",
              "Image-URL-L")  # fmt: skip
    lines = [_record(*map(_quoted, header))]
    for row, (code, name) in enumerate(zip(codes, names, strict=False)):
        images = [_quoted(IMAGE.format(code, letter)) for letter in ("THUMBZZZ", "MZZZZZZZ", "LZZZZZZZ")]
        parts = [_quoted(name), _quoted(authors[row])]
        if row in (20, 45, 70):  # the release has three: title and author run together
            parts = [_quoted(f'{name}";{authors[row]}')]
        lines.append(_record(_quoted(code), *parts, f'"{years[row]}"', _quoted(publishers[row]), *images))
    return write_lines(path, lines, end="\r\n", encoding="cp1252")


def _write_ratings(
    path: Path, rng: np.random.Generator, crowd: People, catalogue: Items, codes: list[str], interactions: int
) -> Path:
    taste = world.tastes(rng, crowd.latent, len(THEMES))
    read = histories.visits(rng, crowd, taste, catalogue, _lengths(rng, crowd, len(codes), interactions), (0, 1))
    rating = histories.on_scale(read.score, mean=7.2, spread=1.6, low=1, high=10, step=1)
    rating = histories.with_extremes(rating, read.score, read.user, count=6, disliked=10, liked=8)
    rating = np.where(rng.random(len(rating)) < _silence(read.user), 0, rating).astype(int)
    order = np.lexsort((np.argsort(np.argsort(codes))[read.item], read.user))  # each list by ISBN, as in the release
    read = Visits(user=read.user[order], item=read.item[order], stamp=read.stamp[order], score=read.score[order])
    rating = rating[order]
    isbn = [codes[i] for i in read.item.tolist()]
    for row in range(33, len(isbn), 4_000):
        isbn[row] = f'"{isbn[row]}"' if row // 4_000 % 2 == 0 else isbn[row].lower()
    rows = zip((read.user + FIRST_USER).tolist(), isbn, rating.tolist(), strict=True)
    lines = (_record(f'"{u}"', _quoted(i), f'"{r}"') for u, i, r in rows)
    return write_lines(path, _headed('"User-ID";"ISBN";"Book-Rating"', lines), end="\r\n", encoding="latin-1")


def _headed(header: str, lines: Iterable[str]) -> Iterator[str]:
    yield header
    yield from lines


def _lengths(rng: np.random.Generator, crowd: People, items: int, interactions: int) -> IntArray:
    """Half read much, half less: fewer people rate than have told where they live."""
    users = len(crowd.age)
    least = np.where(np.arange(users) % 2 < 1, 42, 24)
    return histories.activity(rng, users, interactions, least=least, most=max(items // 6, 42), cold=SIZE.cold)


def _silence(user: IntArray) -> FloatArray:
    """Return the share of a user's readings left without an opinion."""
    return np.where(user % 2 < 1, 0.59, 0.62)
