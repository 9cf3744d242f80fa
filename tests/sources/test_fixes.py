"""Raw files that were saved anew: marks, halves of characters, other encodings; what a folder holds instead; looks alike."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.errors import MalformedRowError, MissingFileError, RawDataError
from itdr_hf.raw.fixes import beginning, replace_lone_surrogates, utf_16
from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.release import find_release
from itdr_hf.raw.source import RatingScale, Source
from itdr_hf.runtime.text import show_text
from itdr_hf.tables.cache import ensure_tables


@pytest.fixture
def reads(engine, tmp_path):
    """Tables of a source of which some files were changed, by name."""

    def reading(source: str, **changed: bytes):
        known = catalogue.source(source)
        folder = tmp_path / f"raw{len(list(tmp_path.iterdir()))}" / known.folders[0]
        for path in (RAW / known.folders[0]).rglob("*"):
            if path.is_file():
                copy = folder / path.relative_to(RAW / known.folders[0])
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(changed.get(path.name, path.read_bytes()))
        return ensure_tables(known, folder.parent, engine=engine, cache=tmp_path / "cache")

    return reading


REVIEWS = (RAW / "yelp/yelp_academic_dataset_review.json").read_bytes()
DAT = (RAW / "ml-1m/movies.dat").read_bytes()


def test_a_byte_order_mark_before_json_lines_is_no_fault(reads):
    marked = reads("yelp", **{"yelp_academic_dataset_review.json": b"\xef\xbb\xbf" + REVIEWS})
    assert rows(marked, "interactions") == rows(reads("yelp"), "interactions")


def test_half_a_surrogate_pair_is_one_unknown_character(reads):
    first, *rest = REVIEWS.splitlines(keepends=True)
    review = {**json.loads(first), "text": "before HALF after"}
    spoilt = json.dumps(review).replace("HALF", "\\ud83d").encode() + b"\n" + b"".join(rest)
    texts = [
        row["text"] for row in rows(reads("yelp", **{"yelp_academic_dataset_review.json": spoilt}), "interactions")
    ]
    assert "before \ufffd after" in texts


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (rb'{"a": "\ud83d\ude00"}', rb'{"a": "\ud83d\ude00"}'),
        (rb'{"a": "\ud83d x"}', rb'{"a": "\ufffd x"}'),
        (rb'{"a": "\ude00\ud83d"}', rb'{"a": "\ufffd\ufffd"}'),
        (rb'{"a": "\\ud83d"}', rb'{"a": "\\ud83d"}'),
    ],
)
def test_pairs_and_escaped_backslashes_stay_as_they_are(line, mended):
    assert replace_lone_surrogates(line) == mended


def test_jsons_words_among_pythons_are_taken(reads):
    path = RAW / "steam/steam_reviews.json"
    changed = path.read_bytes().replace(b": True", b": true").replace(b": False", b": false")
    assert changed != path.read_bytes()
    assert rows(reads("steam", **{path.name: changed}), "interactions") == rows(reads("steam"), "interactions")


def test_movies_saved_as_utf_8_have_the_titles_they_had(reads):
    saved = reads("movielens1m", **{"movies.dat": DAT.decode("latin-1").encode()})
    assert rows(saved, "items") == rows(reads("movielens1m"), "items")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_called_by_its_name(encoding, reads, tmp_path):
    with pytest.raises(
        RawDataError, match=r"^ml-1m/movies.dat: text in UTF-16 \((little|big)-endian\); want the encoding"
    ):
        reads("movielens1m", **{"movies.dat": DAT.decode("latin-1").encode(encoding)})
    for number, other in enumerate((DAT, b"", b"PAR1\x15\x04\x15" + b"\0x" * 200, b"\0\0\0\0" * 100)):
        (tmp_path / f"{number}").write_bytes(other)
        assert utf_16(beginning(tmp_path / f"{number}")) == ""


@pytest.mark.parametrize(
    ("source", "name", "separator"), [("movielens1m", "ratings.dat", "::"), ("mind", "news.tsv", "\t")]
)
def test_a_field_too_many_is_named_in_files_without_quotes(source, name, separator, reads):
    folder = RAW / catalogue.source(source).folders[0]
    path = sorted(folder.rglob(name))[0]
    first, *rest = path.read_text(encoding="latin-1").splitlines(keepends=True)
    fields = first.split(separator)
    spoilt = separator.join([*fields[:1], "extra", *fields[1:]]) + "".join(rest)
    with pytest.raises(
        MalformedRowError, match=rf"{name} line 1: {len(fields) + 1} fields in .* want {len(fields)} \("
    ):
        reads(source, **{name: spoilt.encode("latin-1")})


def test_line_ends_of_two_kinds_are_still_read_without_quotes(reads):
    mixed = b"\r\n".join(DAT.split(b"\n")[:3]) + b"\n" + b"\n".join(DAT.split(b"\n")[3:])
    assert rows(reads("movielens1m", **{"movies.dat": mixed}), "items") == rows(reads("movielens1m"), "items")


def test_a_folder_is_told_by_what_it_holds_instead(tmp_path):
    folder = tmp_path / "ml-32m"
    folder.mkdir()
    source = catalogue.source("movielens32m")
    with pytest.raises(MissingFileError, match="ml-32m: an empty folder; want ratings.csv"):
        find_release(source, tmp_path)
    (folder / "train-00000-of-00001.parquet").touch()
    with pytest.raises(MissingFileError, match=r"but train-00000-of-00001.parquet \(Parquet, as converted by the Hub"):
        find_release(source, tmp_path)


def test_a_release_in_a_folder_of_another_name_is_pointed_to(tmp_path):
    (tmp_path / "ml-25m").mkdir()
    for name in ("ratings.csv", "movies.csv"):
        (tmp_path / "ml-25m" / name).write_bytes((RAW / "ml-32m" / name).read_bytes())
    with pytest.raises(
        MissingFileError, match=r"but ml-25m has files of these names \(if it is this release, name it ml-32m\)"
    ):
        find_release(catalogue.source("movielens32m"), tmp_path)


def test_milliseconds_order_what_the_second_does_not(reads, tmp_path):
    pairs = b"user,item,timestamp\n1,2,1600000000050\n1,1,1600000000990\n1,3,1600000000000\n"
    found = rows(reads("microlens", **{"MicroLens-100k_pairs.csv": pairs}), "interactions")
    assert [row["item"] for row in sorted(found, key=lambda row: row["timestamp"])] == [3, 2, 1]


def test_one_title_in_two_forms_is_one_title_as_compared_and_labels_are_clean(engine, tmp_path):
    from itdr_hf.raw.layout import Layout, Table
    from itdr_hf.raw.scan import Select

    shop = tmp_path / "raw/shop"
    shop.mkdir(parents=True)
    titles = ("Caf\u00e9", "Cafe\u0301")
    shop.joinpath("items.csv").write_text(
        "item,title,kind\n" + "".join(f"{n},{t},a\u202eb\u200bc\x9bd\n" for n, t in enumerate(titles))
    )

    def read(scan):
        columns = dict.fromkeys(("item", "title", "kind"), "VARCHAR")
        return Select(rows=scan.csv("items", columns), columns={name: name for name in columns}, required=("item",))

    base = catalogue.source("movielens32m")
    layout = Layout(name="shop", files={"items": ("items.csv",)}, tables={"items": Table(roles=("items",), read=read)})
    source = Source(
        **{
            **base.__dict__,
            "id": "shop",
            "folders": ("shop",),
            "layouts": (layout,),
            "label": "kind",
            "item_attributes": (),
        }
    )
    table = pq.read_table(ensure_tables(source, tmp_path / "raw", engine=engine, cache=tmp_path / "c").path("items"))
    assert len(set(table["norm"].to_pylist())) == 1 and len(set(table["title"].to_pylist())) == 2
    assert table["kind"].to_pylist() == ["abc d"] * 2
    assert isinstance(base.scale, RatingScale) and Path(shop).is_dir()


def test_shown_texts_lose_what_is_not_seen_and_terminals_get_none_of_it():
    assert show_text("a\u200bb \x9b31m c\u202e \U000e0041d", 100) == "ab 31m c d"


ITEMS = (RAW / "pixelrec/item_info.csv").read_bytes()
SPOILT = {
    "zeros in a value": (b"i1046,1", b"i1046,1\0\0", 3, "bytes of zero"),
    "zeros in a column that is not read": (b",9973.0,", b",99\0\0.0,", 2, "bytes of zero"),
    "zeros over the end of a row": (b'six."\ni1046', b"si\0\0\0\0\0\0046", 2, ""),
    "the header again": (
        b"\ni1046",
        b"\n" + ITEMS.partition(b"\n")[0] + b"\ni1046",
        3,
        "want a row, rather than the header again",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "wanted"), SPOILT.values(), ids=SPOILT)
def test_a_row_that_is_none_is_named_or_counted_and_never_read(old, new, line, wanted, reads):
    assert old in ITEMS
    spoilt = ITEMS.replace(old, new, 1)
    with pytest.raises(MalformedRowError, match=rf"pixelrec/item_info.csv line {line}: .*{wanted}"):
        reads("pixelrec", **{"item_info.csv": spoilt})


def test_rows_with_zeros_and_headers_are_counted_where_bad_rows_are_skipped(engine, tmp_path, reads):
    whole = reads("pixelrec")
    spoilt = ITEMS.replace(*SPOILT["the header again"][:2], 1).replace(*SPOILT["zeros in a value"][:2], 1)
    folder = tmp_path / "skip/pixelrec"
    shutil.copytree(RAW / "pixelrec", folder)
    (folder / "item_info.csv").write_bytes(spoilt)
    found = ensure_tables(
        catalogue.source("pixelrec"), folder.parent, engine=engine, cache=tmp_path / "c", bad=BadRows(policy="skip")
    )
    before, after = steps(whole, "items"), steps(found, "items")
    assert after["malformed"] == -2 and after["read"] == before["read"] + 1 and after["kept"] == before["kept"] - 1


def test_an_empty_file_is_refused_rather_than_read_as_no_rows(reads):
    with pytest.raises(
        RawDataError, match=r"^MINDsmall_\w+/news.tsv: an empty file; want the complete file, as published; get the"
    ):
        reads("mind", **{"news.tsv": b""})


def test_of_several_files_one_may_be_compressed_and_is_read_too(engine, tmp_path, reads):
    shutil.copytree(RAW / "mind", tmp_path / "packed/mind")
    path = tmp_path / "packed/mind/MINDsmall_dev/behaviors.tsv"
    path.with_name("behaviors.tsv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    found = ensure_tables(catalogue.source("mind"), tmp_path / "packed", engine=engine, cache=tmp_path / "c")
    assert len(rows(found, "interactions")) == len(rows(reads("mind"), "interactions"))
    path.with_name("behaviors.tsv.gz").write_bytes(
        gzip.compress(path.with_name("news.tsv").read_bytes())[:-9] + b"tail"
    )
    with pytest.raises(RawDataError, match="MINDsmall_dev/behaviors.tsv.gz: "):
        ensure_tables(catalogue.source("mind"), tmp_path / "packed", engine=engine, cache=tmp_path / "c")
