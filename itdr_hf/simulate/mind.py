"""MIND small as it is downloaded: MINDsmall_train and MINDsmall_dev, behaviors.tsv and news.tsv each.

Quirks written: tabs, no header, no quoting (raw " in titles), US 12-hour times without zero padding, empty
histories, repeated history ids, news ids shared by train and dev, empty abstracts, entities as JSON.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import BASE36, codes
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.impressions import EACH, Impressions, impressions
from itdr_hf.simulate.vocabulary import PLACES, THEMES
from itdr_hf.simulate.world import Items, Size

FOLDER = "mind"
SIZE = Size(users=13_100, items=8_600, interactions=174_000, cold=0.45)
CATEGORIES = {"news": ("newspolitics", "politics"), "sports": ("football_nfl", "sport"),
              "finance": ("markets", "business"),
              "foodanddrink": ("recipes", "food"), "travel": ("traveltripideas", "travel"),
              "lifestyle": ("lifestylebuzz", "fashion"), "health": ("wellness", "health"),
              "autos": ("autosnews", "tech"), "video": ("viral", "comedy"), "tv": ("tvnews", "drama"),
              "music": ("musicnews", "music"), "movies": ("movienews", "action"),
              "entertainment": ("celebrity", "romance"), "weather": ("weathertopstories", "nature"),
              "kids": ("animals", "children"), "crime": ("newscrime", "crime")}  # fmt: skip
TRAIN = (1_573_257_600, 1_573_776_000)  # 9 to 14 November 2019
DEV = (1_573_776_000, 1_573_862_400)  # 15 November 2019
DEV_ONLY = 0.07  # share of news that only dev knows
OFFERS = 18  # news that an impression shows; in MIND it is 38


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write both splits: `interactions` make up the histories, and clicks on the days of train come on top."""
    rng = world.generator("mind", seed)
    crowd = world.people(rng, users)
    catalogue = world.items(rng, items, len(CATEGORIES))
    shared = items - int(items * DEV_ONLY)
    early = Items(genre=catalogue.genre[:shared], second=catalogue.second[:shared],
                  popularity=catalogue.popularity[:shared], quality=catalogue.quality[:shared], born=catalogue.born[:shared])  # fmt: skip
    taste = world.tastes(rng, crowd.latent, len(CATEGORIES))
    lengths = histories.activity(rng, users, interactions, least=15, most=max(shared // 6, 15), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, early, lengths, TRAIN)
    news_ids = [f"N{number}" for number in rng.permutation(items * 8)[:items].tolist()]
    user_ids = [f"U{number}" for number in rng.permutation(users * 3)[:users].tolist()]
    news = _news(rng, catalogue, news_ids)
    train, dev = folder / "MINDsmall_train", folder / "MINDsmall_dev"
    people = _split(seen)
    shown = impressions(
        rng,
        users=users,
        news=shared,
        rows=round(EACH * users),
        begin=TRAIN[0],
        offers=OFFERS,
        taste=(taste, early.genre),
    )
    dev_rows = list(_dev(rng, people, news_ids, user_ids, shared))
    known = set(" ".join(row.split("\t", 3)[3] for row in dev_rows).replace("\t", " ").replace("-", " ").split())
    return [
        write_lines(train / "news.tsv", news[:shared]),
        write_lines(train / "behaviors.tsv", _train(rng, people, shown, news_ids, user_ids)),
        write_lines(dev / "news.tsv", [line for line, code in zip(news, news_ids, strict=True) if code in known]),
        write_lines(dev / "behaviors.tsv", dev_rows),
    ]


def moment(stamp: int) -> str:
    """Seconds as MIND writes them: 11/9/2019 2:14:46 PM."""
    at = datetime.fromtimestamp(stamp, UTC)
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"


def _split(seen: Visits) -> dict[int, list[int]]:
    edges = np.flatnonzero(np.diff(seen.user)) + 1
    return dict(zip(np.unique(seen.user).tolist(), (part.tolist() for part in np.split(seen.item, edges)), strict=True))


def _news(rng: np.random.Generator, catalogue: Items, ids: list[str]) -> list[str]:
    kinds = list(CATEGORIES.items())
    genres = catalogue.genre.tolist()
    themes = [THEMES[kinds[g][1][1]] for g in genres]
    names = text.plant(text.distinct(text.titles(rng, themes, phrases.NEWS), ", day {n}"))
    plots = text.descriptions(rng, themes, "report", further=2)
    links = codes(rng, len(ids), 7, BASE36)
    lines = []
    for row, (name, genre) in enumerate(zip(names, genres, strict=True)):
        category, (sub, _) = kinds[genre]
        abstract = "" if row % 20 == 13 else plots[row]
        link = f"https://assets.msn.com/labs/mind/{links[row]}.html"
        lines.append("\t".join([ids[row], category, sub, name, abstract, link,
                                _entities(name), "" if row % 900 == 700 else _entities(abstract)]))  # fmt: skip
    return lines


def _entities(words: str) -> str:
    found = [place for place in PLACES if place in words]
    return json.dumps([
        {"Label": place, "Type": "G", "WikidataId": f"Q{1_000 + PLACES.index(place)}", "Confidence": 1.0,
         "OccurrenceOffsets": [words.index(place)], "SurfaceForms": [place]} for place in found
    ])  # fmt: skip


def _train(
    rng: np.random.Generator, people: dict[int, list[int]], seen: Impressions, ids: list[str], user_ids: list[str]
) -> Iterator[str]:
    firsts = np.searchsorted(seen.shown, np.arange(len(seen.user) + 1)).tolist()
    users, stamps = seen.user.tolist(), seen.stamp.tolist()
    offers = [f"{ids[item]}-{mark}" for item, mark in zip(seen.news.tolist(), seen.clicked.tolist(), strict=True)]
    pasts = {user: " ".join([ids[item] for item in _past(user, items)]) for user, items in people.items()}
    for number, row in enumerate(rng.permutation(len(users)).tolist(), 1):
        listed, user = " ".join(offers[firsts[row] : firsts[row + 1]]), users[row]
        yield f"{number}\t{user_ids[user]}\t{moment(stamps[row])}\t{pasts.get(user, '')}\t{listed}"


def _past(user: int, items: list[int]) -> list[int]:
    """Return what stands as read before: of a few users nothing, of others an article twice."""
    if user % 40 == 9:
        return []
    return [*items, items[0]] if user % 20 == 7 else items


def _dev(
    rng: np.random.Generator, people: dict[int, list[int]], ids: list[str], user_ids: list[str], shared: int
) -> Iterator[str]:
    users = [user for user in people if user % 8 == 1]
    when = rng.integers(*DEV, len(users)).tolist()
    shown = rng.integers(0, len(ids), (len(users), 16)).tolist()
    fresh = rng.integers(shared, len(ids), len(users)).tolist() if shared < len(ids) else [0] * len(users)
    usable = [news for news in range(len(ids)) if news >= shared or news % 10 < 5]
    for number, user in enumerate(users, 1):
        others = [usable[place % len(usable)] for place in shown[number - 1]]
        known = {*people[user], fresh[number - 1]}
        yield _behavior(number, user_ids[user], when[number - 1], people[user], [fresh[number - 1]], others, known, ids)


def _behavior(
    number: int, user: str, stamp: int, past: list[int], clicks: list[int], shown: list[int], known: set[int],
    ids: list[str],
) -> str:  # fmt: skip
    passed = [item for item in shown if item not in known]
    offers = [f"{ids[item]}-0" for item in passed]
    for click in clicks:
        offers.insert(stamp % (len(offers) + 1), f"{ids[click]}-1")
    history = " ".join(ids[item] for item in past)
    return f"{number}\t{user}\t{moment(stamp)}\t{history}\t{' '.join(offers)}"
