"""How the authors' own release names its files: `task_<task> source_<source> <split>.json`, Alpaca records inside."""

from __future__ import annotations

import re

NAME = re.compile(r"^task_(?P<task>.+?) source_(?P<source>.+?) (?P<split>train|val|validation|test)\d*\.jsonl?$", re.I)
TASKS = {
    "rating": "rp", "top": "tkr", "cross": "cdr", "next": "nir", "attribute": "uap", "interest": "ir", "target": "tui",
}  # fmt: skip
SOURCES = (
    ("book_review", "amazonbooks"), ("books review", "amazonbooks"), ("bookcrossing", "bookcrossing"),
    ("amazon", "amazon2023"), ("anime", "anime2023"), ("ml-32m", "movielens32m"), ("ml-1m", "movielens1m"),
    ("yelp", "yelp"), ("lastfm-1k", "lastfm1k"), ("360k", "lastfm360k"), ("steam", "steam"),
    ("microlens", "microlens"), ("pixelrec", "pixelrec"), ("mind", "mind"),
)  # fmt: skip
SPLIT = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
