"""Amazon Reviews 2023, twelve of its categories as domains: https://amazon-reviews-2023.github.io/

Quirks: one file of reviews and one of products for each category, JSON lines, plain or gzipped, or the
benchmark's CSVs without texts (see `_amazon_files` for which is read); times in milliseconds, some rounded to
seconds; `asin` is a variant, `parent_asin` the product and the key; repeated reviews of a product by a user, of which
the earliest is kept, as in the benchmark; products without a title or without any line; `<br />` and entities in
texts; prices that are numbers, null or words; `categories` is empty for all of All_Beauty.
"""

from __future__ import annotations

from collections.abc import Mapping

from itdr_hf.raw.dialects import Dialect
from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.runtime.duckdb_engine import quote
from itdr_hf.sources._amazon_downloads import downloads
from itdr_hf.sources._amazon_files import CATEGORIES, category, unread

RATING = {"user_id": "VARCHAR", "parent_asin": "VARCHAR", "rating": "FLOAT", "timestamp": "BIGINT"}
REVIEW = {**RATING, "text": "VARCHAR"}
PRODUCT = {
    "parent_asin": "VARCHAR",
    "title": "VARCHAR",
    "features": "VARCHAR[]",
    "description": "VARCHAR[]",
    "categories": "VARCHAR[]",
    "store": "VARCHAR",
    "price": "VARCHAR",
}
BENCHMARK = Dialect(quote="", escape="", header=None)  # its first version had no header line
MILLISECONDS = 10**11  # times from this value up are in milliseconds: as seconds it would be the year 5138


def read_interactions(scan: Scan) -> Select:
    reviews = _by_category(scan, "reviews", REVIEW)
    ratings = _by_category(scan, "ratings", RATING, text="NULL::VARCHAR")
    return Select(
        rows=f"({' UNION ALL BY NAME '.join([*reviews, *ratings])})",
        columns={
            "user": "user_id",
            "item": "parent_asin",
            "domain": "domain",
            "rating": "rating",
            "timestamp": f"CASE WHEN timestamp < {MILLISECONDS} THEN timestamp ELSE timestamp / 1000 END",
            "text": "nullif(text, '')",
        },
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN rating NOT BETWEEN 1 AND 5 THEN 'rating off the scale' END",
    )


def read_products(scan: Scan) -> Select:
    price = "try_cast(price AS DOUBLE)"
    return Select(
        rows=f"({' UNION ALL BY NAME '.join(_by_category(scan, 'meta', PRODUCT))})",
        columns={
            "item": "parent_asin",
            "domain": "domain",
            "title": "title",
            "category": "nullif(trim(categories[-1]), '')",
            "categories": _joined("categories", ", "),
            "features": _joined("features", "; "),
            "description": _joined("description", " "),
            "store": "nullif(trim(store), '')",
            "price": f"CASE WHEN {price} > 0 AND isfinite({price}) THEN printf('$%.2f', {price}) END",
        },
        required=("item",),
    )


def _by_category(scan: Scan, role: str, columns: Mapping[str, str], **more: str) -> list[str]:
    """Return a SELECT for each file of a role, with the category in its name as `domain`."""
    if scan.focus not in ("", role):
        return []
    selects = []
    for path in scan.files.get(role, ()):
        one = scan.only(role, path)
        rows = one.csv(role, columns, BENCHMARK) if role == "ratings" else one.jsonl(role, columns)
        added = {"domain": quote(category(path)), **more}
        names = [*columns, *(["_row"] if scan.numbered else [])]
        listed = ", ".join([*names, *(f"{expression} AS {name}" for name, expression in added.items())])
        selects.append(f"SELECT {listed} FROM {rows}")
    return selects


def _joined(column: str, between: str) -> str:
    """Return SQL that joins a list of texts, skipping empty ones; NULL if nothing is left."""
    kept = f"list_filter({column}, lambda x: trimmed(x) <> '')"
    return f"nullif(array_to_string({kept}, {quote(between)}), '')"


FILES = {"reviews": ("[A-Z]*.jsonl*",), "ratings": ("*.csv*",), "meta": ("meta_*.jsonl*",)}
ITEMS = Table(roles=("meta",), read=read_products)

SOURCE = Source(
    id="amazon2023",
    title="Amazon Reviews 2023",
    homepage="https://amazon-reviews-2023.github.io/",
    licence="none stated: for research; no redistribution of texts",
    licence_source="neither the homepage nor the card on the Hub names a licence",
    redistributable=False,
    citation="""@article{hou2024bridging,
  title={Bridging Language and Items for Retrieval and Recommendation},
  author={Hou, Yupeng and Li, Jiacheng and He, Zhankui and Yan, An and Chen, Xiusi and McAuley, Julian},
  journal={arXiv preprint arXiv:2403.03952},
  year={2024}
}""",
    obtain=(
        "download raw/review_categories/<category>.jsonl and raw/meta_categories/meta_<category>.jsonl of the twelve "
        f"categories ({', '.join(CATEGORIES)}) from https://huggingface.co/datasets/McAuley-Lab/Amazon-Reviews-2023, "
        "or their .gz twins from the homepage; any of them will do"
    ),
    downloads=downloads(),
    folders=("amazon-reviews-2023", "amazon2023", "Amazon-Reviews-2023"),
    layouts=tuple(
        Layout(
            name=name,
            files=FILES,
            tables={"interactions": Table(roles=roles, read=read_interactions), "items": ITEMS},
            unread=unread,
        )
        for name, roles in (
            ("raw and benchmark", ("reviews", "ratings")),
            ("raw", ("reviews",)),
            ("benchmark", ("ratings",)),
        )
    ),
    words=Words(item="product", items="products", do="buy", did="bought", doing="buying", acted="purchase"),
    scale=RatingScale(low=1, high=5, step=1, decimals=1),
    liked_above=3,
    disliked_below=3,
    domains=CATEGORIES,
    domain_words={
        "Appliances": "appliances",
        "Arts_Crafts_and_Sewing": "arts, crafts and sewing",
        "Baby_Products": "baby products",
        "All_Beauty": "beauty",
        "CDs_and_Vinyl": "CDs and vinyl",
        "Amazon_Fashion": "fashion",
        "Grocery_and_Gourmet_Food": "grocery and gourmet food",
        "Home_and_Kitchen": "home and kitchen",
        "Industrial_and_Scientific": "industrial and scientific",
        "Musical_Instruments": "musical instruments",
        "Software": "software",
        "Video_Games": "video games",
    },
    pairs=(
        ("All_Beauty", "Amazon_Fashion"),
        ("CDs_and_Vinyl", "Video_Games"),
        ("Appliances", "Industrial_and_Scientific"),
        ("Home_and_Kitchen", "Grocery_and_Gourmet_Food"),
    ),
    label="category",
    item_attributes=(
        Attribute(name="categories", column="categories"),
        Attribute(name="feature list", column="features", kind="text"),
        Attribute(name="description", column="description", kind="text"),
        Attribute(name="brand", column="store", kind="text"),
        Attribute(name="price", column="price", kind="number"),
    ),
)
