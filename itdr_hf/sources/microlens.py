"""MicroLens 50K and 100K: https://github.com/westlake-repl/MicroLens

A user's comment on a short video is the interaction; there are no ratings. Quirks: milliseconds; 50K titles are
quoted and end in CRLF, with inline "# tag" remarks, some beginning with one, some thousands of characters long;
100K titles have no header and no quotes ("1, a title, with commas": only the first comma is a separator), some are
empty; likes and views are tab-separated without a header. `_pairs.tsv` lists each user's videos in time order, without
times; it is used if the CSV is missing. Comments and captions are not read, since the paper does not show them.
"""

from __future__ import annotations

from collections.abc import Callable

from itdr_hf.raw.dialects import TSV, Dialect
from itdr_hf.raw.layout import Download, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, Source, Words

SITE = "https://recsys.westlake.edu.cn"
TAGS_SHOWN = 5
LABEL_TAGS = 2  # tags shown after a title
MAX_TAGS = 100  # tags of a title that are considered, as each is compared with all of them
MAX_TAG_CHARS = 40  # a longer text after a '#' is a sentence, not a tag


def read_pairs(scan: Scan) -> Select:
    return Select(
        rows=scan.csv("pairs", {"user": "BIGINT", "item": "BIGINT", "timestamp": "BIGINT"}),
        columns={"user": '"user"', "item": "item", "timestamp": "timestamp / 1000"},
        required=("user", "item", "timestamp"),
    )


def read_sequences(scan: Scan) -> Select:
    """Return the interactions with the position in a user's list as the time.

    Lists are cast before they are unnested: unnesting texts takes far longer.
    """
    lists = scan.csv("sequences", {"user": "BIGINT", "videos": "VARCHAR"}, TSV)
    texts = "coalesce(string_split(trim(videos), ' '), [NULL])"  # a line without videos must count as malformed
    cast = (
        f"(SELECT * EXCLUDE (videos), list_transform({texts}, lambda v: try_cast(v AS BIGINT)) AS videos FROM {lists})"
    )
    return Select(
        rows=f"(SELECT *, unnest(videos) AS item, generate_subscripts(videos, 1) AS place FROM {cast})",
        columns={"user": '"user"', "item": "item", "timestamp": "place"},
        required=("user", "item"),
    )


def read_titles_50k(scan: Scan) -> Select:
    return _titles(scan, scan.csv("titles", {"item": "BIGINT", "title": "VARCHAR"}))


def read_titles_100k(scan: Scan) -> Select:
    comma = "instr(line, ',')"  # 0 if there is none: then `item` is NULL and the row is malformed
    item = f"try_cast(trim(left(line, greatest({comma} - 1, 0))) AS BIGINT)"
    lines = scan.lines(scan.files["titles"][0])
    return _titles(scan, f"(SELECT * EXCLUDE (line), {item} AS item, substr(line, {comma} + 1) AS title FROM {lines})")


def _titles(scan: Scan, titles: str) -> Select:
    """Return the items: the title is the text before the first '#', or else the first tag; the rest are tags."""
    pieces = "list_filter(list_transform(string_split(title, '#'), lambda p: trim(p)), lambda p: p <> '')"
    cut = f"(SELECT * EXCLUDE (title), {pieces} AS pieces FROM {titles})"
    joined = f"{cut} AS t LEFT JOIN {_counts(scan)} USING (item) LEFT JOIN {_categories(scan)} USING (item)"
    behind = f"list_filter(pieces[2:], lambda tag: length(tag) <= {MAX_TAG_CHARS})[:{MAX_TAGS}]"
    return Select(
        rows=f"(SELECT *, list_concat(coalesce(category, []), {behind}) AS tags FROM {joined})",
        columns={
            "item": "item",
            "title": "pieces[1]",
            "topic": _listed("tags", LABEL_TAGS),
            "tags": _listed("tags", TAGS_SHOWN),
            "likes": "likes::VARCHAR",
            "views": "views::VARCHAR",
        },
        required=("item",),
    )


def _listed(tags: str, count: int) -> str:
    """Return SQL for the first `count` distinct tags, ignoring case, as text."""
    lower = f"list_transform({tags}, lambda tag: lower(tag))"
    once = f"list_filter({tags}, lambda tag, place: list_position({lower}, lower(tag)) = place)"
    return f"nullif(array_to_string(({once})[:{count}], ', '), '')"


def _counts(scan: Scan) -> str:
    """Return a query for likes and views by item; without rows if the file is missing."""
    if "counts" not in scan.files:
        return "(SELECT NULL::BIGINT AS item, NULL::BIGINT AS likes, NULL::BIGINT AS views WHERE false)"
    counts = scan.csv("counts", {"item": "BIGINT", "likes": "BIGINT", "views": "BIGINT"}, TSV)
    return f"(SELECT item, max(likes) AS likes, max(views) AS views FROM {counts} GROUP BY item)"


def _categories(scan: Scan) -> str:
    """Return a query for the categories of the 100K release by item, as a list; without rows if the file is missing."""
    if "categories" not in scan.files:
        return "(SELECT NULL::BIGINT AS item, NULL::VARCHAR[] AS category WHERE false)"
    columns = {"item": "BIGINT", "category": "VARCHAR"}
    categories = scan.csv("categories", columns, Dialect(header=None))
    return f"(SELECT item, list(DISTINCT trim(category) ORDER BY trim(category)) AS category FROM {categories} GROUP BY item)"


def _layout(name: str, stem: str, titles: str, read_titles: Callable[[Scan], Select], *, times: bool) -> Layout:
    role, suffix, read = ("pairs", "csv", read_pairs) if times else ("sequences", "tsv", read_sequences)
    optional = {"counts": (f"{stem}_likes_and_views.txt",)}
    if stem.endswith("100k"):
        optional["categories"] = ("tags_to_summary.csv",)
    return Layout(
        name=name,
        files={role: (f"{stem}_pairs.{suffix}",), "titles": (titles,), **optional},
        tables={
            "interactions": Table(roles=(role,), read=read),
            "items": Table(roles=("titles",), read=read_titles),
        },
    )


SOURCE = Source(
    id="microlens",
    title="MicroLens",
    homepage="https://github.com/westlake-repl/MicroLens",
    licence="research use; no modified copies and no second downloads",
    licence_source="README of the repository",
    redistributable=False,
    citation="""@article{ni2023microlens,
  title={A Content-Driven Micro-Video Recommendation Dataset at Scale},
  author={Ni, Yongxin and Cheng, Yu and Liu, Xiangyan and Fu, Junchen and Li, Youhua and He, Xiangnan and
          Zhang, Yongfeng and Yuan, Fajie},
  journal={arXiv preprint arXiv:2309.15379}, year={2023}
}""",
    obtain=(
        "download the tables (pairs, titles, likes and views) from "
        "https://recsys.westlake.edu.cn/MicroLens-100k-Dataset/ or https://recsys.westlake.edu.cn/MicroLens-50k-Dataset/"
    ),
    downloads=(
        *(
            Download(url=f"{SITE}/MicroLens-100k-Dataset/{name}", path=name, part="100k")
            for name in (
                "MicroLens-100k_pairs.csv",
                "MicroLens-100k_title_en.csv",
                "MicroLens-100k_likes_and_views.txt",
                "tags_to_summary.csv",
            )
        ),
        *(
            Download(
                url=f"{SITE}/MicroLens-50k-Dataset/{name}",
                path=name,
                size=size,
                sha256=sha256,
                part="50k",
                default=False,
            )
            for name, size, sha256 in (
                (
                    "MicroLens-50k_pairs.csv",
                    9_431_093,
                    "7ff8b91bcc84f5434ac2c5be7d0b7d7730f5e84f79f9648b5ae67a7641f97bbd",
                ),
                (
                    "MicroLens-50k_titles.csv",
                    2_392_145,
                    "244aad5380cbbe0fb43458cfcda5ebe820f534384602f80a64dbbcd07dd30e49",
                ),
                (
                    "MicroLens-50k_likes_and_views.txt",
                    386_787,
                    "9031dcd6fd575abc28776b6fe55a9b5a5a6446ff1d25bbb97d0e9437f480dfb2",
                ),
            )
        ),
    ),
    folders=("microlens", "MicroLens", "MicroLens-100k-Dataset", "MicroLens-50k-Dataset"),
    layouts=(
        _layout("MicroLens-100k", "MicroLens-100k", "MicroLens-100k_title_en.csv", read_titles_100k, times=True),
        _layout("MicroLens-50k", "MicroLens-50k", "MicroLens-50k_titles.csv", read_titles_50k, times=True),
        _layout(
            "MicroLens-100k, no times", "MicroLens-100k", "MicroLens-100k_title_en.csv", read_titles_100k, times=False
        ),
        _layout("MicroLens-50k, no times", "MicroLens-50k", "MicroLens-50k_titles.csv", read_titles_50k, times=False),
    ),
    words=Words(item="short video", items="short videos", do="watch", did="watched", doing="watching", acted="viewing"),
    label="topic",
    item_attributes=(
        Attribute(name="tags", column="tags"),
        Attribute(name="likes", column="likes", kind="number"),
        Attribute(name="views", column="views", kind="number"),
    ),
)
