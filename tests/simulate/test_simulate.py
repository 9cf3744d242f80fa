"""The simulated releases: true formats, true quirks, a taste that is really there, the same bytes every time."""

import ast
import csv
import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.runtime.progress import Progress
from itdr_hf.simulate import SOURCES, amazon2023, histories, microlens, movielens32m, simulate, world

Rows = list[list[str]]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    simulate(folder, scale=0.01)
    return folder


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines(path: Path, encoding: str = "utf-8") -> list[str]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return content.decode(encoding).split("\n")[:-1]


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, strict=True))


def crossing(path: Path) -> Rows:
    with path.open(encoding="latin-1", newline="") as stream:
        return list(csv.reader(stream, delimiter=";", escapechar="\\", doublequote=False, strict=True))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(raw: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again", scale=0.01)
    simulate(tmp_path / "other", scale=0.01, seed=1)
    assert digests(tmp_path / "again") == digests(raw)
    both = set(digests(tmp_path / "other").items()) & set(digests(raw).items())
    assert {Path(name).name for name, _ in both} == {"SIMULATED"}


def test_a_source_written_alone_has_the_bytes_it_has_in_company(raw: Path, tmp_path: Path) -> None:
    simulate(tmp_path, sources=["pixelrec", "mind"], scale=0.01)
    alone = digests(tmp_path)
    assert alone and alone.items() <= digests(raw).items()


def test_every_source_lands_in_its_folder_and_reports_its_files(tmp_path: Path) -> None:
    said: list[Progress] = []
    written = simulate(tmp_path, scale=0.01, progress=said.append)
    assert [p.detail for p in said] == [*written, ""] == [*SOURCES, ""] and said[-1][:3] == ("simulating", 13, 13)
    for name, paths in written.items():
        assert all(path.is_relative_to(tmp_path / SOURCES[name].FOLDER) for path in paths)
    assert {path for paths in written.values() for path in paths} == {p for p in tmp_path.rglob("*") if p.is_file()}


def test_an_unknown_source_and_a_scale_that_is_not_positive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no source to simulate 'gowalla'; have: movielens32m, "):
        simulate(tmp_path, sources=["movielens1m", "gowalla"])
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="want a number above 0"):
            simulate(tmp_path, scale=scale)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    from itdr_hf.simulate.files import write_text

    def broken() -> Iterator[str]:
        yield "half"
        raise OSError("disk full")

    (tmp_path / "kept.txt").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        write_text(tmp_path / "kept.txt", broken())
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert (tmp_path / "kept.txt").read_text() == "old"


def test_a_small_world_stays_small_and_a_history_stays_far_below_the_catalogue(raw: Path) -> None:
    assert sum(path.stat().st_size for path in raw.rglob("*") if path.is_file()) < 8e6
    ratings = rows(raw / "ml-32m" / "ratings.csv")[1:]
    per_user = Counter(row[0] for row in ratings)
    assert len(per_user) == 80 and min(per_user.values()) >= 20
    assert max(per_user.values()) <= len(rows(raw / "ml-32m" / "movies.csv")) / 3


def test_a_given_number_of_interactions_is_met_exactly(tmp_path: Path) -> None:
    movielens32m.write(tmp_path, users=300, items=900, interactions=40_000)
    ratings = rows(tmp_path / "ratings.csv")[1:]
    assert len(ratings) == 40_000 == len({(user, movie) for user, movie, *_ in ratings})


def test_movielens_32m_has_its_quirks(raw: Path) -> None:
    folder = raw / "ml-32m"
    ratings = rows(folder / "ratings.csv")
    assert ratings[0] == ["userId", "movieId", "rating", "timestamp"]
    keys = [(int(user), int(movie)) for user, movie, *_ in ratings[1:]]
    assert keys == sorted(set(keys))
    assert {row[2] for row in ratings[1:]} <= {f"{half / 2:.1f}" for half in range(1, 11)}
    movies = rows(folder / "movies.csv")[1:]
    titles = [row[1] for row in movies]
    assert any(row[2] == "(no genres listed)" for row in movies)
    assert any(", The (" in title for title in titles) and any(title != title.strip() for title in titles)
    assert any(not re.search(r"\(\d{4}\)\s*$", title) for title in titles) and len(set(titles)) < len(titles)
    assert any('""' in line for line in lines(folder / "movies.csv"))
    links = rows(folder / "links.csv")[1:]
    assert all(len(row[1]) == 7 for row in links) and any(row[1][0] == "0" for row in links)
    assert any(row[2] == "" for row in links)
    assert len(rows(folder / "tags.csv")[1]) == 4


def test_movielens_1m_has_its_quirks(raw: Path) -> None:
    folder = raw / "ml-1m"
    users = [line.split("::") for line in lines(folder / "users.dat")]
    assert {row[1] for row in users} == {"M", "F"} and {row[2] for row in users} <= {
        "1",
        "18",
        "25",
        "35",
        "45",
        "50",
        "56",
    }
    assert all(0 <= int(row[3]) <= 20 for row in users) and any(re.fullmatch(r"\d{5}-\d{4}", row[4]) for row in users)
    movies = [line.split("::") for line in lines(folder / "movies.dat", "latin-1")]
    assert all(len(row) == 3 for row in movies) and any("Children's" in row[2] for row in movies)
    with pytest.raises(UnicodeDecodeError):
        (folder / "movies.dat").read_bytes().decode("utf-8")
    liked = Counter(row[0] for row in (line.split("::") for line in lines(folder / "ratings.dat")) if int(row[2]) > 3)
    assert len(liked) == len(users) and min(liked.values()) >= 10


def test_book_crossing_has_its_quirks(raw: Path) -> None:
    folder = raw / "book-crossing"
    raw_users = (folder / "BX-Users.csv").read_bytes().decode("latin-1")
    assert ";NULL\r\n" in raw_users and '\\"n/a\\"' in raw_users and "lisboa\r\n, lisboa" in raw_users
    ages = {row[2] for row in crossing(folder / "BX-Users.csv")[1:]}
    assert {"0", "239", "NULL"} <= ages
    raw_books = (folder / "BX-Books.csv").read_bytes().decode("latin-1")
    assert (
        "&amp;" in raw_books and '\\"' in raw_books and ";" in raw_books and "Ã¼" in raw_books and "\x92" in raw_books
    )
    books = crossing(folder / "BX-Books.csv")[1:]
    assert Counter(len(row) for row in books)[7] == 3 and {len(row) for row in books} == {7, 8}
    assert any(row[3] == "0" for row in books)
    listed = {row[0] for row in books}
    ratings = crossing(folder / "BX-Book-Ratings.csv")[1:]
    assert 0.5 < np.mean([row[2] == "0" for row in ratings]) < 0.7
    assert 0.02 < np.mean([row[1] not in listed for row in ratings]) < 0.25
    assert any(code[0] == "0" for code in listed) and any(code.endswith("X") for code in listed)


def test_anime_2023_has_its_quirks(raw: Path) -> None:
    folder = raw / "anime-2023"
    anime = rows(folder / "anime-dataset-2023.csv")
    assert {len(row) for row in anime} == {24}
    column = {name: [row[place] for row in anime[1:]] for place, name in enumerate(anime[0])}
    assert any("\n" in plot for plot in column["Synopsis"]) and "UNKNOWN" in column["Score"]
    assert "12.0" in column["Episodes"] and len(set(column["Name"])) < len(column["Name"])
    users = rows(folder / "users-details-2023.csv")
    assert {len(row) for row in users} == {16}
    for place in (2, 3, 4):
        assert 0.55 < np.mean([row[place] == "" for row in users[1:]]) < 0.9
    assert {"", "nan"} <= {row[1] for row in users}
    scores = rows(folder / "users-score-2023.csv")
    assert {int(row[4]) for row in scores[1:]} <= set(range(1, 11))


def test_yelp_has_its_quirks(raw: Path) -> None:
    stem = "yelp_academic_dataset_"
    business = lines(raw / "yelp" / f"{stem}business.json")
    shops = [json.loads(line) for line in business]
    assert any("Fitness\\/Yoga" in line for line in business)
    assert any(shop["attributes"] is None for shop in shops) and any(shop["hours"] is None for shop in shops)
    assert any(shop["categories"] is None for shop in shops)
    parking = [shop["attributes"]["BusinessParking"] for shop in shops if shop["attributes"]]
    assert any(isinstance(ast.literal_eval(text), dict) for text in parking)
    assert "u'free'" in {shop["attributes"]["WiFi"] for shop in shops if shop["attributes"]}
    reviews = [json.loads(line) for line in lines(raw / "yelp" / f"{stem}review.json")]
    assert all("\n" in review["text"] and review["stars"] in (1, 2, 3, 4, 5) for review in reviews)
    assert any(re.search(r"\S+@\S+\.com", review["text"]) for review in reviews)
    assert any("555-01" in review["text"] for review in reviews)
    assert any(review["useful"] == -1 for review in reviews)


def test_amazon_2023_has_its_quirks(raw: Path) -> None:
    folder = raw / "amazon-reviews-2023" / "raw"
    names = sorted(path.name for path in (folder / "review_categories").iterdir())
    assert len(names) == 12 and sum(name.endswith(".jsonl.gz") for name in names) == 6
    every: list[dict[str, object]] = []
    unlisted: set[str] = set()
    for path in sorted((folder / "review_categories").iterdir()):
        text = lines(path)
        assert all(line.isascii() for line in text)
        reviews = [json.loads(line) for line in text]
        metas = [json.loads(line) for line in lines(folder / "meta_categories" / f"meta_{path.name}")]
        unlisted |= {review["parent_asin"] for review in reviews} - {meta["parent_asin"] for meta in metas}
        assert any(meta["title"] == "" for meta in metas) and any(meta["price"] is None for meta in metas)
        every += reviews
    assert unlisted
    assert any(review["asin"] != review["parent_asin"] for review in every)
    assert any("<br />" in str(review["text"]) for review in every)
    assert any("&#34;" in str(review["text"]) and "café" in str(review["text"]) for review in every)
    keys = Counter((review["user_id"], review["parent_asin"]) for review in every)
    assert max(keys.values()) > 1
    stamps = [int(str(review["timestamp"])) for review in every]
    assert min(stamps) > 1e12 and any(stamp % 1000 == 0 for stamp in stamps) and any(stamp % 1000 for stamp in stamps)


def test_amazon_pairs_of_domains_share_people(raw: Path) -> None:
    folder = raw / "amazon-reviews-2023" / "raw" / "review_categories"
    for pair in amazon2023.PAIRS:
        source, target = (
            Counter(json.loads(line)["user_id"] for line in lines(next(folder.glob(f"{domain}.jsonl*"))))
            for domain in pair
        )
        assert sum(source[user] >= 5 and target[user] >= 10 for user in source) >= 12


def test_one_amazon_domain_can_be_written_alone_at_any_size(tmp_path: Path) -> None:
    paths = amazon2023.write(tmp_path, users=400, items=500, interactions=9_000, domains=["Software"], compress=True)
    assert [path.name for path in paths] == ["Software.jsonl.gz", "meta_Software.jsonl.gz"]
    assert 8_500 < len(lines(paths[0])) < 9_500


def test_microlens_has_its_quirks_in_both_layouts(raw: Path, tmp_path: Path) -> None:
    titles = (raw / "microlens" / "MicroLens-50k_titles.csv").read_bytes()
    assert titles.startswith(b'item,title\r\n1,"') and b" # " in titles
    pairs = rows(raw / "microlens" / "MicroLens-50k_pairs.csv")
    assert pairs[0] == ["user", "item", "timestamp"] and all(len(row[2]) == 13 for row in pairs[1:])
    assert lines(raw / "microlens" / "MicroLens-50k_likes_and_views.txt")[0].count("\t") == 2
    size = microlens.SIZE.scaled(0.01)
    microlens.write(tmp_path, users=size.users, items=size.items, interactions=size.interactions, layout="100k")
    shown = lines(tmp_path / "MicroLens-100k_title_en.csv")
    assert all(re.match(r"\d+, .*\r$", line) for line in shown) and "18, \r" in shown
    assert any(line.split(", ", 1)[1].count(",") for line in shown)


def test_pixelrec_has_its_quirks(raw: Path) -> None:
    interactions = rows(raw / "pixelrec" / "interaction.csv")
    assert all(re.fullmatch(r"i\d+,u\d+,\d{10}", ",".join(row)) for row in interactions[1:])
    items = rows(raw / "pixelrec" / "item_info.csv")[1:]
    assert any(row[8] == "" for row in items) and any(row[10] == "wb" for row in items)
    assert sum(row[1:8] == [""] * 7 and row[9] == "" for row in items) == 5
    assert all(row[1] == "" or row[1].endswith(".0") for row in items)


def test_amazon_books_has_its_quirks(raw: Path) -> None:
    reviews = rows(raw / "amazon-books" / "Books_rating.csv")[1:]
    books = rows(raw / "amazon-books" / "books_data.csv")[1:]
    assert {row[1] for row in reviews} - {""} <= {row[0] for row in books}
    assert 0.1 < np.mean([row[3] == "" for row in reviews]) < 0.3
    assert {row[6] for row in reviews} <= {"1.0", "2.0", "3.0", "4.0", "5.0"}
    assert any("&quot;" in row[9] for row in reviews)
    editions: dict[str, set[str]] = {}
    for row in reviews:
        editions.setdefault(row[1], set()).add(row[0])
    assert max(map(len, editions.values())) > 1
    assert any(len(ast.literal_eval(row[2])) == 2 for row in books if row[2])
    assert any(""""['O'Dell""" not in row[2] and '"' in row[2] for row in books)


def test_mind_has_its_quirks(raw: Path) -> None:
    train, dev = raw / "mind" / "MINDsmall_train", raw / "mind" / "MINDsmall_dev"
    news = {split.name: [line.split("\t") for line in lines(split / "news.tsv")] for split in (train, dev)}
    for split in (train, dev):
        known = {row[0] for row in news[split.name]}
        behaviors = [line.split("\t") for line in lines(split / "behaviors.tsv")]
        assert {len(row) for row in behaviors} == {5} and {len(row) for row in news[split.name]} == {8}
        assert all(re.fullmatch(r"11/\d+/2019 \d+:\d\d:\d\d [AP]M", row[2]) for row in behaviors)
        used = {code for row in behaviors for code in (row[3] + " " + row[4]).replace("-", " ").split()} - {"0", "1"}
        assert used <= known
    first, second = ({row[0] for row in rows} for rows in news.values())
    assert first & second and first - second and second - first
    histories = [line.split("\t")[3].split() for line in lines(train / "behaviors.tsv")]
    assert any(not past for past in histories) and any(len(set(past)) < len(past) for past in histories)
    assert any(row[3].startswith('"') for row in news["MINDsmall_train"])
    assert any(row[4] == "" for row in news["MINDsmall_train"])


def test_lastfm_1k_has_its_quirks(raw: Path) -> None:
    folder = raw / "lastfm-1k"
    plays = [line.split("\t") for line in lines(folder / "userid-timestamp-artid-artname-traid-traname.tsv")]
    assert {len(row) for row in plays} == {6} and any(row[2] == "" for row in plays)
    keys = [(row[0], row[1]) for row in plays]
    assert keys == sorted(sorted(keys, key=lambda key: key[1], reverse=True), key=lambda key: key[0])
    profiles = [line.split("\t") for line in lines(folder / "userid-profile.tsv")]
    assert profiles[0] == ["#id", "gender", "age", "country", "registered"]
    assert 0.5 < np.mean([row[2] == "" for row in profiles[1:]]) < 0.9


def test_lastfm_360k_has_its_quirks(raw: Path) -> None:
    folder = raw / "lastfm-360k"
    plays = [line.split("\t") for line in lines(folder / "usersha1-artmbid-artname-plays.tsv")]
    assert any(row[0] == "sep 20, 2008" for row in plays) and any(row[2] == "" for row in plays)
    assert sum(len(row[0]) == 40 for row in plays) > 1_000
    profiles = [line.split("\t") for line in lines(folder / "usersha1-profile.tsv")]
    assert {row[1] for row in profiles} == {"m", "f", ""} and {"-1337", ""} <= {row[2] for row in profiles}
    assert all(row[3] for row in profiles)


def test_steam_has_its_quirks(raw: Path) -> None:
    text = lines(raw / "steam" / "steam_reviews.json.gz")
    assert all(line.isascii() and line.startswith("{u'username': u") for line in text)
    assert any("\\u2620" in line for line in text)
    reviews = [ast.literal_eval(line) for line in text]
    assert {"nan", "123"} <= {review["username"] for review in reviews}
    assert 0.3 < np.mean(["user_id" not in review for review in reviews]) < 0.8
    assert any("hours" not in review for review in reviews) and any("text" not in review for review in reviews)
    assert len({review.get("products") for review in reviews if review["username"] == "123"}) > 1
    games = [ast.literal_eval(line) for line in lines(raw / "steam" / "steam_games.json.gz")]
    assert sum("id" not in game for game in games) == 2 and any("title" not in game for game in games)
    assert max(Counter(game["id"] for game in games if "id" in game).values()) == 2
    assert any("&amp;" in genre for game in games for genre in game["genres"])
    assert any(game.get("price") in ("Free to Play", "Free To Play") for game in games)


def test_nasty_but_legal_titles_are_there(raw: Path) -> None:
    titles = [row[1] for row in rows(raw / "microlens" / "MicroLens-50k_titles.csv")]
    for part in ("{title}", "</s>", ",", '"', "1. ", "東京"):
        assert any(part in title for title in titles), part
    assert max(map(len, titles)) > 3_000


def small_world() -> tuple[np.ndarray, np.ndarray, world.People, world.Items, histories.Visits]:
    """People by items: what is known of each (1) and their last five (2)."""
    rng = world.generator("test", 0)
    crowd = world.people(rng, 900)
    catalogue = world.items(rng, 1_200, 14)
    taste = world.tastes(rng, crowd.latent, 14)
    lengths = histories.history_lengths(rng, 900, 24_000, least=14, most=100)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, (0, 10_000_000))
    rank = np.concatenate([np.arange(count)[::-1] for count in lengths])
    known, held = np.zeros((900, 1_200)), np.zeros((900, 1_200))
    known[seen.user[rank >= 5], seen.item[rank >= 5]] = 1
    held[seen.user[rank < 5], seen.item[rank < 5]] = 1
    return known, held, crowd, catalogue, seen


def precision(scores: np.ndarray, known: np.ndarray, held: np.ndarray) -> float:
    """Precision at 5 among five held-out items and five never met, by score."""
    rng = np.random.default_rng(0)
    hits = []
    for user in range(len(known)):
        others = rng.choice(np.flatnonzero(known[user] + held[user] == 0), 5, replace=False)
        candidates = np.concatenate([np.flatnonzero(held[user]), others])
        order = np.argsort(-(scores[user, candidates] + 1e-9 * rng.random(10)))
        hits.append((order[:5] < 5).mean())
    return float(np.mean(hits))


def test_taste_beats_popularity_which_beats_chance() -> None:
    known, held, _, _, _ = small_world()
    popularity = known.sum(axis=0)
    likeness = (known.T @ known) / np.sqrt(np.outer(popularity + 5, popularity + 5))
    np.fill_diagonal(likeness, 0)
    by_taste = precision(known @ likeness, known, held)
    by_popularity = precision(np.tile(popularity, (len(known), 1)), known, held)
    assert by_taste > by_popularity + 0.03 > 0.5 + 0.06


def test_a_users_own_mean_beats_the_global_mean() -> None:
    _, _, _, _, seen = small_world()
    stars = histories.on_scale(seen.score, mean=3.5, spread=1.0, low=1, high=5, step=1)
    early = np.concatenate([[True], seen.user[1:] != seen.user[:-1]])
    first = np.arange(len(stars)) - np.flatnonzero(early)[np.cumsum(early) - 1] < 10
    mine = np.bincount(seen.user[first], weights=stars[first]) / np.bincount(seen.user[first])
    rest = ~first
    own = np.sqrt(np.mean((stars[rest] - mine[seen.user[rest]]) ** 2))
    everyone = np.sqrt(np.mean((stars[rest] - stars[first].mean()) ** 2))
    assert own < 0.97 * everyone


def test_demographics_show_in_tastes() -> None:
    known, _, crowd, catalogue, _ = small_world()
    shares = known @ np.eye(14)[catalogue.genre]
    features = np.column_stack([shares / shares.sum(axis=1, keepdims=True), np.ones(len(shares))])
    for trait in (crowd.gender, crowd.place):
        answers = np.eye(int(trait.max()) + 1)[trait]
        weights = np.linalg.lstsq(features[:700], answers[:700], rcond=None)[0]
        hit = np.mean((features[700:] @ weights).argmax(axis=1) == trait[700:])
        majority = np.mean(np.bincount(trait[:700]).argmax() == trait[700:])
        assert hit > majority + 0.05


def test_timestamps_increase_within_a_user_and_spread_over_time() -> None:
    *_, seen = small_world()
    same = seen.user[1:] == seen.user[:-1]
    assert (np.diff(seen.stamp)[same] >= 0).all()
    assert seen.stamp.min() >= 0 and seen.stamp.max() <= 10_000_000 and seen.stamp.std() > 500_000


def test_articles_and_plurals_are_those_of_english() -> None:
    from itdr_hf.simulate.text import _articled, _plural

    said = _articled("A Invasion for Alma, a useful atlas, a unlikely uncle, a European, a one-man band")
    assert said == "An Invasion for Alma, a useful atlas, an unlikely uncle, a European, a one-man band"
    assert [_plural(noun) for noun in ("Witness", "Match", "Century", "Pony", "Wolf")] == [
        "Witnesses", "Matches", "Centuries", "Ponies", "Wolves",
    ]  # fmt: skip
    assert [_plural(noun) for noun in ("Boots", "Margaritas", "Canvas", "Honey")] == [
        "Boots", "Margaritas", "Canvases", "Honey",
    ]  # fmt: skip


def test_titles_agree_with_nouns_that_are_plural_or_have_no_plural() -> None:
    from itdr_hf.simulate.text import titles
    from itdr_hf.simulate.vocabulary import Theme

    def said(pattern: str, *nouns: str) -> str:
        words = Theme(nouns=nouns, adjectives=("Soft",), features=("fit",))
        made = titles(np.random.default_rng(0), [words] * 9, [pattern])
        return next(
            title for title in made if title.lower().index(nouns[0].lower()) < title.lower().index(nouns[1].lower())
        )

    pattern = "A {A} {N} with a Free {M}: {This} {n} {n_is} new, fit{s} all {Ms}, and the {m} {m_is} here"
    assert said(pattern, "Boots", "Honey") == (
        "Soft Boots with Free Honey: These boots are new, fit all Honey, and the honey is here"
    )
    assert said(pattern, "Loom", "Joggers") == (
        "A Soft Loom with Free Joggers: This loom is new, fits all Joggers, and the joggers are here"
    )


def test_known_titles_are_as_long_as_the_others_of_their_theme() -> None:
    from itdr_hf.simulate import phrases, text
    from itdr_hf.simulate.vocabulary import THEMES

    rng = np.random.default_rng(5)
    themes, popularity = [THEMES["war"], THEMES["food"]] * 200, rng.random(400) ** 20
    names = text.titles(np.random.default_rng(6), themes, phrases.MOVIES, popularity=popularity)
    plain = text.titles(np.random.default_rng(6), themes, phrases.MOVIES)
    assert sorted(names) == sorted(plain)
    for first in (0, 1):
        lengths, known = np.array([len(name) for name in names[first::2]]), popularity[first::2]
        most = lengths[np.argsort(-known)][:31]
        assert np.isclose(np.median(most), np.median(lengths), atol=1)
        assert abs(np.corrcoef(np.argsort(np.argsort(lengths)), known)[0, 1]) < 0.1
