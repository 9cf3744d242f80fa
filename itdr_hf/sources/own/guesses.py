"""Guess which column of a table is meant by `user`, `item`, …, and how its dates are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SYNONYMS = {
    "user": "user_id userid user_name username uid customer customer_id customerid client client_id member member_id "
    "reviewer reviewerid reviewer_id account account_id visitor_id visitorid person",
    "item": "item_id itemid iid product product_id productid sku asin parent_asin isbn movie_id movieid book_id article "
    "article_id track_id business_id",
    "title": "name item_name product_name item_title product_title movie_title book_title headline label",
    "timestamp": "time ts date datetime created created_at event_time unix_time unixreviewtime rating_date order_date "
    "purchase_date purchased_at ordered_at viewed_at rated_at visited_at timestamp_ms timestamp_utc",
    "rating": "score stars star_rating overall rate value grade",
    "text": "review review_text reviewtext comment body content",
}
DATE_FORMATS = (
    *(f"%d.%m.%Y{time}" for time in ("", " %H:%M", " %H:%M:%S")),
    *(f"{date}{time}" for date in ("%d/%m/%Y", "%m/%d/%Y") for time in ("", " %H:%M", " %H:%M:%S", " %I:%M %p")),
    *(f"%d %b %Y{time}" for time in ("", " %H:%M", " %H:%M:%S")),
    *(f"%Y%m%d{time}" for time in ("", "%H%M%S", " %H:%M", " %H:%M:%S")),
)


def guess_column(meaning: str, names: Sequence[str], others: Sequence[Sequence[str]]) -> str | None:
    """Return the column that has a meaning, by its name; None where no name tells.

    `others` are the names in the tables that share this meaning: a name that all of them have joins them.
    """
    plain = [_plain(name) for name in names]
    for synonym in SYNONYMS[meaning].split():
        if synonym in plain:
            return names[plain.index(synonym)]
    if not others:
        return None
    shared = [
        name for name, same in zip(names, plain, strict=True) if same and all(same in map(_plain, o) for o in others)
    ]
    return shared[0] if len(shared) == 1 else None


def toml_columns(columns: Mapping[str, Sequence[str]]) -> str:
    """Return what source.toml says of columns: `columns = { user = "user_id" }`."""
    pairs = (f"{meaning} = {_toml_names(names)}" for meaning, names in columns.items())
    return f"columns = {{ {', '.join(pairs)} }}"


def toml_text(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'


def _toml_names(names: Sequence[str]) -> str:
    quoted = [toml_text(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _plain(name: str) -> str:
    """Return a name as synonyms are written: lower case, blanks and hyphens as underscores."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")
