"""Book-Crossing: http://www2.informatik.uni-freiburg.de/~cziegler/BX/ and Kaggle's ruchi798/bookcrossing-dataset.

Quirks of the dump: ';' between fields, all quoted except a bare NULL, quotes escaped by a backslash (never doubled),
CRLF, Windows-1252; a title that ends in a backslash swallows the author; HTML entities and text encoded twice; year 0;
a location with a line break, or with "n/a" for missing parts; ages up to 244; invalid ISBNs, or ISBNs in quotes, in
lower case, or of no listed book. Rating 0 is a reading without an opinion. No times.
Quirks of Kaggle's Preprocessed_data.csv, a single file: a first column without a name; missing ages replaced by the mean
(34.7439); '9' for a missing summary or category; categories as lists.

A location is shown completely, with city, region and country: the paper's accuracy of at most .08 cannot be that of the
country alone (about half the readers are from the usa), and its outputs of 14.3 tokens are longer than those of country,
gender and age in Last.FM 360K (12.7).
"""

from __future__ import annotations

import re

from itdr_hf.raw.dialects import Dialect
from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.sources._people import doubted_age, known_age
from itdr_hf.sources._windows1252 import as_utf8, undoubled

DUMP = Dialect(delimiter=";", escape="\\")
DUMP_RATINGS = Dialect(delimiter=";", escape="\\", header=None)  # truncated copies lack the header
SWALLOWED = re.compile(r'\\";([^"\\]*)(?=";"\d{1,4}";)')  # "title\";author";"year" for "title";"author";"year"
YEARS = (1400, 2005)  # the crawl was in 2004
OFF_THE_SCALE = "CASE WHEN rating NOT BETWEEN 0 AND 10 THEN 'rating off the scale' WHEN item = '' THEN 'no ISBN' END"
SILENT = "CASE WHEN rating = 0 THEN 'rating 0, no opinion: kept as read, without a rating' END"


def read_ratings(scan: Scan) -> Select:
    columns = {"User-ID": "BIGINT", "ISBN": "VARCHAR", "Book-Rating": "INTEGER"}
    ratings = as_utf8(scan, "ratings").csv("ratings", columns, DUMP_RATINGS)
    named = f'"User-ID" AS reader, {_isbn("ISBN")} AS item, "Book-Rating" AS rating'
    return _readings(f"(SELECT *, {named}, row_number() OVER () AS place FROM {ratings})")


def read_books(scan: Scan) -> Select:
    columns = ("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher")
    fixed = as_utf8(scan, "books", lambda line: SWALLOWED.sub(r'";"\1', line))
    return Select(
        rows=fixed.csv("books", dict.fromkeys(columns, "VARCHAR"), DUMP),
        columns={
            "item": f"nullif({_isbn('ISBN')}, '')",
            "title": undoubled('"Book-Title"'),
            "author": _named('"Book-Author"'),
            "year": _year('"Year-Of-Publication"'),
            "publisher": _named('"Publisher"'),
            "category": "NULL::VARCHAR",
            "summary": "NULL::VARCHAR",
        },
        required=("item",),
        noted=_doubted_year('"Year-Of-Publication"'),
    )


def read_users(scan: Scan) -> Select:
    columns = {"User-ID": "BIGINT", "Location": "VARCHAR", "Age": "VARCHAR"}
    return Select(
        rows=as_utf8(scan, "users").csv("users", columns, DUMP),
        columns={"user": '"User-ID"', "location": _location('"Location"'), "age": known_age('"Age"')},
        required=("user",),
        noted=doubted_age('"Age"'),
    )


def read_entries(scan: Scan) -> Select:
    """Return the rows of Preprocessed_data.csv, from which the other tables of that layout are derived."""
    texts = ("location", "age", "isbn", "book_title", "book_author", "year_of_publication", "publisher")
    types = {"user_id": "BIGINT", "rating": "INTEGER", **dict.fromkeys((*texts, "Summary", "Category"), "VARCHAR")}
    columns = {
        "reader": "user_id",
        "item": _isbn("isbn"),
        "rating": "rating",
        "place": "row_number() OVER ()",
        "location": _location("location"),
        "age": "age",
        "title": undoubled("book_title"),
        "author": _named("book_author"),
        "published": "year_of_publication",
        "publisher": _named("publisher"),
        "category": r"""nullif(trim(Category, ' []''"'), '9')""",
        "summary": "nullif(trim(Summary), '9')",
    }
    return Select(rows=scan.csv("entries", types), columns=columns, required=("reader",))


def read_entry_ratings(scan: Scan) -> Select:
    return _readings(_entries(scan, "*"))


def read_entry_books(scan: Scan) -> Select:
    texts = ("title", "author", "publisher", "category", "summary")
    return Select(
        rows=_entries(scan, "DISTINCT item, published, " + ", ".join(texts)),
        columns={"item": "item", "year": _year("published"), **{name: name for name in texts}},
        required=("item",),
        noted=_doubted_year("published"),
    )


def read_entry_users(scan: Scan) -> Select:
    return Select(
        rows=_entries(scan, "DISTINCT reader, location, age"),
        columns={"user": "reader", "location": "location", "age": known_age("age")},
        required=("user",),
        noted=doubted_age("age"),
    )


def _readings(rows: str) -> Select:
    return Select(
        rows=rows,
        columns={"user": "reader", "item": "item", "rating": "nullif(rating, 0)", "timestamp": "place"},
        required=("user",),
        dropped=OFF_THE_SCALE,
        noted=SILENT,
    )


def _entries(scan: Scan, chosen: str) -> str:
    return f"(SELECT {chosen} FROM {scan.table('entries')} WHERE NOT bad)"


def _isbn(column: str) -> str:
    return rf"""upper(regexp_replace(coalesce("{column}", ''), '[\s"\\]', '', 'g'))"""


def _named(column: str) -> str:
    plain = f"trim({undoubled(column)})"
    return f"CASE WHEN lower({plain}) NOT IN ('', 'n/a', 'unknown', 'not applicable (na )') THEN {plain} END"


def _year(column: str) -> str:
    year = f"CAST(try_cast({column} AS DOUBLE) AS INTEGER)"
    return f"CASE WHEN {year} BETWEEN {YEARS[0]} AND {YEARS[1]} THEN {year}::VARCHAR END"


def _doubted_year(column: str) -> str:
    remark = f"year of publication not from {YEARS[0]} to {YEARS[1]}, taken as unknown"
    return f"CASE WHEN ({_year(column)}) IS NULL THEN '{remark}' END"


def _location(column: str) -> str:
    """Return SQL for a location's informative parts, joined by ', '; NULL if there are none."""
    parts = f"string_split(regexp_replace({undoubled(column)}, '\\s+', ' ', 'g'), ',')"
    trimmed = f"""list_transform({parts}, lambda part: trim(part, ' "\\'))"""
    return f"nullif(array_to_string(list_filter({trimmed}, lambda part: part <> 'n/a' AND regexp_matches(part, '\\pL')), ', '), '')"


SOURCE = Source(
    id="bookcrossing",
    title="Book-Crossing",
    homepage="http://www2.informatik.uni-freiburg.de/~cziegler/BX/",
    licence="none stated beyond the wish to be cited",
    licence_source="the dataset's home page; Kaggle's copy says CC0, which is not its authors' word",
    redistributable=False,
    citation="""@inproceedings{ziegler2005improving,
  title={Improving Recommendation Lists Through Topic Diversification},
  author={Ziegler, Cai-Nicolas and McNee, Sean M. and Konstan, Joseph A. and Lausen, Georg},
  booktitle={Proceedings of the 14th International Conference on World Wide Web},
  pages={22--32}, year={2005}, doi={10.1145/1060745.1060754}
}""",
    obtain="download BX-CSV-Dump.zip from the home page and unpack it, or ruchi798/bookcrossing-dataset from Kaggle "
    "(needs an account)",
    downloads=(
        Download(
            url="http://www2.informatik.uni-freiburg.de/~cziegler/BX/BX-CSV-Dump.zip",
            path="BX-CSV-Dump.zip",
            size=26_085_508,
            members=tuple(
                Member(name=f"*{name}", path=name) for name in ("BX-Users.csv", "BX-Books.csv", "BX-Book-Ratings.csv")
            ),
        ),
    ),
    folders=("book-crossing", "bookcrossing", "bookcrossing-dataset", "BX-CSV-Dump"),
    layouts=(
        Layout(
            name="BX-CSV-Dump",
            files={
                "ratings": ("BX-Book-Ratings.csv", "BX_Book-Ratings.csv", "BX_Book_Ratings.csv"),
                "books": ("BX-Books.csv", "BX_Books.csv"),
                "users": ("BX-Users.csv", "BX_Users.csv"),
            },
            tables={
                "interactions": Table(roles=("ratings",), read=read_ratings),
                "items": Table(roles=("books",), read=read_books),
                "users": Table(roles=("users",), read=read_users),
            },
        ),
        Layout(
            name="Preprocessed_data.csv",
            files={"entries": ("Preprocessed_data.csv",)},
            tables={
                "entries": Table(roles=("entries",), read=read_entries),
                "interactions": Table(roles=("entries",), read=read_entry_ratings),
                "items": Table(roles=("entries",), read=read_entry_books),
                "users": Table(roles=("entries",), read=read_entry_users),
            },
        ),
    ),
    words=Words(item="book", items="books", do="read", did="read", doing="reading", acted="reading"),
    scale=RatingScale(low=1, high=10, step=1),
    liked_above=6,  # two steps correspond to one of five stars
    disliked_below=5,
    by_time=False,
    user_attributes=(
        Attribute(name="location", column="location"),
        Attribute(name="age", column="age", kind="number"),
    ),
    item_attributes=(
        Attribute(name="author", column="author"),
        Attribute(name="year of publication", column="year", kind="number"),
        Attribute(name="publisher", column="publisher"),
        Attribute(name="category", column="category"),
        Attribute(name="summary", column="summary", kind="text"),
    ),
)
