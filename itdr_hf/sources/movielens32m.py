"""MovieLens 32M: https://grouplens.org/datasets/movielens/32m/

Quirks: CSV with LF or CRLF, quotes only where needed; half-star ratings; trailing articles; titles with surrounding
blanks, without a year, or shared by several movies; "(no genres listed)"; ratings.csv is sorted by user and movie, not
by time. ml-latest-small and similar releases have the same layout.
"""

from __future__ import annotations

from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source
from itdr_hf.sources._movielens import CITATION, WORDS, shown_genres, shown_title

TAGS_SHOWN = 5  # the most used tags of a movie, which are attributes for TUI in addition to the genres


def read_ratings(scan: Scan) -> Select:
    columns = {"userId": "INTEGER", "movieId": "INTEGER", "rating": "FLOAT", "timestamp": "BIGINT"}
    return Select(
        rows=scan.csv("ratings", columns),
        columns={"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"},
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN rating NOT BETWEEN 0.5 AND 5 THEN 'rating off the scale' END",
    )


def read_movies(scan: Scan) -> Select:
    movies = scan.csv("movies", {"movieId": "INTEGER", "title": "VARCHAR", "genres": "VARCHAR"})
    columns = {"item": "movieId", "title": shown_title("title"), "genres": shown_genres("genres")}
    if "tags" not in scan.files:
        return Select(rows=movies, columns={**columns, "tags": "NULL::VARCHAR"}, required=("item",))
    tags = scan.csv("tags", {"userId": "INTEGER", "movieId": "INTEGER", "tag": "VARCHAR", "timestamp": "BIGINT"})
    counted = f"SELECT movieId, lower(trim(tag)) AS tag, count(*) AS uses FROM {tags} WHERE tag <> '' GROUP BY 1, 2"
    placed = f"SELECT *, row_number() OVER (PARTITION BY movieId ORDER BY uses DESC, tag) AS place FROM ({counted})"
    shown = ", ".join(f"max(tag) FILTER (place = {place})" for place in range(1, TAGS_SHOWN + 1))
    listed = f"SELECT movieId, concat_ws(', ', {shown}) AS tags FROM ({placed}) WHERE place <= {TAGS_SHOWN} GROUP BY 1"
    return Select(
        rows=f"{movies} AS m LEFT JOIN ({listed}) USING (movieId)",
        columns={**columns, "tags": "tags"},
        required=("item",),
    )


SOURCE = Source(
    id="movielens32m",
    title="MovieLens 32M",
    homepage="https://grouplens.org/datasets/movielens/32m/",
    licence="research use, no endorsement, no commercial use without permission; the same terms on redistribution",
    licence_source="README of the MovieLens releases",
    redistributable=True,
    citation=CITATION,
    obtain="download https://files.grouplens.org/datasets/movielens/ml-32m.zip and unpack it",
    downloads=(
        Download(
            url="https://files.grouplens.org/datasets/movielens/ml-32m.zip",
            path="ml-32m.zip",
            members=tuple(
                Member(name=f"ml-32m/{name}", path=name, md5=md5)
                for name, md5 in (  # from the README
                    ("ratings.csv", "cf12b74f9ad4b94a011f079e26d4270a"),
                    ("movies.csv", "0df90835c19151f9d819d0822e190797"),
                    ("tags.csv", "963bf4fa4de6b8901868fddd3eb54567"),
                    ("links.csv", "8f033867bcb4e6be8792b21468b4fa6e"),
                    ("README.txt", ""),
                    ("checksums.txt", ""),
                )
            ),
        ),
    ),
    folders=("ml-32m", "movielens32m", "ml-latest", "ml-latest-small"),
    layouts=(
        Layout(
            name="ml-32m",
            files={"ratings": ("ratings.csv",), "movies": ("movies.csv",), "tags": ("tags.csv",)},
            tables={
                "interactions": Table(roles=("ratings",), read=read_ratings),
                "items": Table(roles=("movies",), read=read_movies),
            },
        ),
    ),
    words=WORDS,
    scale=RatingScale(low=0.5, high=5, step=0.5, decimals=1),
    liked_above=3,
    disliked_below=3,
    unique_pairs=True,
    label="genres",
    item_attributes=(Attribute(name="genres", column="genres"), Attribute(name="tags", column="tags")),
)
