"""MovieLens 1M: https://grouplens.org/datasets/movielens/1m/

Quirks: `::` between fields, no header, no quoting, ISO-8859-1; titles may contain a single ':'; age and occupation are
codes; "Children's" is a genre; no redistribution without permission.
"""

from __future__ import annotations

from itdr_hf.raw.dialects import Dialect
from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source
from itdr_hf.sources._movielens import CITATION, WORDS, shown_genres, shown_title

DAT = Dialect(delimiter="::", quote="", escape="", header=False, encoding="latin-1")
AGES = {1: "under 18", 18: "18-24", 25: "25-34", 35: "35-44", 45: "45-49", 50: "50-55", 56: "56 or over"}
OCCUPATIONS = (
    "other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service",
    "doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer", "programmer",
    "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer", "tradesman/craftsman",
    "unemployed", "writer",
)  # fmt: skip


def read_ratings(scan: Scan) -> Select:
    columns = {"userId": "BIGINT", "movie": "BIGINT", "rating": "FLOAT", "timestamp": "BIGINT"}
    return Select(
        rows=scan.csv("ratings", columns, DAT),
        columns={"user": "userId", "item": "movie", "rating": "rating", "timestamp": "timestamp"},
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN rating NOT BETWEEN 1 AND 5 THEN 'rating off the scale' END",
    )


def read_movies(scan: Scan) -> Select:
    return Select(
        rows=scan.csv("movies", {"movie": "BIGINT", "title": "VARCHAR", "genres": "VARCHAR"}, DAT),
        columns={"item": "movie", "title": shown_title("title"), "genres": shown_genres("genres")},
        required=("item",),
    )


def read_users(scan: Scan) -> Select:
    columns = {
        "userId": "BIGINT",
        "gender": "VARCHAR",
        "age": "INTEGER",
        "occupation": "INTEGER",
        "zip": "VARCHAR",
    }
    ages = " ".join(f"WHEN {code} THEN '{text}'" for code, text in AGES.items())
    jobs = " ".join(f"WHEN {code} THEN '{text}'" for code, text in enumerate(OCCUPATIONS))
    return Select(
        rows=scan.csv("users", columns, DAT),
        columns={
            "user": "userId",
            "age_group": f"CASE age {ages} END",
            "gender": "CASE gender WHEN 'M' THEN 'male' WHEN 'F' THEN 'female' END",
            "occupation": f"CASE occupation {jobs} END",
        },
        required=("user",),
    )


SOURCE = Source(
    id="movielens1m",
    title="MovieLens 1M",
    homepage="https://grouplens.org/datasets/movielens/1m/",
    licence="research use, no redistribution without permission, no commercial use",
    licence_source="README of the release",
    redistributable=False,
    citation=CITATION,
    obtain="download https://files.grouplens.org/datasets/movielens/ml-1m.zip and unpack it",
    downloads=(
        Download(
            url="https://files.grouplens.org/datasets/movielens/ml-1m.zip",
            mirrors=("hf://datasets/Recommenders/MovieLens/ml-1m.zip",),
            path="ml-1m.zip",
            sha256="a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
            md5="c4d9eecfca2ab87c1945afe126590906",
            members=(
                Member(name="ml-1m/ratings.dat", path="ratings.dat"),
                Member(
                    name="ml-1m/movies.dat", path="movies.dat", size=171_308, md5="ef9fd9ff8d1b33faf73e2122c371e910"
                ),
                Member(name="ml-1m/users.dat", path="users.dat", size=134_368, md5="681c0711d0d4548cd3d4718a49c2dcd8"),
                Member(name="ml-1m/README", path="README"),
            ),
        ),
    ),
    folders=("ml-1m", "movielens1m"),
    layouts=(
        Layout(
            name="ml-1m",
            files={"ratings": ("ratings.dat",), "movies": ("movies.dat",), "users": ("users.dat",)},
            tables={
                "interactions": Table(roles=("ratings",), read=read_ratings),
                "items": Table(roles=("movies",), read=read_movies),
                "users": Table(roles=("users",), read=read_users),
            },
        ),
    ),
    words=WORDS,
    scale=RatingScale(low=1, high=5, step=1),
    liked_above=3,
    disliked_below=3,
    unique_pairs=True,
    label="genres",
    user_attributes=(
        Attribute(name="age group", column="age_group"),
        Attribute(name="gender", column="gender"),
        Attribute(name="occupation", column="occupation"),
    ),
    item_attributes=(Attribute(name="genres", column="genres"),),
)
