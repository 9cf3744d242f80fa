"""Anime Dataset 2023 (Kaggle, MyAnimeList) as it is downloaded: titles, users and scores.

Quirks written: 24 columns, multi-line quoted Synopsis, literal UNKNOWN for missing, "26.0" episodes, four
repeated names, mostly empty Gender, Birthday and Location, rows without counters, empty and 'nan' usernames.
"""

from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import write_csv
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import PEOPLE, PLACES, SURNAMES
from itdr_hf.simulate.world import IntArray, Items, People, Size

FOLDER = "anime-2023"
SIZE = Size(users=16_200, items=8_200, interactions=216_000, cold=0.45)
GENRES = {
    "Action": "action", "Adventure": "adventure", "Comedy": "comedy", "Drama": "drama", "Fantasy": "fantasy",
    "Horror": "horror", "Mystery": "mystery", "Romance": "romance", "Sci-Fi": "scifi", "Slice of Life": "nature",
    "Sports": "sport", "Supernatural": "horror", "Suspense": "thriller", "Gourmet": "food",
}  # fmt: skip
LOCATIONS = ("Tokyo, Japan", "California, USA", "London, UK", "Brazil", "Warsaw, Poland", "Indonesia",
             "Berlin, Germany", "Canada", "Paris, France", "Philippines",
             "somewhere over the rainbow", "Italy")  # fmt: skip
KANA = ("アイ", "カゼ", "ソラ", "ユメ", "ホシ", "ハナ", "ツキ", "リュウ", "マホウ", "ネコ", "の物語", "戦記")
TYPES = ("TV", "Movie", "OVA", "Special", "ONA", "Music")
AUDIENCES = ("PG-13 - Teens 13 or older", "R - 17+ (violence & profanity)", "G - All Ages", "PG - Children",
             "R+ - Mild Nudity", "Rx - Hentai", "UNKNOWN")  # fmt: skip
TITLE_HEADER = [
    "anime_id", "Name", "English name", "Other name", "Score", "Genres", "Synopsis", "Type", "Episodes", "Aired",
    "Premiered", "Status", "Producers", "Licensors", "Studios", "Source", "Duration", "Rating", "Rank",
    "Popularity", "Favorites", "Scored By", "Members", "Image URL",
]  # fmt: skip
USER_HEADER = [
    "Mal ID", "Username", "Gender", "Birthday", "Location", "Joined", "Days Watched", "Mean Score", "Watching",
    "Completed", "On Hold", "Dropped", "Plan to Watch", "Total Entries", "Rewatched", "Episodes Watched",
]  # fmt: skip
SCORE_HEADER = ("user_id", "Username", "anime_id", "Anime Title", "rating")


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
    further: int = 10,
) -> list[Path]:
    """Write the release: as many people again are listed as have scored anything; `further` sentences a synopsis at most."""
    rng = world.generator("anime2023", seed)
    crowd = world.people(rng, users, places=len(LOCATIONS))
    catalogue = world.items(rng, items, len(GENRES))
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    lengths = histories.activity(rng, users, interactions, least=14, most=max(items // 6, 14), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, (0, 1))
    opinion = histories.on_scale(seen.score, mean=7.0, spread=1.8, low=1, high=10, step=1)
    opinion = histories.with_extremes(opinion, seen.score, seen.user, count=4, disliked=4, liked=8)
    rating = opinion.astype(np.int64)
    mal_ids = numbers(rng, users * 2, 1, users * 6 + 10)
    scorers = np.sort(rng.choice(users * 2, users, replace=False))
    names = _usernames(rng, users * 2)
    anime_ids = numbers(rng, items, 1, items * 3 + 50)
    titles = _titles(rng, catalogue)
    listed = np.lexsort((np.argsort(np.argsort(titles))[seen.item], seen.user))  # each list by title, as on the site
    ratings = zip(
        mal_ids[scorers[seen.user[listed]]].tolist(), (names[i] for i in scorers[seen.user[listed]].tolist()),
        anime_ids[seen.item[listed]].tolist(), (titles[i] for i in seen.item[listed].tolist()),
        rating[listed].tolist(), strict=True,
    )  # fmt: skip
    return [
        _write_titles(folder / "anime-dataset-2023.csv", rng, catalogue, anime_ids, titles, seen, rating, further),
        _write_users(folder / "users-details-2023.csv", rng, crowd, mal_ids, names, scorers),
        write_csv(folder / "users-score-2023.csv", SCORE_HEADER, ratings),
    ]


def _usernames(rng: np.random.Generator, count: int) -> list[str]:
    stems = zip(text.pick(rng, PEOPLE, count), text.pick(rng, SURNAMES, count), strict=True)
    names = text.distinct([f"{a}{'_' if len(b) % 2 else ''}{b[:4]}" for a, b in stems], "{n}")
    for row, name in zip(range(5, count, 11), ("nan", "", "NA", "null", "None"), strict=False):
        names[row] = name
    return names


def _titles(rng: np.random.Generator, catalogue: Items) -> list[str]:
    themes = text.themes_named(list(GENRES.values()))
    names = text.titles(
        rng,
        [themes[g] for g in catalogue.genre.tolist()],
        (*phrases.GAMES, *phrases.BOOKS),
    )
    names = text.plant(text.distinct(names, " {n}nd Season"))
    for row in range(30, min(len(names), 70), 10):
        names[row] = names[row - 1]
    return names


def _write_titles(
    path: Path, rng: np.random.Generator, catalogue: Items, anime_ids: IntArray, names: list[str], seen: Visits,
    rating: IntArray, further: int,
) -> Path:  # fmt: skip
    count = len(names)
    kinds = list(GENRES)
    themes = text.themes_named(list(GENRES.values()))
    plots = text.descriptions(rng, [themes[g] for g in catalogue.genre.tolist()], "story", further=further)
    votes = np.bincount(seen.item, minlength=count)
    mean = np.bincount(seen.item, weights=rating, minlength=count) / np.maximum(votes, 1)
    rank = np.argsort(np.argsort(-mean)) + 1
    fame = np.argsort(np.argsort(-catalogue.popularity)) + 1
    dice = rng.random((count, 6)).tolist()
    rows = (
        _title_row(anime_ids[i], names[i], plots[i],
                   [kinds[g] for g in sorted({catalogue.genre[i], catalogue.second[i]})], dice[i], int(votes[i]), float(mean[i]), int(rank[i]), int(fame[i]))
        for i in range(count)
    )  # fmt: skip
    return write_csv(path, TITLE_HEADER, rows)


def _title_row(
    number: int, name: str, plot: str, genres: list[str], dice: list[float], votes: int, mean: float, rank: int,
    fame: int,
) -> list[object]:  # fmt: skip
    year, month = 1975 + int(dice[0] * 48), int(dice[1] * 12)
    kind = TYPES[int(dice[2] ** 2 * len(TYPES))]
    episodes = f"{1 if kind == 'Movie' else 12 + int(dice[3] * 3) * 7}.0"
    audience = AUDIENCES[int(dice[4] ** 1.6 * len(AUDIENCES))]
    studio = f"Studio {PLACES[int(dice[5] * len(PLACES))]}"
    unknown = dice[5] < 0.12
    synopsis = "No description available for this anime." if unknown else plot.replace(". ", ".\n\n", 1)
    month_name = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[month]
    season = ("winter", "spring", "summer", "fall")[month // 3]
    return [
        number, name, name if dice[0] < 0.6 else "UNKNOWN", KANA[int(dice[1] * 12)] + KANA[int(dice[3] * 12)],
        f"{mean:.2f}" if votes and dice[5] < 0.9 else "UNKNOWN",
        "UNKNOWN" if unknown and dice[3] < 0.5 else ", ".join(genres), synopsis,
        kind, "UNKNOWN" if dice[4] > 0.97 else episodes, f"{month_name} {int(dice[3] * 28) + 1}, {year}",
        f"{season} {year}" if kind == "TV" else "UNKNOWN", "Finished Airing", f"{studio}, Lantern Video",
        "UNKNOWN" if dice[1] < 0.7 else "Beacon Media", "UNKNOWN" if unknown else studio,
        ("Manga", "Original", "Light novel", "Game")[int(dice[2] * 4)], "24 min per ep", audience,
        f"{rank}.0" if votes else ("0.0" if dice[0] < 0.5 else "UNKNOWN"), fame, int(votes * dice[2]),
        f"{votes}.0" if votes else "UNKNOWN", votes * 3, f"https://cdn.example.net/images/anime/{number}.jpg",
    ]  # fmt: skip


def _write_users(
    path: Path, rng: np.random.Generator, crowd: People, mal_ids: IntArray, names: list[str], scorers: IntArray
) -> Path:
    person = np.full(len(names), -1)
    person[scorers] = np.arange(len(scorers))
    dice = rng.random((len(names), 6)).tolist()
    rows = [_user_row(crowd, who, dice[i], int(mal_ids[i]), names[i]) for i, who in enumerate(person.tolist())]
    for row in [i for i, who in enumerate(person.tolist()) if who < 0][:8]:
        rows[row][6:] = [""] * 10
    return write_csv(path, USER_HEADER, rows)


def _user_row(crowd: People, who: int, dice: list[float], number: int, name: str) -> list[object]:
    gender = birthday = location = ""
    if who >= 0 and dice[0] < 0.84:  # those who score tell more about themselves
        if dice[1] < 0.65:
            gender = "Non-Binary" if dice[5] < 0.02 else ("Male", "Female")[crowd.gender[who]]
        if dice[2] < 0.5:
            birthday = f"{2023 - crowd.age[who]}-{int(dice[3] * 12) + 1:02d}-{int(dice[4] * 28) + 1:02d}T00:00:00+00:00"
        if dice[3] < 0.5 or not (gender or birthday):
            location = LOCATIONS[crowd.place[who]]
    joined = f"{2006 + int(dice[4] * 16)}-{int(dice[5] * 12) + 1:02d}-{int(dice[0] * 28) + 1:02d}T00:00:00+00:00"
    watched = int(dice[5] * 300) if who >= 0 else 0
    counters = (int(dice[1] * 9), watched, int(dice[2] * 9), int(dice[3] * 9), int(dice[4] * 40), watched + 20, 0,
                watched * 12)  # fmt: skip
    return [number, name, gender, birthday, location, joined, f"{watched / 5:.1f}", f"{5 + dice[1] * 4:.2f}",
            *(f"{counter}.0" for counter in counters)]  # fmt: skip
