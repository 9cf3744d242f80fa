"""Amazon Books Reviews: https://www.kaggle.com/datasets/mohamedbakhet/amazon-books-reviews

Quirks: a book is identified by its Title, which joins the two files; Id is an edition. Two in ten reviews have no
User_id, some no usable time (-1); entities in the texts; authors and categories are Python lists as text; Amazon shows
one review under all editions of a work, so the same text occurs with several Ids and several Titles.
"""

from __future__ import annotations

from itdr_hf.raw.layout import Download, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words

REVIEW = {
    "Title": "VARCHAR",
    "User_id": "VARCHAR",
    "review/score": "FLOAT",
    "review/time": "BIGINT",
    "review/text": "VARCHAR",
}
BOOK = {
    "Title": "VARCHAR",
    "description": "VARCHAR",
    "authors": "VARCHAR",
    "publisher": "VARCHAR",
    "publishedDate": "VARCHAR",
    "categories": "VARCHAR",
}
COPIED = 100  # characters; shorter texts of one user on one day may be equal by chance


def read_reviews(scan: Scan) -> Select:
    """Return the interactions; of a review that occurs with several titles, only the one with the first title is kept."""
    reviews = scan.csv("reviews", REVIEW)
    if scan.numbered:
        rows, copied = reviews, "NULL"
    else:
        rows, copied = f"{reviews} AS r LEFT JOIN ({_copied(reviews)}) AS c ON c.key = {_key()}", "Title <> c.first"
    return Select(
        rows=rows,
        columns={
            "user": "coalesce(User_id, '')",
            "item": "coalesce(trim(Title), '')",
            "rating": '"review/score"',
            "timestamp": '"review/time"',
            "text": '"review/text"',
        },
        required=("rating", "timestamp"),
        dropped=(
            "CASE WHEN User_id IS NULL THEN 'no user' "
            "WHEN Title IS NULL THEN 'no title' "
            "WHEN \"review/time\" <= 0 THEN 'no usable time' "
            "WHEN \"review/score\" NOT BETWEEN 1 AND 5 THEN 'rating off the scale' "
            f"WHEN {copied} THEN 'same review under another title' END"
        ),
    )


def read_books(scan: Scan) -> Select:
    return Select(
        rows=scan.csv("books", BOOK),
        columns={
            "item": "coalesce(trim(Title), '')",
            "title": "Title",
            "authors": _listed("authors"),
            "categories": _listed("categories"),
            "description": "nullif(trimmed(description), '')",
            "publisher": "nullif(trim(publisher), '')",
            "year": "nullif(regexp_extract(publishedDate, '^[0-9]{4}'), '')",
        },
        required=("item",),
    )


def _key() -> str:
    """Return SQL for a hash of user, time and text. It is only compared for equality, so the engine's own hash will do."""
    return 'hash(User_id, "review/time", "review/text")'


def _copied(reviews: str) -> str:
    """Return a query for the reviews that occur with more than one title, and the first of these."""
    return (
        f"SELECT {_key()} AS key, min(Title) AS first FROM {reviews} "
        f'WHERE User_id IS NOT NULL AND length("review/text") >= {COPIED} GROUP BY key HAVING min(Title) < max(Title)'
    )


def _listed(column: str) -> str:
    r"""Return SQL that turns "['A', \"O'B\"]" into "A, O'B"; NULL if the list is empty."""
    quoted = rf"""regexp_extract_all({column}, '''(?:[^''\\]|\\.)*''|"(?:[^"\\]|\\.)*"')"""
    plain = r"regexp_replace(replace(x[2:-2], '\xa0', ' '), '\\(.)', '\1', 'g')"
    return f"nullif(array_to_string(list_transform({quoted}, lambda x: {plain}), ', '), '')"


SOURCE = Source(
    id="amazonbooks",
    title="Amazon Books Reviews",
    homepage="https://www.kaggle.com/datasets/mohamedbakhet/amazon-books-reviews",
    licence="CC0 according to its page on Kaggle; the reviews are their writers', collected from Amazon",
    licence_source="licence field of the Kaggle page, not checked against the writers' terms",
    redistributable=False,
    citation="""@misc{bekheet2022amazonbooks,
  title={Amazon Books Reviews},
  author={Bekheet, Mohamed},
  year={2022},
  howpublished={\\url{https://www.kaggle.com/datasets/mohamedbakhet/amazon-books-reviews}}
}""",
    obtain=(
        "download mohamedbakhet/amazon-books-reviews from Kaggle (needs an account) and unpack Books_rating.csv "
        "and books_data.csv"
    ),
    downloads=tuple(
        Download(url=f"kaggle://mohamedbakhet/amazon-books-reviews/{name}", path=name)
        for name in ("Books_rating.csv", "books_data.csv")
    ),
    folders=("amazon-books", "amazonbooks", "amazon-books-reviews"),
    layouts=(
        Layout(
            name="two CSVs",
            files={
                "reviews": ("Books_rating.csv", "Books_rating.csv.gz"),
                "books": ("books_data.csv", "books_data.csv.gz"),
            },
            tables={
                "interactions": Table(roles=("reviews",), read=read_reviews),
                "items": Table(roles=("books",), read=read_books),
            },
        ),
    ),
    words=Words(item="book", items="books", do="read", did="read", doing="reading", acted="reading"),
    scale=RatingScale(low=1, high=5, step=1, decimals=1),
    liked_above=3,
    disliked_below=3,
    label="categories",
    item_attributes=(
        Attribute(name="authors", column="authors"),
        Attribute(name="categories", column="categories", whole=True),
        Attribute(name="description", column="description", kind="text"),
        Attribute(name="publisher", column="publisher", kind="text"),
        Attribute(name="year", column="year", kind="number"),
    ),
)
