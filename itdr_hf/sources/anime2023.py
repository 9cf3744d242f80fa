"""Anime Dataset 2023: https://www.kaggle.com/datasets/dbdmobile/myanimelist-dataset (from MyAnimeList).

Quirks: UNKNOWN for missing values, also in number columns; numbers as '26.0'; synopses with line breaks, credits or a
placeholder; names shared by several anime; user names that are empty or 'nan' (users are identified by number); mostly
empty profiles, impossible birthdays; no times. Anime for adults only (rated Rx) and their interactions are excluded. The
same page has a catalogue and lists of 2021 (anime-filtered.csv, user-filtered.csv) and one table of lists
(final_animedataset.csv), in which a score of 0 means watched but not scored.
"""

from __future__ import annotations

from itdr_hf.raw.dialects import CSV, header_of
from itdr_hf.raw.layout import Download, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.sources._people import OLDEST, YOUNGEST, known_gender

YEAR = 2023  # of the release, relative to which ages are computed
CREDIT = r"\s*[\[(](?:Source:|Written by)[^\])]*[\])]\s*$"
CONTACT = r"@|://|www\."  # an e-mail or web address in place of a location
NO_SYNOPSIS = "^(No synopsis|No description available)"
OFF_THE_SCALE = "WHEN rating NOT BETWEEN 0 AND 10 THEN 'rating off the scale'"
SILENT = "CASE WHEN rating = 0 THEN 'score 0, not scored: kept as watched, without a rating' END"


def read_catalogue(scan: Scan) -> Select:
    return _catalogue(scan, "Synopsis")


def read_catalogue_2021(scan: Scan) -> Select:
    """Return the catalogue of 2021, in which some copies misspell a column."""
    header = header_of(scan.files["anime"][0], {}, CSV)[1]
    return _catalogue(scan, "sypnopsis" if "sypnopsis" in header else "synopsis")


def read_scores(scan: Scan) -> Select:
    types = {"user_id": "BIGINT", "anime_id": "BIGINT", "rating": "INTEGER"}
    named = "user_id AS viewer, anime_id AS item, rating, row_number() OVER () AS place"
    return _scores(f"(SELECT *, {named} FROM {scan.csv('scores', types)})", scan)


def read_users(scan: Scan) -> Select:
    columns = {"Mal ID": "BIGINT", **dict.fromkeys(("Gender", "Birthday", "Location"), "VARCHAR")}
    year = "try_cast(left(Birthday, 4) AS INTEGER)"
    possible = f"{year} BETWEEN {YEAR - OLDEST} AND {YEAR - YOUNGEST}"
    remark = f"year of birth not from {YEAR - OLDEST} to {YEAR - YOUNGEST}, taken as unknown"
    place = r"trim(regexp_replace(unescape(Location), '\s+', ' ', 'g'))"
    return Select(
        rows=scan.csv("users", columns),
        columns={
            "user": '"Mal ID"',
            "location": rf"CASE WHEN regexp_matches(Location, '\pL') AND NOT regexp_matches(Location, '{CONTACT}') THEN {place} END",
            "gender": known_gender("Gender"),
            "birth_year": f"CASE WHEN {possible} THEN {year} END",
        },
        required=("user",),
        noted=f"CASE WHEN Birthday <> '' AND NOT coalesce({possible}, false) THEN '{remark}' END",
    )


def read_entries(scan: Scan) -> Select:
    """Return the rows of final_animedataset.csv, from which the other tables of that layout are derived."""
    numbers = dict.fromkeys(("user_id", "anime_id", "my_score"), "BIGINT")
    types = {**numbers, **dict.fromkeys(("gender", "title", "type", "source", "genre"), "VARCHAR")}
    columns = {"viewer": "user_id", "item": "anime_id", "rating": "my_score", "place": "row_number() OVER ()"}
    columns |= {"gender": known_gender("gender"), "title": "title", "genres": _known("genre")}
    columns |= {"type": _known("type"), "source": _known("source")}
    return Select(rows=scan.csv("entries", types), columns=columns, required=("viewer", "item"))


def read_entry_catalogue(scan: Scan) -> Select:
    shown = ("item", "title", "genres", "type", "source")
    unknown = dict.fromkeys(("episodes", "studios", "audience", "synopsis"), "NULL::VARCHAR")
    return Select(
        rows=f"(SELECT DISTINCT {', '.join(shown)} FROM {scan.table('entries')} WHERE NOT bad)",
        columns={**{name: name for name in shown}, **unknown},
        required=("item",),
        dropped=_adults_only("NULL", "genres"),
    )


def read_entry_scores(scan: Scan) -> Select:
    return _scores(f"(SELECT * FROM {scan.table('entries')} WHERE NOT bad)", scan)


def read_entry_users(scan: Scan) -> Select:
    unknown = {"location": "NULL::VARCHAR", "birth_year": "NULL::INTEGER"}
    return Select(
        rows=f"(SELECT viewer, max(gender) AS gender FROM {scan.table('entries')} WHERE NOT bad GROUP BY viewer)",
        columns={"user": "viewer", "gender": "gender", **unknown},
        required=("user",),
    )


def _catalogue(scan: Scan, synopsis: str) -> Select:
    texts = ("Name", "Genres", "Type", "Episodes", "Studios", "Source", "Rating", synopsis)
    plot = f"regexp_replace({synopsis}, '{CREDIT}', '')"
    return Select(
        rows=scan.csv("anime", {"anime_id": "BIGINT", **dict.fromkeys(texts, "VARCHAR")}),
        columns={
            "item": "anime_id",
            "title": "Name",
            "genres": _known("Genres"),
            "type": _known("Type"),
            "episodes": rf"regexp_replace({_known('Episodes')}, '\.0$', '')",
            "source": _known("Source"),
            "studios": _known("Studios"),
            "audience": _known("Rating"),
            "synopsis": f"CASE WHEN NOT regexp_matches({synopsis}, '{NO_SYNOPSIS}') THEN {_known(plot)} END",
        },
        required=("item",),
        dropped=_adults_only("Rating", "Genres"),
    )


def _scores(rows: str, scan: Scan) -> Select:
    adult = "FALSE"
    if "items" in scan.staged:
        adult = f"item IN (SELECT item FROM {scan.table('items')} WHERE dropped IS NOT NULL)"
    return Select(
        rows=rows,
        columns={"user": "viewer", "item": "item", "rating": "nullif(rating, 0)", "timestamp": "place"},
        required=("user", "item"),
        dropped=f"CASE {OFF_THE_SCALE} WHEN {adult} THEN 'of an item for adults only (Rx)' END",
        noted=SILENT,
    )


def _known(text: str) -> str:
    return f"CASE WHEN lower(trim({text})) NOT IN ('', 'unknown') THEN trim({text}) END"


def _adults_only(audience: str, genres: str) -> str:
    return f"CASE WHEN {audience} LIKE 'Rx%' OR {genres} LIKE '%Hentai%' THEN 'for adults only (Rx)' END"


SOURCE = Source(
    id="anime2023",
    title="Anime Dataset 2023",
    homepage="https://www.kaggle.com/datasets/dbdmobile/myanimelist-dataset",
    licence="Open Database License (ODbL) 1.0: attribution, share alike",
    licence_source="the dataset's page on Kaggle; the synopses in it are MyAnimeList's",
    redistributable=True,
    citation="""@misc{anime2023,
  title={Anime Dataset 2023},
  author={{dbdmobile}},
  year={2023}, howpublished={Kaggle, version 5},
  url={https://www.kaggle.com/datasets/dbdmobile/myanimelist-dataset}
}""",
    obtain="download dbdmobile/myanimelist-dataset from Kaggle (needs an account) and unpack it",
    downloads=tuple(
        Download(url=f"kaggle://dbdmobile/myanimelist-dataset/{name}", path=name, size=size, sha256=sha256)
        for name, size, sha256 in (
            ("anime-dataset-2023.csv", 15_924_739, "60fbcd67"),
            ("users-details-2023.csv", 73_927_314, "a7ea0f49"),
            ("users-score-2023.csv", 1_157_881_770, "68d63515"),
        )
    ),
    folders=("anime-2023", "anime2023", "myanimelist-dataset"),
    layouts=(
        Layout(
            name="2023",
            files={
                "anime": ("anime-dataset-2023.csv",),
                "scores": ("users-score-2023.csv",),
                "users": ("users-details-2023.csv",),
            },
            tables={  # the catalogue first: it determines which scores are excluded
                "items": Table(roles=("anime",), read=read_catalogue),
                "interactions": Table(roles=("scores",), read=read_scores),
                "users": Table(roles=("users",), read=read_users),
            },
        ),
        Layout(
            name="2021",
            files={"anime": ("anime-filtered.csv",), "scores": ("user-filtered.csv",)},
            tables={
                "items": Table(roles=("anime",), read=read_catalogue_2021),
                "interactions": Table(roles=("scores",), read=read_scores),
            },
        ),
        Layout(
            name="final_animedataset.csv",
            files={"entries": ("final_animedataset.csv",)},
            tables={
                "entries": Table(roles=("entries",), read=read_entries),
                "items": Table(roles=("entries",), read=read_entry_catalogue),
                "interactions": Table(roles=("entries",), read=read_entry_scores),
                "users": Table(roles=("entries",), read=read_entry_users),
            },
        ),
    ),
    words=Words(item="anime", items="anime", do="watch", did="watched", doing="watching", acted="viewing"),
    scale=RatingScale(low=1, high=10, step=1),
    liked_above=6,  # two steps correspond to one of five stars
    disliked_below=5,
    by_time=False,
    label="genres",
    user_attributes=(
        Attribute(name="location", column="location"),
        Attribute(name="gender", column="gender"),
        Attribute(name="birth year", column="birth_year", kind="number"),
    ),
    item_attributes=(
        Attribute(name="genres", column="genres"),
        Attribute(name="type", column="type"),
        Attribute(name="episodes", column="episodes", kind="number"),
        Attribute(name="source", column="source"),
        Attribute(name="studios", column="studios"),
        Attribute(name="audience", column="audience"),
        Attribute(name="synopsis", column="synopsis", kind="text"),
    ),
)
