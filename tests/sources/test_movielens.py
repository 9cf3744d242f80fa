"""MovieLens 32M and 1M: hand-made rows in the true formats, a test for every quirk of the releases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from itdr_hf import catalogue
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import Tables, ensure_tables

RAW = Path(__file__).parents[1] / "releases"


@pytest.fixture
def ml32m(engine: DuckDBEngine, tmp_path: Path) -> Tables:
    return ensure_tables(catalogue.source("movielens32m"), RAW, engine=engine, cache=tmp_path)


@pytest.fixture
def ml1m(engine: DuckDBEngine, tmp_path: Path) -> Tables:
    return ensure_tables(catalogue.source("movielens1m"), RAW, engine=engine, cache=tmp_path)


def items(tables: Tables) -> pd.DataFrame:
    return pd.read_parquet(tables.path("items")).set_index("item")


def test_every_row_is_read_and_kept(ml32m):
    kept = {step["table"]: step["rows"] for step in ml32m.record["steps"] if step["what"] == "kept"}
    assert kept == {"interactions": 15, "items": 25}
    assert ml32m.record["layout"] == "ml-32m"


@pytest.mark.parametrize(
    ("item", "title"),
    [
        (2, "The Lighthouse Keeper (1987)"),
        (3, "A Heist, the Cat, and the Clock (2003)"),
        (8, "Les Années lumière (2008)"),
        (18, "L'Escale (1959)"),
    ],
)
def test_a_postponed_article_stands_in_front_again(ml32m, item, title):
    assert items(ml32m).title[item] == title


def test_titles_lose_outer_blanks_and_keep_quotes_braces_and_odd_years(ml32m):
    titles = items(ml32m).title
    assert [titles[n] for n in (5, 6, 7, 9, 10, 16)] == [
        "Northbound (1999)",
        "Saltwater (2001)",
        'He Said "Run" (1978)',
        "Old Maps (2006–2007)",
        "Echo (1983))",
        "{title} (2015)",
    ]


def test_a_title_without_a_year_or_spelt_nan_is_a_title(ml32m):
    assert items(ml32m).title[4] == "Winter Light"
    assert items(ml32m).title[13] == "nan"


def test_no_genres_listed_is_no_genre(ml32m):
    assert pd.isna(items(ml32m).genres[9])
    assert items(ml32m).genres[13] == "Sci-Fi, IMAX"


def test_movies_that_share_a_title_stay_two_movies(ml32m):
    assert (items(ml32m).title == "Twins (1990)").sum() == 2


def test_the_most_used_tags_of_a_movie_are_listed_without_regard_to_case(ml32m):
    tags = items(ml32m).tags
    assert tags[1] == "lovely drawings, lanterns, many"
    assert tags[13] == "nan" and pd.isna(tags[3])


def test_half_stars_and_popularity_are_kept(ml32m):
    ratings = pd.read_parquet(ml32m.path("interactions"))
    assert ratings.rating.min() == 0.5 and set(ratings.rating % 0.5) == {0}
    assert items(ml32m).popularity[1] == 2 and items(ml32m).popularity[25] == 0


def test_without_tags_the_movies_are_still_read(engine, tmp_path):
    folder = tmp_path / "raw/ml-32m"
    folder.mkdir(parents=True)
    for name in ("ratings.csv", "movies.csv"):
        (folder / name).write_bytes((RAW / "ml-32m" / name).read_bytes().replace(b"\r\n", b"\n"))
    tables = ensure_tables(catalogue.source("movielens32m"), tmp_path / "raw", engine=engine, cache=tmp_path / "c")
    assert len(items(tables)) == 25 and items(tables).tags.isna().all()


def test_double_colons_delimit_and_single_ones_belong_to_the_title(ml1m):
    assert items(ml1m).title[3] == "Mission: Rooftop (1996)"


def test_latin_1_bytes_and_bare_quotes_are_read(ml1m):
    assert items(ml1m).title[5] == "Café du Nord (1992)"
    assert items(ml1m).title[9] == '"Run" He Said (1978)'


def test_age_and_occupation_codes_become_words_and_genres_keep_childrens(ml1m):
    users = pd.read_parquet(ml1m.path("users")).set_index("user")
    assert users.loc[1].tolist() == ["under 18", "female", "K-12 student"]
    assert users.loc[2].tolist() == ["56 or over", "male", "self-employed"]
    assert items(ml1m).genres[1] == "Animation, Children's"
