"""Having what is wanted: each file under a temporary name, checked, unpacked if it is an archive, then put down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from itdr_hf.download import archives, from_hub, from_kaggle, https
from itdr_hf.download.place import complete, put_down
from itdr_hf.download.places import ATTEMPTS, obtain
from itdr_hf.download.plan import Want, by_hand, check_room
from itdr_hf.download.verify import wrong, wrong_by_sums
from itdr_hf.errors import DownloadError, OutputError, RawDataError
from itdr_hf.raw.layout import Download, Layout, Member, is_complete_sha256
from itdr_hf.raw.lock import read_lock
from itdr_hf.runtime.files import full_disk_named
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.runtime.retry import RetryPolicy

SUMS = "checksums.txt"  # a member of this name lists the md5 sums of the others


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What files are had with; each may be another one, for a test or a mirror."""

    http: Any = None  # a client of `https.library()`
    api: Any = None  # an HfApi
    kaggle: Any = None  # the module kagglehub
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    progress: OnProgress = ignore


def download(want: Want, means: Clients = Clients()) -> list[Path]:
    """Have the missing files of a source; returns the paths of what was put down.

    The files of a part are put down together. A kill leaves what was there, and the next call goes on. Raises
    DownloadError, OutputError for a disk that is full, RawDataError for an archive that is not what it should be.
    """
    place = want.place
    check_room(want)
    put: list[Path] = []
    with full_disk_named(place.waiting / "file"), _alone(place.waiting):
        for _, group in groupby(sorted(want.missing, key=lambda file: file.part), key=lambda file: file.part):
            ready = {file: _ready(want, file, means) for file in group}
            put += put_down(place, ready)
        complete(place)
    return put


def unpack(want: Want, archive: Path, means: Clients = Clients()) -> list[Path]:
    """Put down what an archive got by hand holds of the release, in any of its layouts."""
    names = archives.names(archive)
    layout = max(want.source.layouts, key=lambda one: len(_members(one, names)))
    members = _members(layout, names)
    if not members:
        listed = ", ".join(Path(name).name for name in names[:5])
        raise RawDataError(
            f"{archive}: {listed or 'nothing'} in it; want files of {want.source.title}; see `itdr sources`"
        )
    file = Download(url=archive.name, path=archive.name, members=members)
    place = want.place
    with full_disk_named(place.waiting / "file"), _alone(place.waiting):
        folder = place.waiting / f"{archive.name}.unpacked"
        return put_down(place, {file: archives.extract(archive, folder, members, progress=means.progress)})


def _members(layout: Layout, names: list[str]) -> tuple[Member, ...]:
    """Return the files of an archive that a layout reads, the first pattern that matches, each with its own folder."""
    found: dict[str, Member] = {}
    for patterns in layout.files.values():
        hits = next(
            ([n for n in names if Path(n).match(p)] for p in patterns if any(Path(n).match(p) for n in names)), []
        )
        found |= {name: Member(name=name.replace("[", "[[]"), path="/".join(Path(name).parts[-2:])) for name in hits}
    return tuple(found.values())


def _ready(want: Want, file: Download, means: Clients) -> list[Path]:
    """Return the files that a download leaves, complete, checked and waiting."""
    waiting = want.place.waiting / file.path
    waiting.parent.mkdir(parents=True, exist_ok=True)
    lock = read_lock(want.place.raw)
    file = lock.pin(want.source.id, file)
    paths: list[Path] = []

    def get(placed: Download) -> str:
        nonlocal paths
        paths, fault = _from_place(want, placed, waiting, means)
        return fault

    obtain(file, get, say=lambda text: means.progress(Progress(file.path, detail=text)))
    if not is_complete_sha256(file.sha256):
        lock.note(want.source.id, file.path, hash_file(waiting))
    return paths


def _from_place(want: Want, file: Download, waiting: Path, means: Clients) -> tuple[list[Path], str]:
    """Obtain a file from one place, whole and checked: where it lies, and what is wrong with it at last."""
    fault = ""
    for again in (True, False):
        if not waiting.is_file():
            _fetch(want, file, waiting, means)
        paths = [waiting]
        if not (fault := wrong(waiting, file)) and file.members:
            paths, fault = _unpacked(file, waiting, means)
        if not fault:
            return paths, ""
        waiting.unlink()
        if again:
            means.progress(Progress(file.path, detail=f"{fault}; once more from the beginning"))
    return [], f"{fault}; the release has changed, or the way to it is damaged; run it again later"


def _unpacked(file: Download, archive: Path, means: Clients) -> tuple[list[Path], str]:
    """Return the members of an archive, waiting, and what is wrong with them or with it."""
    folder = archive.with_name(f"{archive.name}.unpacked")
    try:
        paths = archives.extract(archive, folder, file.members, progress=means.progress)
    except RawDataError as error:
        return [], str(error)
    faults = (
        f"{path.name}: {f}" for path, member in zip(paths, file.members, strict=True) if (f := wrong(path, member))
    )
    sums = next((path.read_text(encoding="utf-8", errors="replace") for path in paths if path.name == SUMS), "")
    return paths, next(faults, "") or wrong_by_sums(sums, paths)


def _fetch(want: Want, file: Download, waiting: Path, means: Clients) -> None:
    means.progress(Progress(want.source.id, detail=file.url))
    if from_hub.is_there(file):
        from_hub.fetch(file, waiting, means.api, means.patience)
    elif from_kaggle.is_there(file):
        if means.kaggle is None and not from_kaggle.has_token():
            raise DownloadError(
                f"{want.source.id}: no Kaggle token here; want one, or the files by hand:\n{by_hand(want.source, want.place.raw)}"
            )
        from_kaggle.fetch(file, waiting, means.kaggle)
    else:
        https.fetch(
            file.url,
            waiting,
            size=file.size,
            client=means.http,
            patience=replace(
                means.patience, tries=min(means.patience.tries, ATTEMPTS) if file.mirrors else means.patience.tries
            ),
            progress=means.progress,
        )


@contextmanager
def _alone(waiting: Path) -> Iterator[None]:
    """One download of a source at a time; drafts that a killed one left are removed."""
    waiting.mkdir(parents=True, exist_ok=True)
    lock = waiting.parent / f".{waiting.name}.lock"
    try:
        with FileLock(lock, timeout=0.1):
            for draft in waiting.rglob(".*.unpacked.????????"):
                shutil.rmtree(draft, ignore_errors=True)
            yield
    except Timeout as error:
        raise OutputError(f"{waiting}: another download of it runs; want one at a time; wait for it to end") from error
