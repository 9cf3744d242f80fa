"""Netflix Prize: https://www.netflixprize.com (closed in 2009), today at Kaggle as netflix-inc/netflix-prize-data

Quirks: ratings in blocks, a line `movie:` and then lines `user,rating,date`, either one file per movie (17,770
`mv_*.txt`) or all in `combined_data_1.txt` to `_4.txt`; days without a time, so that a user's ratings of one day are in
the order of the movie numbers; movie_titles.csv in Latin-1 without quotes, though titles contain commas, with the year
`NULL` if unknown. The year may be that of the DVD. `probe.txt` and `qualifying.txt` are not read: the ratings of the
first are among the others, the second has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itdr_hf.raw.layout import Files, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source
from itdr_hf.sources._movielens import WORDS
from itdr_hf.sources._windows1252 import as_utf8

PARTS = 4  # files combined_data_*.txt
LINE = r"^\s*(\d{1,9})\s*,\s*(\d{4}|NULL)\s*,(.*)$"  # only the first two commas are separators


def read_ratings(scan: Scan) -> Select:
    return Select(
        rows=scan.blocks("ratings"),
        columns={
            "user": 'CASE WHEN "user" > 0 THEN "user" END',
            "item": "block",
            "rating": "rating::FLOAT",
            "timestamp": "epoch(day)::BIGINT",
        },
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN rating NOT BETWEEN 1 AND 5 THEN 'rating off the scale' END",
    )


def read_movies(scan: Scan) -> Select:
    readable = as_utf8(scan, "movies")
    lines = readable.lines(readable.files["movies"][0])
    found = f"(SELECT * EXCLUDE (line), regexp_extract(line, '{LINE}', ['id', 'year', 'name']) AS found FROM {lines})"
    name, year = "trim(found.name)", "try_cast(found.year AS INTEGER)"
    return Select(
        rows=found,
        columns={
            "item": "try_cast(found.id AS INTEGER)",
            "title": f"CASE WHEN {year} IS NULL OR {name} = '' THEN {name} ELSE {name} || ' (' || {year} || ')' END",
            "name": f"nullif({name}, '')",
            "year": f"{year}::VARCHAR",
        },
        required=("item",),
    )


def absent(found: Files) -> Mapping[str, Sequence[str]]:
    """Return the missing parts of combined_data_1.txt to _4.txt, or the gaps in the numbers of mv_*.txt."""
    names = {path.name.removesuffix(".gz") for path in found["ratings"]}
    wanted = [f"combined_data_{part}.txt" for part in range(1, PARTS + 1)] if names else []
    if names and all(name.startswith("mv_") for name in names):
        wanted = [f"mv_{movie:07d}.txt" for movie in range(1, int(max(names)[3:-4]) + 1)]
    return {"ratings": [name for name in wanted if name not in names]}


def _layout(name: str, ratings: str) -> Layout:
    return Layout(
        name=name,
        files={"ratings": (ratings,), "movies": ("movie_titles.csv", "movie_titles.txt")},
        tables={
            "interactions": Table(roles=("ratings",), read=read_ratings),
            "items": Table(roles=("movies",), read=read_movies),
        },
        absent=absent,
    )


SOURCE = Source(
    id="netflix",
    title="Netflix Prize",
    homepage="https://www.kaggle.com/datasets/netflix-inc/netflix-prize-data",
    licence="research use; no redistribution, no commercial use",
    licence_source="README of the release",
    redistributable=False,
    citation="""@inproceedings{bennett2007netflix,
  title={The {N}etflix {P}rize},
  author={Bennett, James and Lanning, Stan},
  booktitle={Proceedings of KDD Cup and Workshop},
  year={2007}
}""",
    obtain=(
        "sign in at https://www.kaggle.com/datasets/netflix-inc/netflix-prize-data, accept its terms and unpack the "
        "archive (combined_data_1.txt to combined_data_4.txt, movie_titles.csv); or unpack the original tar "
        "(training_set with 17,770 mv_*.txt, movie_titles.txt)"
    ),
    folders=("netflix", "netflix-prize-data", "nf_prize_dataset"),
    layouts=(
        _layout("combined_data_*.txt", "combined_data_*.txt"),
        _layout("one file a movie", "mv_*.txt"),
    ),
    words=WORDS,
    scale=RatingScale(low=1, high=5, step=1),
    liked_above=3,
    disliked_below=3,
    unique_pairs=True,
    # RecLM names 2005 and 2006. The release ends in 2005, and by the years of the films in its published data the
    # periods are 2001 and 2002.
    snapshots=("2001-01-01", "2002-01-01", "2003-01-01"),
    item_attributes=(Attribute(name="year", column="year", kind="number"),),
)
