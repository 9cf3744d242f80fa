"""MIND: https://msnews.github.io

A click on a news article is the interaction; there are no ratings. Quirks: tab-separated, no header, no quoting (raw "
in titles); US 12-hour times without a zone, taken as UTC; empty histories and abstracts; train and dev share users and
news.

A user's clicks come from two places. A clicked impression ("N41881-1") has the time of its line. A history
("N138 N64727 …") is ordered but has no times: its clicks precede the earliest impression that shows it, so the last one
is dated one second before that impression, the one before it two seconds, and so on; `dated` is false of these. An
article that occurs more than once keeps its earliest position (`cleaning`). An impression that was not clicked ("-0"),
or of the test set, which has no labels, is not an interaction.
"""

from __future__ import annotations

from itdr_hf.raw.dialects import TSV
from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, Source, Words
from itdr_hf.runtime.duckdb_engine import quote

BEHAVIORS = dict.fromkeys(("impression", "reader", "time", "history", "impressions"), "VARCHAR")
NEWS = dict.fromkeys(
    ("item", "category", "subcategory", "title", "abstract", "url", "title_entities", "abstract_entities"), "VARCHAR"
)
# Section names are written as one word. "_" and "-" become blanks, and the category at the front is separated
# ("autosports") or removed ("newspolitics"); these are the names for which that does not read well.
SECTIONS = {
    "foodanddrink": "food and drink", "middleeast": "Middle East", "northamerica": "North America", "tv": "TV",
    "newsus": "US news", "newsworld": "world news", "newsscienceandtechnology": "science and technology",
    "newsgoodnews": "good news", "newsoffbeat": "offbeat news", "newstrends": "food trends",
    "lifestylebuzz": "lifestyle buzz", "lifestylehomeandgarden": "home and garden",
    "lifestylefamilyandrelationships": "family and relationships", "lifestylecelebstyle": "celebrity style",
    "lifestyledidyouknow": "did you know", "lifestylesmartliving": "smart living",
    "lifestylepetsanimals": "pets and animals", "weathertopstories": "top weather stories",
    "traveltripideas": "trip ideas", "internationaltravel": "international travel", "ustravel": "US travel",
    "restaurantsandnews": "restaurants", "tipsandtricks": "cooking tips and tricks", "quickandeasy": "quick recipes",
    "mentalhealth": "mental health", "weightloss": "weight loss", "pregnancyparenting": "pregnancy and parenting",
    "personalfinance": "personal finance", "popculture": "pop culture", "peopleandplaces": "people and places",
    "movienews": "movie news", "autosresearchguides": "car research guides", "autosclassics": "classic cars",
    "football_nfl": "NFL football", "football_ncaa": "college football", "basketball_nba": "NBA basketball",
    "basketball_ncaa": "college basketball", "baseball_mlb": "MLB baseball", "icehockey_nhl": "NHL ice hockey",
    "soccer_epl": "Premier League soccer", "soccer_mls": "MLS soccer", "mma": "mixed martial arts",
    "foodnews": "food news", "tvnews": "TV news", "travelarticle": "travel", "newsopinion": "opinion",
}  # fmt: skip

MAINTAINERS = "hf://datasets/Recommenders/MIND"  # by the maintainers of the mirror below, which no longer resolves
# (size, split) -> bytes and sha256 of news.tsv and behaviors.tsv
KNOWN: dict[tuple[str, str], tuple[tuple[int, str], tuple[int, str]]] = {
    ("small", "train"): (
        (41_202_121, "cd49d7da275e9c405f627d75a0de9d4ec6ad43ff8a8db5d23a447591676e09d6"),
        (92_019_716, "a424547c8fa17c9ea4879c2110221c2b2f2709f4f7615ede0b0d8e4765158658"),
    ),
    ("small", "dev"): (
        (33_519_092, "e5d144667558c449d16084fe6bfa01940c2f5d5785ea9f9110292bc3b94eb822"),
        (42_838_544, "b6c460e33b1a8693252ded6e626da7d3ccf78920eea2ec11889020bb7d8443ef"),
    ),
}


def read_impressions(scan: Scan) -> Select:
    """Return the lines unchanged; a line with an impression that is not an article or has an invalid label is malformed."""
    return Select(
        rows=scan.csv("behaviors", BEHAVIORS, TSV),
        columns={
            "reader": "reader",
            "moment": "epoch(try_strptime(time, '%m/%d/%Y %I:%M:%S %p'))::BIGINT",
            "history": _articles("history", "N\\d+"),
            "offers": _articles("impressions", "N\\d+(-[01])?"),
        },
        required=("reader", "moment", "history", "offers"),
    )


def _articles(column: str, form: str) -> str:
    """Return SQL for the list in a column, which may be empty; NULL if an element is not of the given form."""
    tokens = f"list_filter(string_split(coalesce({column}, ''), ' '), lambda token: token <> '')"
    return f"CASE WHEN regexp_full_match(coalesce({column}, ''), ' *({form} *)*') THEN {tokens} END"


def read_clicks(scan: Scan) -> Select:
    lines = f"(SELECT * FROM {scan.table('impressions')} WHERE NOT bad)"
    offers = "list_filter(offers, lambda offer: ends_with(offer, '-1'))"
    clicked = f"SELECT reader, moment, unnest({offers}) AS offer FROM {lines}"
    shown = f"SELECT reader, history, min(moment) AS moment FROM {lines} GROUP BY ALL"
    read = f"SELECT *, unnest(history) AS item, generate_subscripts(history, 1) AS place FROM ({shown})"
    return Select(
        rows=(
            f"(SELECT reader, moment, split_part(offer, '-', 1) AS item, true AS dated FROM ({clicked}) UNION ALL "
            f"SELECT reader, moment - len(history) + place - 1 AS moment, item, false AS dated FROM ({read}))"
        ),
        columns={"user": "reader", "item": "item", "timestamp": "moment", "dated": "dated"},
        required=("user", "item", "timestamp"),
    )


def read_news(scan: Scan) -> Select:
    return Select(
        rows=scan.csv("news", NEWS, TSV),
        columns={
            "item": "item",
            "title": "title",
            "category": _section("category"),
            "topic": f"nullif({_section('subcategory')}, {_section('category')})",
            "abstract": "nullif(trimmed(abstract), '')",
        },
        required=("item", "category"),
    )


def _section(column: str) -> str:
    """Return SQL for the readable name of a section."""
    known = " ".join(f"WHEN {quote(code)} THEN {quote(name)}" for code, name in SECTIONS.items())
    words = f"trim(replace(replace({column}, '_', ' '), '-', ' '))"
    rest = f"trim(substr({words}, length(category) + 1))"
    separated = f"CASE WHEN category = 'news' THEN {rest} ELSE category || ' ' || {rest} END"
    bare = f"CASE WHEN {column} <> category AND starts_with({words}, category) THEN {separated} ELSE {words} END"
    return f"CASE {column} {known} ELSE {bare} END"


def _layout(name: str, folder: str) -> Layout:
    return Layout(
        name=name,
        files={"behaviors": (f"{folder}behaviors.tsv",), "news": (f"{folder}news.tsv",)},
        tables={
            "impressions": Table(  # the source of the interactions, and of negatives that were shown
                roles=("behaviors",), read=read_impressions, kept=True
            ),
            "interactions": Table(roles=("behaviors",), read=read_clicks),
            "items": Table(roles=("news",), read=read_news),
        },
    )


SOURCE = Source(
    id="mind",
    title="MIND",
    homepage="https://msnews.github.io",
    licence="Microsoft Research License Terms: research only",
    licence_source="https://github.com/msnews/MIND",
    redistributable=False,
    citation="""@inproceedings{wu2020mind,
  title={MIND: A Large-scale Dataset for News Recommendation},
  author={Wu, Fangzhao and Qiao, Ying and Chen, Jiun-Hung and Wu, Chuhan and Qi, Tao and Lian, Jianxun and
          Liu, Danyang and Xie, Xing and Gao, Jianfeng and Wu, Winnie and Zhou, Ming},
  booktitle={Proceedings of the 58th Annual Meeting of the Association for Computational Linguistics},
  pages={3597--3606}, year={2020}, doi={10.18653/v1/2020.acl-main.331}
}""",
    obtain=(
        "accept the terms at https://msnews.github.io and download MINDsmall_train.zip and MINDsmall_dev.zip "
        "(or MINDlarge), each unpacked in a folder of its name"
    ),
    downloads=tuple(
        Download(
            url=f"{MAINTAINERS}/MIND{size}_{split}.zip",
            mirrors=(f"https://recodatasets.z20.web.core.windows.net/newsrec/MIND{size}_{split}.zip",),
            path=f"MIND{size}_{split}.zip",
            members=tuple(
                Member(name=f"*{name}", path=f"MIND{size}_{split}/{name}", size=known, sha256=sha256)
                for name, (known, sha256) in zip(
                    ("news.tsv", "behaviors.tsv"), KNOWN.get((size, split), ((None, ""), (None, ""))), strict=True
                )
            ),
            part=size,
            default=size == "small",
        )
        for size, splits in (("small", ("train", "dev")), ("large", ("train", "dev", "test")))
        for split in splits
    ),
    folders=("mind", "MIND", "MINDlarge", "MINDsmall"),
    layouts=(
        _layout("MINDlarge", "MINDlarge_*/"),
        _layout("MINDsmall", "MINDsmall_*/"),
        _layout("MIND, any folders", "*/"),
        _layout("MIND, bare files", ""),
    ),
    words=Words(item="news article", items="news articles", do="read", did="read", doing="reading", acted="click"),
    label="category",
    snapshots=("2019-11-09", "2019-11-10", "2019-11-11"),  # RecLM's, by the names of its files: 9 and 10 November
    item_attributes=(
        Attribute(name="category", column="category"),
        Attribute(name="topic", column="topic"),
        Attribute(name="abstract", column="abstract", kind="text"),
    ),
)
