"""Download files: each under a temporary name, verified, unpacked if it is an archive, then installed."""

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
from itdr_hf.download.place import complete, install
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
    """The clients to download files with; None stands for the default one."""

    http: Any = None  # a client of `https.library()`
    api: Any = None  # an HfApi
    kaggle: Any = None  # the module kagglehub
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    progress: OnProgress = ignore


def download(want: Want, clients: Clients = Clients()) -> list[Path]:
    """Download the missing files of a source and return the paths of the installed files.

    The files of a part are installed together. After a kill, the next call resumes. Raises DownloadError, OutputError
    for a full disk, and RawDataError for an archive that is not the release's.
    """
    place = want.place
    check_room(want)
    installed: list[Path] = []
    with full_disk_named(place.waiting / "file"), _locked(place.waiting):
        for _, group in groupby(sorted(want.missing, key=lambda file: file.part), key=lambda file: file.part):
            ready = {file: _ready(want, file, clients) for file in group}
            installed += install(place, ready)
        complete(place)
    return installed


def unpack(want: Want, archive: Path, clients: Clients = Clients()) -> list[Path]:
    """Install the release's files from an archive downloaded by hand, in any of the source's layouts."""
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
    with full_disk_named(place.waiting / "file"), _locked(place.waiting):
        folder = place.waiting / f"{archive.name}.unpacked"
        return install(place, {file: archives.extract(archive, folder, members, progress=clients.progress)})


def _members(layout: Layout, names: list[str]) -> tuple[Member, ...]:
    """Return the members of an archive that a layout reads, by the first pattern that matches, each with its folder."""
    found: dict[str, Member] = {}
    for patterns in layout.files.values():
        hits = next(
            ([n for n in names if Path(n).match(p)] for p in patterns if any(Path(n).match(p) for n in names)), []
        )
        found |= {name: Member(name=name.replace("[", "[[]"), path="/".join(Path(name).parts[-2:])) for name in hits}
    return tuple(found.values())


def _ready(want: Want, file: Download, clients: Clients) -> list[Path]:
    """Download one file and return the resulting files, complete, verified and not yet installed."""
    waiting = want.place.waiting / file.path
    waiting.parent.mkdir(parents=True, exist_ok=True)
    lock = read_lock(want.place.raw)
    file = lock.pin(want.source.id, file)
    paths: list[Path] = []

    def get(located: Download) -> str:
        nonlocal paths
        paths, fault = _from_location(want, located, waiting, clients)
        return fault

    obtain(file, get, report=lambda text: clients.progress(Progress(file.path, detail=text)))
    if not is_complete_sha256(file.sha256):
        lock.note(want.source.id, file.path, hash_file(waiting))
    return paths


def _from_location(want: Want, file: Download, waiting: Path, clients: Clients) -> tuple[list[Path], str]:
    """Download a file from one URL and verify it; return the resulting paths, and the fault ("" for none)."""
    fault = ""
    for again in (True, False):
        if not waiting.is_file():
            _fetch(want, file, waiting, clients)
        paths = [waiting]
        if not (fault := wrong(waiting, file)) and file.members:
            paths, fault = _unpacked(file, waiting, clients)
        if not fault:
            return paths, ""
        waiting.unlink()
        if again:
            clients.progress(Progress(file.path, detail=f"{fault}; starting again from the beginning"))
    return [], f"{fault}; the release has changed, or the transfer is damaged; run it again later"


def _unpacked(file: Download, archive: Path, clients: Clients) -> tuple[list[Path], str]:
    """Unpack an archive and verify its members; return their paths, and the fault ("" for none), of which nothing stays."""
    folder = archive.with_name(f"{archive.name}.unpacked")
    try:
        paths = archives.extract(archive, folder, file.members, progress=clients.progress)
    except RawDataError as error:
        return [], str(error)
    faults = (
        f"{path.name}: {f}" for path, member in zip(paths, file.members, strict=True) if (f := wrong(path, member))
    )
    sums = next((path.read_text(encoding="utf-8", errors="replace") for path in paths if path.name == SUMS), "")
    if fault := next(faults, "") or wrong_by_sums(sums, paths):
        shutil.rmtree(folder)
    return paths, fault


def _fetch(want: Want, file: Download, waiting: Path, clients: Clients) -> None:
    clients.progress(Progress(want.source.id, detail=file.url))
    if from_hub.is_there(file):
        from_hub.fetch(file, waiting, clients.api, clients.retry)
    elif from_kaggle.is_there(file):
        if clients.kaggle is None and not from_kaggle.has_token():
            raise DownloadError(
                f"{want.source.id}: no Kaggle token; want one, or the files by hand:\n{by_hand(want.source, want.place.raw)}"
            )
        from_kaggle.fetch(file, waiting, clients.kaggle)
    else:
        https.fetch(
            file.url,
            waiting,
            size=file.size,
            client=clients.http,
            retry=replace(
                clients.retry,
                tries=min(clients.retry.tries, ATTEMPTS) if file.mirrors else clients.retry.tries,
            ),
            progress=clients.progress,
        )


@contextmanager
def _locked(waiting: Path) -> Iterator[None]:
    """Allow one download of a source at a time, and remove the drafts left by killed ones."""
    waiting.mkdir(parents=True, exist_ok=True)
    lock = waiting.parent / f".{waiting.name}.lock"
    try:
        with FileLock(lock, timeout=0.1):
            for draft in waiting.rglob(".*.unpacked.????????"):
                shutil.rmtree(draft, ignore_errors=True)
            yield
    except Timeout as error:
        raise OutputError(f"{waiting}: another download is running; want one at a time; wait for it to end") from error
