"""A release from its address to its folder: checked, whole, resumed, its terms accepted once."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from download.fileserver import Server, serving
from itdr_hf import catalogue
from itdr_hf.cli.app import app
from itdr_hf.download import Clients, Want, accept, accepted, by_hand, download, plan, unpack
from itdr_hf.download.place import NOTE
from itdr_hf.errors import DownloadError, MissingFileError, OutputError, RawDataError, UsageError
from itdr_hf.raw.layout import Download, Member
from itdr_hf.raw.release import INCOMPLETE, SIMULATED, find_release
from itdr_hf.raw.source import Source
from itdr_hf.runtime.retry import RetryPolicy

pytest_plugins = ("hubserver.plugin",)

ML1M = Path(__file__).parents[1] / "releases" / "ml-1m"
FILES = {name: (ML1M / name).read_bytes() for name in ("ratings.dat", "movies.dat", "users.dat")}
EXTRA = b"a file of a part" * 100


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"ml-1m/{name}", content)
    return buffer.getvalue()


ZIP = zipped(FILES)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(**{"ml-1m.zip": ZIP, "extra.csv": EXTRA}) as running:
        yield running


@pytest.fixture
def source(server) -> Source:
    """MovieLens 1M from the loopback, with a part that is not taken unless asked for."""
    members = [
        Member(name=f"ml-1m/{name}", path=name, md5=hashlib.md5(body).hexdigest()) for name, body in FILES.items()
    ]
    main = Download(url=f"{server.url}/ml-1m.zip", path="ml-1m.zip", size=len(ZIP), members=tuple(members))
    more = Download(
        url=f"{server.url}/extra.csv",
        path="more/extra.csv",
        part="extra",
        default=False,
        sha256=hashlib.sha256(EXTRA).hexdigest()[:8],
    )
    usual = replace(more, part="usual", path="usual.csv", default=True)
    return replace(catalogue.source("movielens1m"), downloads=(main, more, usual))


MEANS = Clients(retry=RetryPolicy(tries=2, sleep=lambda pause: None))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_archive_is_had_checked_and_unpacked_into_the_sources_folder(source, tmp_path):
    want = plan(source, tmp_path)
    assert [f.path for f in want.missing] == ["ml-1m.zip", "usual.csv"] and not want.exact
    put = download(want, MEANS)
    assert {p.name for p in put} == {*FILES, "usual.csv"}
    found = files(tmp_path / "ml-1m")
    assert {name: found[name] for name in FILES} == FILES and set(found) == {*FILES, "usual.csv", NOTE}
    assert find_release(source, tmp_path).tables == ["interactions", "items", "users"]
    assert [p.name for p in tmp_path.iterdir() if p.is_dir() and p.name != "ml-1m"] in ([], [".downloads"])


def test_what_is_there_is_not_had_again(source, server, tmp_path):
    download(plan(source, tmp_path), MEANS)
    server.log.clear()
    again = plan(source, tmp_path)
    assert not again.missing and download(again, MEANS) == [] and server.log == []


def test_a_file_that_was_cut_since_is_had_again(source, tmp_path):
    download(plan(source, tmp_path), MEANS)
    (tmp_path / "ml-1m/ratings.dat").write_bytes(b"")
    download(plan(source, tmp_path), MEANS)
    assert (tmp_path / "ml-1m/ratings.dat").read_bytes() == FILES["ratings.dat"]


def test_a_part_is_had_when_it_is_asked_for(source, tmp_path):
    assert [f.path for f in plan(source, tmp_path, ["extra"]).files] == ["ml-1m.zip", "more/extra.csv"]
    assert len(plan(source, tmp_path, ["all"]).files) == 3
    download(plan(source, tmp_path, ["extra"]), MEANS)
    assert (tmp_path / "ml-1m/more/extra.csv").read_bytes() == EXTRA
    with pytest.raises(UsageError, match="no part of movielens1m 'huge'; have: extra, usual, all"):
        plan(source, tmp_path, ["huge"])


def test_many_gigabytes_are_not_had_unasked(tmp_path):
    with pytest.raises(
        UsageError, match=r"amazon2023: 12 parts, 80 GB in total; want those you need; name them with --part"
    ):
        plan(catalogue.source("amazon2023"), tmp_path)
    assert plan(catalogue.source("amazon2023"), tmp_path, ["Software"]).size == 1_869_151_448 + 256_220_771


def test_corrupted_bytes_are_had_once_more_and_then_refused(source, server, tmp_path):
    server.faults = [("corrupt", len(ZIP) // 2), ("none",), ("corrupt", 5)]  # of the archive, of the file behind it
    download(plan(source, tmp_path), MEANS)
    assert {name: (tmp_path / "ml-1m" / name).read_bytes() for name in FILES} == FILES
    assert (tmp_path / "ml-1m/usual.csv").read_bytes() == EXTRA
    server.faults = [("corrupt", 5), ("corrupt", 5)]
    with pytest.raises(
        DownloadError, match=r"extra.csv: sha256 [0-9a-f]{16}…; want [0-9a-f]{8}…; the release has changed"
    ):
        download(plan(source, tmp_path, ["extra"]), MEANS)
    assert not (tmp_path / "ml-1m/more").exists()


def test_a_member_that_is_not_what_it_should_be_is_named(source, server, tmp_path):
    server.files["/ml-1m.zip"] = other = zipped({**FILES, "users.dat": b"1::F::1::10::48067\n"})
    known = replace(source.downloads[0], size=len(other))
    with pytest.raises(DownloadError, match=r"ml-1m.zip: users.dat: md5 .*; want .*; the release has changed"):
        download(plan(replace(source, downloads=(known,)), tmp_path), MEANS)
    assert not (tmp_path / "ml-1m").exists()


def test_an_archives_own_checksums_are_looked_at(source, server, tmp_path):
    sums = "".join(f"{hashlib.md5(body).hexdigest()}  {name}\n" for name, body in FILES.items())
    names = [*FILES, "checksums.txt"]
    for text, fits in ((sums, True), (re.sub("[0-9a-f]{32}", "0" * 32, sums), False)):
        server.files["/ml-1m.zip"] = zipped({**FILES, "checksums.txt": text.encode()})
        known = Download(
            url=f"{server.url}/ml-1m.zip",
            path="ml-1m.zip",
            members=tuple(Member(name=f"ml-1m/{n}", path=n) for n in names),
        )
        want = plan(replace(source, downloads=(known,)), tmp_path / str(fits))
        if fits:
            assert download(want, MEANS)
        else:
            with pytest.raises(DownloadError, match="by the archive's own checksums"):
                download(want, MEANS)


def test_a_simulated_release_is_never_mixed_with_a_true_one(source, tmp_path):
    (tmp_path / "ml-1m").mkdir()
    (tmp_path / "ml-1m" / SIMULATED).touch()
    with pytest.raises(UsageError, match="ml-1m: a simulated release; want a folder for the real one"):
        plan(source, tmp_path)


def test_a_folder_that_is_not_complete_is_not_read_and_fixed_by_the_next_run(source, server, tmp_path):
    download(plan(source, tmp_path), MEANS)
    (tmp_path / "ml-1m" / INCOMPLETE).touch()
    with pytest.raises(
        MissingFileError,
        match="ml-1m: an unfinished download; want all files; run `itdr download movielens1m` again",
    ):
        find_release(source, tmp_path)
    download(plan(source, tmp_path), MEANS)
    assert find_release(source, tmp_path).tables


def test_a_disk_without_room_is_named_before_anything_is_had(source, server, tmp_path):
    huge = replace(source.downloads[0], size=10**16)
    with pytest.raises(OutputError, match=r"GB free; want 10,000,0.* GB for movielens1m; free some"):
        download(plan(replace(source, downloads=(huge,)), tmp_path), MEANS)
    assert server.log == []


@pytest.mark.parametrize("top", ["", "archive/", "a/b/ml-1m/"])
def test_an_archive_got_by_hand_is_unpacked_whatever_its_folders(source, tmp_path, top):
    made = tmp_path / "archive.zip"
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {**FILES, "else.txt": b"not of the release"}.items():
            archive.writestr(top + name, content)
    unpack(plan(source, tmp_path / "raw", ["all"]), made, MEANS)
    assert find_release(source, tmp_path / "raw").tables == ["interactions", "items", "users"]
    assert made.is_file() and "else.txt" not in str(list((tmp_path / "raw").rglob("*")))


def test_an_archive_of_something_else_is_named(source, tmp_path):
    made = tmp_path / "archive.zip"
    made.write_bytes(zipped({"x.txt": b"x"}))
    with pytest.raises(RawDataError, match="x.txt in it; want files of MovieLens 1M"):
        unpack(plan(source, tmp_path / "raw", ["all"]), made, MEANS)


def test_terms_are_accepted_once_and_again_when_they_change(source, tmp_path):
    assert not accepted(source, tmp_path)
    accept(source, tmp_path)
    assert accepted(source, tmp_path)
    assert not accepted(replace(source, licence="other terms"), tmp_path)
    assert json.loads((tmp_path / "licences.json").read_text())["movielens1m"]["licence"] == source.licence


def test_the_hub_is_asked_through_its_own_client(stage, tmp_path):
    stage.push(stage.old)
    path = next(p.relative_to(stage.old).as_posix() for p in stage.old.rglob("*.parquet"))
    file = Download(
        url=f"hf://datasets/org/itdr/{path}",
        path=path,
        sha256=hashlib.sha256((stage.old / path).read_bytes()).hexdigest(),
    )
    want = plan(replace(catalogue.source("movielens1m"), downloads=(file,)), tmp_path)
    stage.fault("GET", r"parquet|/object/", kind="cut body")
    put = download(want, replace(MEANS, api=stage.api, retry=stage.retry))
    assert put[0].read_bytes() == (stage.old / path).read_bytes()
    assert not list(tmp_path.rglob("*.hub"))
    gone = replace(file, url="hf://datasets/org/itdr/nowhere.csv", path="nowhere.csv")
    with pytest.raises(DownloadError, match="hf://datasets/org/itdr/nowhere.csv: .*404"):
        download(
            plan(replace(want.source, downloads=(gone,)), tmp_path),
            replace(MEANS, api=stage.api, retry=stage.retry),
        )


class Kaggle:
    """kagglehub as far as it is used."""

    def __init__(self, status: int = 200) -> None:
        self.status = status

    def dataset_download(self, handle: str, path: str, output_dir: str) -> str:
        if self.status != 200:
            error = OSError("secret-token in the request")
            error.response = type("Answer", (), {"status_code": self.status})()  # type: ignore[attr-defined]
            raise error
        (Path(output_dir) / ".complete").mkdir()
        (Path(output_dir) / path).write_text(handle)
        return str(Path(output_dir) / path)


def kaggled(tmp_path: Path) -> Want:
    file = Download(url="kaggle://owner/set/Books_rating.csv", path="Books_rating.csv")
    return plan(replace(catalogue.source("amazonbooks"), downloads=(file,)), tmp_path)


def test_kaggle_is_asked_through_its_own_client_when_there_is_a_token(tmp_path):
    assert download(kaggled(tmp_path), replace(MEANS, kaggle=Kaggle()))[0].read_text() == "owner/set"
    assert not list(tmp_path.rglob("*.kaggle"))


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(401, "want a valid token"), (403, "want its terms accepted; open https"), (500, "want an answer")],
)
def test_what_kaggle_refuses_is_told_without_the_token(tmp_path, status, wanted):
    with pytest.raises(DownloadError, match=f"Kaggle answered {status}; {wanted}") as error:
        download(kaggled(tmp_path), replace(MEANS, kaggle=Kaggle(status)))
    assert "secret-token" not in str(error.value)


def test_without_a_token_the_steps_are_told(tmp_path, monkeypatch):
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(
        DownloadError, match=r"amazonbooks: no Kaggle token; want one, or the files by hand:\n  1\. "
    ) as error:
        download(kaggled(tmp_path), MEANS)
    assert "https://www.kaggle.com/datasets/owner/set" in str(error.value) and "--archive" in str(error.value)


@pytest.mark.parametrize("source_id", catalogue.source_ids())
def test_every_source_is_had_by_program_or_told_step_by_step(source_id, tmp_path):
    source = catalogue.source(source_id)
    steps = by_hand(source, tmp_path)
    assert str(tmp_path / source.folders[0]) in steps and steps.startswith("  1. ")
    for file in source.downloads:
        assert file.url.startswith(("https://", "http://", "hf://datasets/", "kaggle://")) and " " not in file.url
    if source.downloads:
        put = {member.path for file in source.downloads for member in (file.members or (file,))}
        for path in put:
            (tmp_path / source.folders[0] / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / source.folders[0] / path).touch()
        assert len(find_release(source, tmp_path).tables) >= 2, "what is put down is what the reader finds"


@pytest.fixture
def registered(source) -> Iterator[str]:
    own = replace(source, id="tinylens", folders=("tinylens",))
    catalogue.register(own, tasks={"uap": 5})
    yield own.id
    catalogue.unregister(own.id)


def narrow(out: str) -> bool:
    return all(len(line) <= 80 for line in out.splitlines() if "/tmp" not in line)


def itdr(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, str(done.exception or "")


def test_the_command_shows_the_terms_and_wants_them_accepted_once(registered, tmp_path, monkeypatch):
    monkeypatch.setenv("ITDR_CACHE", str(tmp_path / "cache"))
    raw = str(tmp_path / "raw")
    code, _, error = itdr("download", registered, "--raw", raw)
    assert code == 1 and "terms not accepted; want acceptance; read them, then add --accept-licence" in error
    assert not (tmp_path / "raw").exists()
    code, out, _ = itdr("download", registered, "--raw", raw, "--accept-licence")
    assert code == 0 and f"now: itdr build --raw {raw}" in out and narrow(out)
    code, out, _ = itdr("download", registered, "--raw", raw, "--part", "extra", "--json")
    assert code == 0 and [f["path"] for f in json.loads(out)[0]["files"] if f["here"] is False] == ["more/extra.csv"]
    assert (tmp_path / "raw/tinylens/more/extra.csv").is_file()


def test_a_dry_run_gets_nothing(registered, server, tmp_path):
    code, out, _ = itdr("download", registered, "--raw", str(tmp_path / "raw"), "--dry-run")
    assert code == 0 and "get  ml-1m.zip" in out and server.log == []


def test_without_a_source_the_command_lists_what_can_be_had(tmp_path):
    code, out, _ = itdr("download", "--raw", str(tmp_path))
    assert code == 0 and all(name in out for name in catalogue.source_ids())
    assert narrow(out)


def test_a_second_download_of_a_source_at_once_is_told_to_wait(source, tmp_path):
    want = plan(source, tmp_path)
    want.place.waiting.mkdir(parents=True)
    with (
        FileLock(want.place.waiting.parent / f".{want.place.waiting.name}.lock"),
        pytest.raises(OutputError, match="another download is running; want one at a time; wait for it to end"),
    ):
        download(want, MEANS)
    assert download(want, MEANS)
