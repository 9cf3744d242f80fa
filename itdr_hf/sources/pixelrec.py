"""PixelRec: https://github.com/westlake-repl/PixelRec

A user's comment on a video is the interaction; there are no ratings. Five sizes: PixelRec50K (interaction.csv and
item_info.csv) and Pixel200K, Pixel1M, Pixel8M, PixelRec, each one file name in two folders (Interaction and Item
Information, or dataset and information). Quirks: prefixed ids ("i72138", "u209296"); counters as floats; rows with only
an id and a title; empty titles; meaningless descriptions ("wb", "-"). Counters are not shown: they indicate how popular
a video is, not whom it suits. item_info_TRUNCATED_TITLES.csv, with titles cut at 50 characters, is read too.
"""

from __future__ import annotations

from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, Source, Words

MIN_DESCRIPTION = 5  # characters; a shorter one ("wb", "none", "-") says nothing about the video
SIZES = ("PixelRec", "Pixel8M", "Pixel1M", "Pixel200K")  # largest first: the smaller ones are samples of it


def read_interactions(scan: Scan) -> Select:
    return Select(
        rows=scan.csv("interactions", {"item_id": "VARCHAR", "user_id": "VARCHAR", "timestamp": "BIGINT"}),
        columns={"user": "user_id", "item": "item_id", "timestamp": "timestamp"},
        required=("user", "item", "timestamp"),
    )


def read_items(scan: Scan) -> Select:
    columns = dict.fromkeys(("item_id", "title", "tag", "description"), "VARCHAR")
    described = f"length(trim(description)) >= {MIN_DESCRIPTION}"
    return Select(
        rows=scan.csv("items", columns),
        columns={
            "item": "item_id",
            "title": "title",
            "tag": "nullif(trim(tag), '')",
            "description": f"CASE WHEN {described} THEN trimmed(description) END",
        },
        required=("item",),
    )


TABLES = {
    "interactions": Table(roles=("interactions",), read=read_interactions),
    "items": Table(roles=("items",), read=read_items),
}


def _twin_folders(size: str) -> Layout:
    return Layout(
        name=size,
        files={
            "interactions": (f"Interaction/{size}.csv", f"dataset/{size}.csv"),
            "items": (f"Item Information/{size}.csv", f"information/{size}.csv"),
        },
        tables=TABLES,
    )


SOURCE = Source(
    id="pixelrec",
    title="PixelRec",
    homepage="https://github.com/westlake-repl/PixelRec",
    licence="non-commercial research and education; no right to copy, modify, publish or distribute",
    licence_source="dataset/LICENSE of the repository",
    redistributable=False,
    citation="""@article{cheng2023pixelrec,
  title={An Image Dataset for Benchmarking Recommender Systems with Raw Pixels},
  author={Cheng, Yu and Pan, Yunzhu and Zhang, Jiaqi and Ni, Yongxin and Sun, Aixin and Yuan, Fajie},
  journal={arXiv preprint arXiv:2309.06789}, year={2023}
}""",
    obtain=(
        "download interaction.csv and item_info.csv of PixelRec50K, or the folders Interaction and Item Information, "
        "from the Google Drive links in the README of https://github.com/westlake-repl/PixelRec"
    ),
    folders=("pixelrec", "PixelRec", "PixelRec50K"),
    layouts=(
        *map(_twin_folders, SIZES),
        Layout(
            name="PixelRec50K",
            files={
                "interactions": ("interaction.csv",),
                "items": ("item_info.csv", "item_info_TRUNCATED_TITLES.csv"),
            },
            tables=TABLES,
        ),
    ),
    words=Words(item="video", items="videos", do="watch", did="watched", doing="watching", acted="viewing"),
    label="tag",
    item_attributes=(
        Attribute(name="category", column="tag"),
        Attribute(name="description", column="description", kind="text"),
    ),
)
