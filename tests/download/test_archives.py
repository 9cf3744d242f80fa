"""Archives: what is wanted comes out whole; nothing else, nowhere else, and never a part of it."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from itdr_hf.download.archives import Limits, extract, names
from itdr_hf.errors import RawDataError
from itdr_hf.raw.layout import Member
from itdr_hf.runtime.progress import Progress

RATINGS = b"userId,movieId\n" + b"1,2\n" * 5_000
FILES = {"ml/ratings.csv": RATINGS, "ml/sub/movies.csv": b"movieId\n2\n", "ml/README.txt": b"read me"}
WANTED = (Member(name="*ratings.csv", path="ratings.csv"), Member(name="ml/sub/movies.csv", path="deep/movies.csv"))


def zipped(path: Path, files: dict[str, bytes], **modes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = modes.get("mode", stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tarred(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:] if path.suffix != '.tar' else ''}") as archive:
        for item in more:
            archive.addfile(item)
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return path


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    item = tarfile.TarInfo(name)
    item.type, item.linkname = kind, target
    return item


MAKERS = {"a.zip": zipped, "a.tar": tarred, "a.tar.gz": tarred}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that holds something from before."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.csv").write_text("old")
    return tmp_path / "out"


def as_before(out: Path) -> bool:
    return [p.name for p in out.rglob("*")] == ["old.csv"] and {p.name for p in out.parent.iterdir()} <= {
        "out",
        *MAKERS,
        "a.gz",
    }


@pytest.mark.parametrize("name", MAKERS)
def test_the_wanted_members_come_out_and_nothing_else(name, tmp_path, out):
    seen: list[Progress] = []
    paths = extract(MAKERS[name](tmp_path / name, FILES), out, WANTED, progress=seen.append)
    assert [p.relative_to(out).as_posix() for p in paths] == ["ratings.csv", "deep/movies.csv"]
    assert paths[0].read_bytes() == RATINGS and seen[-1] == Progress(f"unpacking {name}", len(RATINGS) + 10, unit="B")
    assert sorted(p.name for p in out.rglob("*") if p.is_file()) == ["movies.csv", "ratings.csv"]
    assert names(tmp_path / name) == list(FILES)


def test_a_plain_gz_is_the_one_file_in_it(tmp_path, out):
    (tmp_path / "ratings.csv.gz").write_bytes(gzip.compress(RATINGS))
    assert extract(tmp_path / "ratings.csv.gz", out, WANTED[:1])[0].read_bytes() == RATINGS


LEADING_OUT = [
    "../ratings.csv",
    "/etc/ratings.csv",
    "ml/../../ratings.csv",
    "C:\\ratings.csv",
    "..\\ratings.csv",
    "ml/..\\../ratings.csv",
]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_name_that_leads_out_is_refused_with_the_whole_archive(name, path, tmp_path, out):
    made = MAKERS[name](tmp_path / name, {**FILES, path: b"x"})
    with pytest.raises(RawDataError, match="which leads out of the folder; want the release's own archive"):
        extract(made, out, WANTED)
    assert as_before(out)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path, out):
    made = tarred(tmp_path / "a.tar.gz", FILES, link("ml/ratings.csv.link", "/etc/passwd", kind))
    with pytest.raises(RawDataError, match="which is a link or a device"):
        extract(made, out, WANTED)
    assert as_before(out)


def test_a_link_in_a_zip_is_refused(tmp_path, out):
    with pytest.raises(RawDataError, match="which is a link or a device"):
        extract(zipped(tmp_path / "a.zip", {"ml/ratings.csv": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), out, WANTED)
    assert as_before(out)


@pytest.mark.parametrize("name", MAKERS)
def test_a_bomb_is_stopped_at_the_limit(name, tmp_path, out):
    made = MAKERS[name](tmp_path / name, {"ratings.csv": b"\0" * 20_000_000})
    with pytest.raises(RawDataError, match="which unpacks to more than 1,000,000 bytes"):
        extract(made, out, WANTED, limits=Limits(size=1_000_000))
    assert as_before(out)


def test_a_zip_that_lies_about_the_size_of_a_member_is_found_out(tmp_path, out):
    made = zipped(tmp_path / "a.zip", {"ratings.csv": b"\0" * 3_000_000})
    spoilt = made.read_bytes().replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    made.write_bytes(spoilt)
    with pytest.raises(RawDataError):
        extract(made, out, WANTED[:1])
    assert as_before(out)


def test_too_many_files_are_refused(tmp_path, out):
    made = zipped(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(50)})
    with pytest.raises(RawDataError, match="more than 20 files"):
        extract(made, out, WANTED, limits=Limits(files=20))


def test_two_members_for_one_file_are_refused(tmp_path, out):
    with pytest.raises(RawDataError, match=r"\*ratings.csv more than once"):
        extract(zipped(tmp_path / "a.zip", {"a/ratings.csv": b"1", "b/ratings.csv": b"2"}), out, WANTED)
    assert as_before(out)


def test_a_missing_member_is_named(tmp_path, out):
    with pytest.raises(
        RawDataError, match=r"a.zip: no ml/sub/movies.csv in it; want the release's own archive; get it again"
    ):
        extract(zipped(tmp_path / "a.zip", {"ratings.csv": b"1"}), out, WANTED)
    assert as_before(out)


@pytest.mark.parametrize("name", MAKERS)
def test_a_cut_or_damaged_archive_is_named_and_leaves_nothing(name, tmp_path, out):
    content = random.Random(1).randbytes(50_000)
    whole = MAKERS[name](tmp_path / name, {**FILES, "ml/ratings.csv": content}).read_bytes()
    for share in (0.1, 0.5, 0.9 if name != "a.tar" else 0.7):  # a tar ends in padding
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(RawDataError, match="want the"):
            extract(tmp_path / name, out, WANTED)
        assert as_before(out)
    if name != "a.tar":  # which has no checksum of its members' content
        (tmp_path / name).write_bytes(whole[:20_000] + bytes([whole[20_000] ^ 1]) + whole[20_001:])
        with pytest.raises(RawDataError, match="damaged"):
            extract(tmp_path / name, out, WANTED)
        assert as_before(out)


def test_an_archive_with_a_password_is_named(tmp_path, out):
    made = zipped(tmp_path / "a.zip", FILES)
    spoilt = bytearray(made.read_bytes())
    for at in (spoilt.find(b"PK\x01\x02") + 8, 6):
        spoilt[at] |= 1
    made.write_bytes(spoilt)
    with pytest.raises(RawDataError, match="want an archive without a password"):
        extract(made, out, WANTED)


def test_what_is_no_archive_is_named(tmp_path, out):
    (tmp_path / "a.zip").write_text("<html>")
    with pytest.raises(RawDataError, match="neither zip, tar nor gz"):
        extract(tmp_path / "a.zip", out, WANTED)


def test_members_packed_so_that_no_cap_could_hold_are_refused(tmp_path, out):
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "a.zip", "w", kind) as packed:
            packed.writestr("ratings.csv", b"\0" * 1_000_000)
        with pytest.raises(RawDataError, match="'ratings.csv', compressed by a method that no release uses"):
            extract(tmp_path / "a.zip", out, WANTED)


def test_a_bomb_is_refused_by_what_it_says_before_a_byte_is_written(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ratings.csv", b"\0" * (70 * 2**20))
    written: list[int] = []
    with pytest.raises(RawDataError, match="which unpacks to more than 67,108,864 bytes"):
        extract(tmp_path / "a.zip", out, WANTED, progress=lambda p: written.append(p.done))
    assert written == []


def test_a_huge_header_of_a_tar_is_refused_unread(tmp_path, out):
    made = tmp_path / "a.tar.gz"
    with gzip.open(made, "wb") as stream:
        header = tarfile.TarInfo("long")
        header.type, header.size = tarfile.XHDTYPE, 2**31
        stream.write(header.tobuf(tarfile.PAX_FORMAT))
        stream.write(b"\0" * 4_000_000)
    with pytest.raises(RawDataError, match="a header of 2,147,483,648 bytes"):
        extract(made, out, WANTED)


def test_a_tar_that_begins_with_a_dot_is_read(tmp_path, out):
    with tarfile.open(tmp_path / "a.tar", "w") as rolled:
        folder = tarfile.TarInfo(".")
        folder.type = tarfile.DIRTYPE
        rolled.addfile(folder)
        for member in WANTED:
            facts = tarfile.TarInfo(member.name.replace("*", ""))
            facts.size = 4
            rolled.addfile(facts, io.BytesIO(b"a,b\n"))
    assert all(path.read_bytes() == b"a,b\n" for path in extract(tmp_path / "a.tar", out, WANTED))


def test_names_written_with_backslashes_are_understood(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("ml-32m\\ratings.csv", b"a,b\n")
    assert names(tmp_path / "a.zip") == ["ml-32m/ratings.csv"]
    wanted = [Member(name="ml-32m/ratings.csv", path="ratings.csv")]
    assert extract(tmp_path / "a.zip", tmp_path / "o", wanted)[0].read_bytes() == b"a,b\n"
