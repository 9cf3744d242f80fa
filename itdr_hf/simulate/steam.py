"""Steam (version 2) as it is downloaded: steam_reviews.json.gz and steam_games.json.gz.

Quirks written: a python dict with u'…' strings per line, \\u escapes, absent keys, no rating, user_id mostly
absent, colliding usernames ("123"), a username 'nan', repeated (user, game); games without id or title, one
id twice, prices as text, entities in genres.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import PEOPLE, PLACES, SURNAMES, THEMES
from itdr_hf.simulate.world import FloatArray, Items, Size

FOLDER = "steam"
SIZE = Size(users=12_900, items=8_200, interactions=132_000, cold=0.45)
GENRES = {"Action": "action", "Adventure": "adventure", "RPG": "fantasy", "Strategy": "war", "Simulation": "tech",
          "Sports": "sport", "Casual": "children", "Indie": "drama", "Racing": "thriller", "Horror": "horror",
          "Space": "scifi", "Animation &amp; Modeling": "music", "Detective": "mystery", "Western": "western"}  # fmt: skip
SPECS = ("Single-player", "Multi-player", "Steam Achievements", "Steam Cloud", "Full controller support")
SHARED_NAMES = ("123", "Alex", "nan", "Player")
PERIOD = (1_287_100_800, 1_515_110_400)  # 15 October 2010 to 5 January 2018


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release; hours played follow how well a game is liked."""
    rng = world.generator("steam", seed)
    crowd = world.people(rng, users)
    catalogue = world.items(rng, items, len(GENRES))
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    lengths = histories.activity(rng, users, interactions, least=13, most=max(items // 6, 13), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    hours = 10 ** (0.8 + 0.75 * seen.score)
    hours = histories.with_extremes(hours, seen.score, seen.user, count=5, disliked=1.7, liked=11.5)
    hours = np.round(hours * rng.uniform(0.9, 1.1, len(hours)), 1)
    app_ids = [str(number * 10) for number in rng.permutation(numbers(rng, items, 1, items * 9)).tolist()]
    return [
        write_lines(folder / "steam_reviews.json.gz", _reviews(rng, users, catalogue, app_ids, seen, hours)),
        write_lines(folder / "steam_games.json.gz", _games(rng, catalogue, app_ids)),
    ]


def literal(value: object) -> str:
    """Return a value as python 2 prints it: u'…' strings, \\u escapes."""
    if isinstance(value, str):
        return "u" + ascii(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    return repr(value)


def _reviews(
    rng: np.random.Generator, users: int, catalogue: Items, app_ids: list[str], seen: Visits, hours: FloatArray
) -> Iterator[str]:
    names, ids, owned = _players(rng, users)
    count = len(hours)
    bodies = text.reviews(rng, text.themes_named(list(GENRES.values())), catalogue.genre[seen.item],
                          text.sentiments(hours, 2, 10), thing="game", middles=4).tolist()  # fmt: skip
    days = [str(day)[:10] for day in seen.stamp.astype("datetime64[s]").astype("datetime64[D]").tolist()]
    dice = rng.random((count, 6)).tolist()
    order = np.argsort(seen.item, kind="stable").tolist()
    user, item, played = seen.user.tolist(), seen.item.tolist(), hours.tolist()
    for place, row in enumerate(order):
        who = user[row]
        words = bodies[row] + (" Très joli ★ don't miss it\nlol" if dice[row][5] < 0.03 else "")
        review = _review(names[who], played[row], owned[who], app_ids[item[row]], place, days[row], words, dice[row])
        if ids[who]:
            review["user_id"] = ids[who]
        yield literal(review)
        if dice[row][4] > 0.99:  # the same person again, later
            yield literal({**review, "date": "2018-01-04", "text": words + " Edit: still think so."})


def _review(
    name: str, hours: float, owned: int, game: str, place: int, day: str, words: str, dice: list[float]
) -> dict[str, object]:
    review: dict[str, object] = {"username": name}
    if dice[0] > 0.003:
        review["hours"] = hours
    if dice[1] > 0.002:
        review["products"] = owned
    review |= {"product_id": game, "page_order": place % 10, "date": day}
    if dice[2] > 0.004:
        review["text"] = words
    review |= {"early_access": dice[3] < 0.1, "page": place // 10 % 300 + 1}
    if dice[4] < 0.154:
        review["found_funny"] = int(dice[3] * 20) + 1
    if dice[5] > 0.981:
        review["compensation"] = "Product received for free"
    return review


def _players(rng: np.random.Generator, users: int) -> tuple[list[str], list[str], list[int]]:
    stems = zip(text.pick(rng, PEOPLE, users), text.pick(rng, SURNAMES, users), strict=True)
    names = text.distinct([f"{a}{b[:3].lower()}" if len(b) % 2 else f"[{b[:2]}] {a}" for a, b in stems], "_{n}")
    for row in range(3, users, 37):
        names[row] += " ☠ Ψ"
    for row in (33, *range(9, users, 60)):  # different people, one name
        names[row] = SHARED_NAMES[row // 60 % 2]
    for row, name in zip((2, 5), SHARED_NAMES[2:], strict=True):
        names[row] = name
    ids = [f"765611980{number:08d}" for number in rng.permutation(users * 9)[:users].tolist()]
    hidden = (rng.random(users) < 0.59).tolist()
    owned = rng.integers(14, 900, users).tolist()
    return names, ["" if none else code for code, none in zip(ids, hidden, strict=True)], owned


def _games(rng: np.random.Generator, catalogue: Items, app_ids: list[str]) -> Iterator[str]:
    themes = text.themes_named(list(GENRES.values()))
    names = text.titles(rng, [themes[g] for g in catalogue.genre.tolist()], phrases.GAMES)
    names = text.plant(text.distinct(names, " {n}"))
    dice = rng.random((len(names), 8)).tolist()
    lines = [literal(_game(names[row], app_ids[row], catalogue, row, dice[row])) for row in range(len(names))]
    yield from lines
    yield lines[min(len(lines) - 1, 100)]
    for name in ("A Game Without Id", "Another Without Id"):
        yield literal({"app_name": name, "genres": ["Indie"], "early_access": False, "price": 0.99})


def _game(name: str, code: str, catalogue: Items, row: int, dice: list[float]) -> dict[str, object]:
    kinds, themes = list(GENRES), list(GENRES.values())
    genre = int(catalogue.genre[row])
    genres = list(dict.fromkeys([kinds[genre], kinds[int(catalogue.second[row])], "Indie"]))
    studio = f"{PLACES[int(dice[0] * 30)]} Games"
    game: dict[str, object] = {"publisher": studio, "genres": genres, "app_name": name}
    if dice[1] > 0.06:
        game["title"] = name
    else:
        del game["publisher"]
    game["url"] = f"http://store.steampowered.com/app/{code}/"
    year = 2006 + int(dice[2] * 12)
    game["release_date"] = f"{year}-{int(dice[3] * 12) + 1:02d}-04" if dice[4] < 0.95 else (
        "Soon..", str(year), f"Jun {year}", "Октябрь 2017")[int(dice[3] * 4)]  # fmt: skip
    game["tags"] = [*genres, *(feature.title() for feature in THEMES[themes[genre]].features[:3])]
    game["reviews_url"] = f"http://steamcommunity.com/app/{code}/reviews/?browsefilter=mostrecent&p=1"
    game["specs"] = list(SPECS[: int(dice[5] * 5) + 1])
    if dice[6] > 0.04:
        free = ("Free to Play", "Free To Play", "Free")
        game["price"] = free[int(dice[0] * 3)] if dice[6] < 0.14 else round(0.99 + int(dice[7] * 40), 2)
    game["early_access"] = dice[7] < 0.08
    game["id"] = code
    game["developer"] = studio
    if dice[5] > 0.22:
        game["sentiment"] = ("Very Positive", "Mixed", "Mostly Negative", "3 user reviews")[int(dice[3] * 4)]
    if dice[4] < 0.08:
        game["metascore"] = "NA" if dice[0] < 0.2 else 40 + int(dice[2] * 55)
    return game
