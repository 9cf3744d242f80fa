"""Yelp Open Dataset: https://business.yelp.com/data/resources/open-dataset/

Quirks: five files of JSON lines, of which business and review are read; dates without a zone (in older releases without
a time of day); names shared by the shops of a chain; null categories; `attributes` is null, or maps names to strings
with Python literals: "True", "u'free'", "'casual'", "{'lot': True, 'valet': False}", "None".
"""

from __future__ import annotations

from collections.abc import Mapping

from itdr_hf.raw.layout import Download, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.runtime.duckdb_engine import quote

DATES = "['%Y-%m-%d %H:%M:%S', '%Y-%m-%d']"


# Attributes that hold a dict of flags, and the form of each flag that is set.
SETS = {
    "Ambience": "{} ambience",
    "GoodForMeal": "{}",
    "Music": "{} music",
    "DietaryRestrictions": "{} options",
    "BusinessParking": "{} parking",
}
VALUES: dict[str, Mapping[str, str]] = {
    "RestaurantsPriceRange2": {"1": "low prices", "2": "moderate prices", "3": "upscale prices", "4": "luxury prices"},
    "Alcohol": {"full_bar": "full bar", "beer_and_wine": "beer and wine"},
    "RestaurantsAttire": {"casual": "casual dress", "dressy": "smart dress", "formal": "formal dress"},
    "NoiseLevel": {"quiet": "quiet rooms", "loud": "loud rooms", "very_loud": "very loud rooms"},
    "WiFi": {"free": "free Wi-Fi", "paid": "paid Wi-Fi"},
    "Smoking": {"yes": "smoking allowed", "outdoor": "smoking outdoors"},
}
FLAGS = {
    "GoodForKids": "fun for kids",
    "RestaurantsGoodForGroups": "room for groups",
    "OutdoorSeating": "outdoor seating",
    "RestaurantsReservations": "reservations",
    "RestaurantsTakeOut": "take-out",
    "RestaurantsDelivery": "delivery",
    "RestaurantsTableService": "table service",
    "RestaurantsCounterService": "counter service",
    "DriveThru": "drive-through",
    "HappyHour": "happy hour",
    "GoodForDancing": "dancing",
    "HasTV": "TV",
    "Caters": "catering",
    "BYOB": "bring your own bottle",
    "DogsAllowed": "dogs welcome",
    "WheelchairAccessible": "wheelchair access",
    "BikeParking": "bike parking",
    "CoatCheck": "coat check",
    "Open24Hours": "open around the clock",
    "ByAppointmentOnly": "by appointment only",
    "AcceptsInsurance": "insurance accepted",
    "BusinessAcceptsCreditCards": "credit cards accepted",
    "BusinessAcceptsBitcoin": "bitcoin accepted",
}


def read_reviews(scan: Scan) -> Select:
    columns = {"user_id": "VARCHAR", "business_id": "VARCHAR", "stars": "FLOAT", "text": "VARCHAR", "date": "VARCHAR"}
    return Select(
        rows=scan.jsonl("reviews", columns),
        columns={
            "user": "user_id",
            "item": "business_id",
            "rating": "stars",
            "timestamp": f"epoch(try_strptime(date, {DATES}))::BIGINT",
            "text": "nullif(trimmed(text), '')",
        },
        required=("user", "item", "rating", "timestamp"),
        dropped="CASE WHEN stars NOT IN (1, 2, 3, 4, 5) THEN 'rating off the scale' END",
    )


def read_businesses(scan: Scan) -> Select:
    columns = {
        "business_id": "VARCHAR",
        "name": "VARCHAR",
        "city": "VARCHAR",
        "state": "VARCHAR",
        "attributes": "MAP(VARCHAR, VARCHAR)",
        "categories": "VARCHAR",
    }
    return Select(
        rows=scan.jsonl("businesses", columns),
        columns={
            "item": "business_id",
            "title": "name",
            "categories": "nullif(trim(categories), '')",
            "features": shown_features("attributes"),
            "location": "nullif(concat_ws(', ', nullif(trim(city), ''), nullif(trim(state), '')), '')",
        },
        required=("item",),
    )


def shown_features(column: str) -> str:
    """Return SQL for the features of a business in a MAP column, joined by ', '; NULL if none are known.

    Features that it lacks are not mentioned.
    """
    parts = [_set(column, name, form) for name, form in SETS.items()]
    parts += [f"[{_value(column, name, words)}]" for name, words in VALUES.items()]
    parts += [f"[CASE {column}[{quote(name)}] WHEN 'True' THEN {quote(text)} END]" for name, text in FLAGS.items()]
    return f"nullif(array_to_string(list_filter(flatten([{', '.join(parts)}]), lambda x: x IS NOT NULL), ', '), '')"


def _value(column: str, name: str, words: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {quote(value)} THEN {quote(text)}" for value, text in words.items())
    return f"CASE regexp_extract({column}[{quote(name)}], '[A-Za-z0-9_]{{2,}}|[0-9]') {cases} END"


def _set(column: str, name: str, form: str) -> str:
    """Return SQL for the flags that are True in "{'garage': False, 'lot': True}", each in its form; [] for NULL."""
    flags = f"regexp_extract_all({column}[{quote(name)}], '''([a-z_-]+)'': True', 1)"
    before, after = map(quote, form.split("{}"))
    return f"coalesce(list_transform({flags}, lambda x: {before} || replace(x, '_', ' ') || {after}), [])"


def _names(table: str) -> tuple[str, ...]:
    """Return a file's names in releases since 2018 and before, plain or compressed."""
    return tuple(f"{prefix}{table}.json{end}" for prefix in ("yelp_academic_dataset_", "") for end in ("", ".gz"))


SOURCE = Source(
    id="yelp",
    title="Yelp Open Dataset",
    homepage="https://business.yelp.com/data/resources/open-dataset/",
    licence="Yelp Dataset User Agreement: academic and non-commercial use, no redistribution",
    licence_source="Dataset User Agreement PDF in the download",
    redistributable=False,
    citation="""@misc{yelp2022dataset,
  title={Yelp Open Dataset},
  author={{Yelp Inc.}},
  year={2022},
  howpublished={\\url{https://business.yelp.com/data/resources/open-dataset/}}
}""",
    obtain=(
        "fill in the form at https://business.yelp.com/data/resources/open-dataset/ and unpack the archive, or "
        "get yelp-dataset/yelp-dataset from Kaggle (needs an account)"
    ),
    downloads=(
        Download(
            url="kaggle://yelp-dataset/yelp-dataset/yelp_academic_dataset_business.json",
            path="yelp_academic_dataset_business.json",
            size=118_863_795,
            sha256="39228062",
            md5="f992501bd77e167970fe6011b9e81573",
        ),
        Download(
            url="kaggle://yelp-dataset/yelp-dataset/yelp_academic_dataset_review.json",
            path="yelp_academic_dataset_review.json",
        ),
    ),
    folders=("yelp", "yelp_dataset", "yelp-dataset"),
    layouts=(
        Layout(
            name="JSON lines",
            files={"reviews": _names("review"), "businesses": _names("business")},
            tables={
                "interactions": Table(roles=("reviews",), read=read_reviews),
                "items": Table(roles=("businesses",), read=read_businesses),
            },
        ),
    ),
    words=Words(item="business", items="businesses", do="visit", did="visited", doing="visiting", acted="visit"),
    scale=RatingScale(low=1, high=5, step=1),  # reviews write 5.0, but only whole stars can be given
    liked_above=3,
    disliked_below=3,
    label="categories",
    item_attributes=(
        Attribute(name="categories", column="categories"),
        Attribute(name="features", column="features"),
        Attribute(name="location", column="location", kind="text"),
    ),
)
