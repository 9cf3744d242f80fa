"""Amazon reviews of 2018, Video Games and CDs & Vinyl as domains: https://nijianmo.github.io/amazon/

Quirks: JSON lines, gzipped, one file of reviews and one of products for each category; reviews as 5-core
(`Video_Games_5.json.gz`) or all of them (`Video_Games.json.gz`): the 5-core is read if both are present; repeated
reviews and products; HTML and entities in titles, descriptions and features; titles that are a fragment of the page's
script; prices as text, or a fragment of a style sheet; `vote` as text with commas; reviews without text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from itdr_hf.raw.layout import Download, Files, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.runtime.duckdb_engine import quote

CATEGORIES = ("CDs_and_Vinyl", "Video_Games")
HOST = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2"

REVIEW = {
    "reviewerID": "VARCHAR",
    "asin": "VARCHAR",
    "overall": "FLOAT",
    "reviewText": "VARCHAR",
    "unixReviewTime": "BIGINT",
}
PRODUCT = {
    "asin": "VARCHAR",
    "title": "VARCHAR",
    "category": "VARCHAR[]",
    "description": "VARCHAR[]",
    "feature": "VARCHAR[]",
    "brand": "VARCHAR",
    "price": "VARCHAR",
}
SCRIPT = "getTime"  # occurs only in titles that are a fragment of the page's script
TAG = "<[a-zA-Z/!][^<>]{0,300}>"
DOLLARS = r"^\$([0-9,]+\.[0-9]{2})"

_NAME = re.compile(r"(?P<meta>meta_)?(?P<category>[A-Z]\w*?)(?P<core>_5)?\.json(?:\.gz)?")


def read_reviews(scan: Scan) -> Select:
    return Select(
        rows=_by_category(scan, "reviews", REVIEW),
        columns={
            "user": "reviewerID",
            "item": "asin",
            "domain": "domain",
            "rating": "overall",
            "timestamp": "unixReviewTime",
            "text": "nullif(trimmed(reviewText), '')",
        },
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN overall NOT BETWEEN 1 AND 5 THEN 'rating off the scale' END",
    )


def read_products(scan: Scan) -> Select:
    return Select(
        rows=_by_category(scan, "meta", PRODUCT),
        columns={
            "item": "asin",
            "domain": "domain",
            "title": _plain("title"),
            "category": _plain("category[-1]"),
            "categories": _joined("category[2:]", ", "),
            "features": _joined("feature", "; "),
            "description": _joined("description", " "),
            "brand": _plain("brand"),
            "price": f"'$' || nullif(regexp_extract(price, '{DOLLARS}', 1), '')",
        },
        required=("item",),
        dropped=f"CASE WHEN contains(title, '{SCRIPT}') THEN 'title is a piece of the page''s script' END",
    )


def category(path: Path) -> str:
    """Return the category of a file, from its name; '' for a file that is not of the release."""
    match = _NAME.fullmatch(path.name)
    return match["category"] if match else ""


def unread(found: Files) -> Mapping[Path, str]:
    """Return the files that are not read, with the reason: other categories, and all reviews if the 5-core is present."""
    reasons: dict[Path, str] = {}
    cores = {category(path): path for path in found["reviews"] if _is_core(path)}
    for path in (*found["reviews"], *found["meta"]):
        core = cores.get(category(path))
        if category(path) not in CATEGORIES:
            reasons[path] = "of a category outside the two" if category(path) else "not a file of the release"
        elif path in found["reviews"] and core is not None and path != core:
            reasons[path] = f"{category(path)} is read from {core.name}"
    return reasons


def _is_core(path: Path) -> bool:
    match = _NAME.fullmatch(path.name)
    return bool(match and match["core"])


def _by_category(scan: Scan, role: str, columns: Mapping[str, str]) -> str:
    """Return a fragment over the files of a role, with the category in each file name as `domain`."""
    if scan.focus not in ("", role):
        role = scan.focus
    selects = [
        f"SELECT *, {quote(category(path))} AS domain FROM {scan.only(role, path).jsonl(role, columns)}"
        for path in scan.files[role]
    ]
    return f"({' UNION ALL BY NAME '.join(selects)})"


def _plain(column: str) -> str:
    """Return SQL for a text without tags and entities; NULL if nothing is left."""
    bare = f"regexp_replace({column}, '{TAG}', ' ', 'g')"
    plain = f"CASE WHEN contains({column}, '<') OR contains({column}, '&') THEN unescape({bare}) ELSE {column} END"
    return f"nullif(trim(regexp_replace({plain}, '\\s+', ' ', 'g')), '')"


def _joined(column: str, between: str) -> str:
    """Return SQL that joins a list of texts, skipping empty ones, as plain text; NULL if nothing is left."""
    joined = f"array_to_string(list_filter({column}, lambda x: trimmed(x) <> ''), {quote(between)})"
    return _plain(joined)


SOURCE = Source(
    id="amazon2018",
    title="Amazon Reviews 2018",
    homepage="https://nijianmo.github.io/amazon/",
    licence="none stated: for research; no redistribution of texts",
    licence_source="the data set's page names no licence",
    redistributable=False,
    citation="""@inproceedings{ni2019justifying,
  title={Justifying Recommendations using Distantly-Labeled Reviews and Fine-Grained Aspects},
  author={Ni, Jianmo and Li, Jiacheng and McAuley, Julian},
  booktitle={Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing},
  pages={188--197}, year={2019}, doi={10.18653/v1/D19-1018}
}""",
    obtain=(
        "download <category>_5.json.gz (5-core) and meta_<category>.json.gz of Video_Games and CDs_and_Vinyl from "
        "https://nijianmo.github.io/amazon/"
    ),
    downloads=tuple(
        Download(url=f"{HOST}/{folder}/{name}", path=name, part=domain)
        for domain in CATEGORIES
        for folder, name in (
            ("categoryFilesSmall", f"{domain}_5.json.gz"),
            ("metaFiles2", f"meta_{domain}.json.gz"),
        )
    ),
    folders=("amazon-2018", "amazon2018", "amazon_v2"),
    layouts=(
        Layout(
            name="JSON lines",
            files={"reviews": ("[A-Z]*.json*",), "meta": ("meta_*.json*",)},
            tables={
                "interactions": Table(roles=("reviews",), read=read_reviews),
                "items": Table(roles=("meta",), read=read_products),
            },
            unread=unread,
        ),
    ),
    words=Words(item="product", items="products", do="buy", did="bought", doing="buying", acted="purchase"),
    scale=RatingScale(low=1, high=5, step=1, decimals=1),
    liked_above=3,
    disliked_below=3,
    domains=CATEGORIES,
    domain_words={"CDs_and_Vinyl": "CDs and vinyl", "Video_Games": "video games"},
    pairs=(("CDs_and_Vinyl", "Video_Games"),),
    label="category",
    item_attributes=(
        Attribute(name="categories", column="categories"),
        Attribute(name="feature list", column="features", kind="text"),
        Attribute(name="description", column="description", kind="text"),
        Attribute(name="brand", column="brand", kind="text"),
        Attribute(name="price", column="price", kind="number"),
    ),
)
