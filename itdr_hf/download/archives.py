"""Unpack zip, tar, tar.gz and gz archives, all wanted members or none.

An archive may contain paths that lead out of the folder, links, devices, or a few bytes that unpack to a full disk; all
of them are refused. No file gets its final name before every wanted member is complete.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from itdr_hf.errors import RawDataError
from itdr_hf.raw.layout import Member
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

CHUNK = 2**20
_LONG = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on what an archive may unpack to: files, total bytes, and bytes per byte of the archive."""

    files: int = 100_000
    size: int = 400 * 10**9
    ratio: int = 200  # text is compressed about tenfold; deflate's maximum is 1,032
    small: int = 64 * 2**20  # bytes to which any archive may unpack
    header: int = 2**20  # bytes of the extended header that a tar stores before a member

    def max_bytes(self, archive: Path) -> int:
        """Return the number of bytes to which an archive may unpack."""
        return min(self.size, max(self.small, self.ratio * archive.stat().st_size))


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A member as described by the archive: its name, its kind, and how to read it."""

    name: str
    kind: str  # file, folder or other
    size: int | None  # stated size in bytes, unpacked
    open: Callable[[], IO[bytes]]


def extract(
    archive: Path,
    folder: Path,
    wanted: Sequence[Member],
    *,
    limits: Limits = Limits(),
    progress: OnProgress = ignore,
) -> list[Path]:
    """Unpack the wanted members into a new folder that replaces `folder`, and return their paths.

    A member's name is a pattern. Raises RawDataError for an archive that is damaged, not trustworthy, or lacks a wanted
    member; `folder` is then unchanged.
    """
    max_bytes = limits.max_bytes(archive)
    with _damage_named(archive), new_folder(folder, locked=True) as draft:
        written, found = 0, set[str]()
        for number, entry in enumerate(_entries(archive, limits), 1):
            _check(archive, entry, number, limits)
            member = next((m for m in wanted if entry.kind == "file" and fnmatchcase(entry.name, m.name)), None)
            if member is None:
                continue
            if member.path in found:
                raise _untrusted(archive, f"{member.name} more than once")

            room = max_bytes - written
            if entry.size is not None and entry.size > room:
                raise _untrusted(archive, f"{entry.name!r}, which unpacks to more than {room:,} bytes")
            found.add(member.path)
            report = partial(_report, progress, archive, written)
            written += _write(archive, entry, draft / member.path, room, report)

        if missing := [m.name for m in wanted if m.path not in found]:
            raise RawDataError(
                f"{archive}: no {', '.join(missing)} in it; want the release's own archive; get it again"
            )
    return [folder / m.path for m in wanted]


def names(archive: Path) -> list[str]:
    """Return the names of the files in an archive. Raises RawDataError if it is damaged."""
    with _damage_named(archive):
        return [entry.name for entry in _entries(archive, Limits()) if entry.kind == "file"]


def _entries(archive: Path, limits: Limits) -> Iterator[_Entry]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise _untrusted(archive, f"{info.filename!r}, compressed by a method that no release uses")
                mode = stat.S_IFMT(info.external_attr >> 16)
                name = info.filename.replace("\\", "/")  # some Windows programs write backslashes
                kind = "folder" if name.endswith("/") else "file" if mode in (0, stat.S_IFREG) else "other"
                yield _Entry(name=name, kind=kind, size=info.file_size, open=lambda info=info: packed.open(info))  # type: ignore[misc]
    elif _is_tar(archive):
        with (
            _unrolled(archive, limits) as stream,
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_header(limits.header)) as rolled,
        ):
            for item in rolled:
                kind = "folder" if item.isdir() else "file" if item.isreg() else "other"
                yield _Entry(name=item.name, kind=kind, size=item.size, open=lambda item=item: _content(rolled, item))  # type: ignore[misc]
            while stream.read(CHUNK):  # to the end, where the checksum is
                pass
    elif archive.suffix == ".gz":
        yield _Entry(name=archive.stem, kind="file", size=None, open=lambda: gzip.open(archive))  # type: ignore[arg-type, return-value]  # noqa: SIM115
    else:
        raise RawDataError(f"{archive}: neither zip, tar nor gz; want the release's own archive; get it again")


def _is_tar(archive: Path) -> bool:
    named = archive.name.endswith((".tar", ".tar.gz", ".tgz"))
    with suppress(EOFError, zlib.error, OSError), archive.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        with gzip.open(file) if packed else nullcontext(file) as stream:
            return stream.read(262)[257:] == b"ustar" or named
    return named


def _header(max_bytes: int) -> type[tarfile.TarInfo]:
    """Return a TarInfo class that refuses headers of more than `max_bytes`, which tarfile would read into memory."""

    class Bounded(tarfile.TarInfo):
        def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
            kinds = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, *_LONG)
            if self.type in kinds and self.size > max_bytes:
                raise tarfile.ReadError(f"a header of {self.size:,} bytes")
            return super()._proc_member(archive)  # type: ignore[misc, no-any-return]

    return Bounded


class _Capped:
    """A stream of which at most `max_bytes` are read, since skipped members are decompressed too."""

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self._stream, self._max_bytes, self._left = stream, max_bytes, max_bytes

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(min(size, CHUNK) if size >= 0 else CHUNK)
        self._left -= len(content)
        if self._left < 0:
            raise tarfile.ReadError(f"it unpacks to more than {self._max_bytes:,} bytes")
        return content


@contextmanager
def _unrolled(archive: Path, limits: Limits) -> Iterator[Any]:
    """Open the decompressed bytes of a tar. Raises tarfile.ReadError for a plain tar without an end marker."""
    with archive.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            with gzip.open(archive) as stream:
                yield _Capped(stream, limits.max_bytes(archive) + limits.header)  # type: ignore[arg-type]
            return
        file.seek(-min(tarfile.BLOCKSIZE, archive.stat().st_size), 2)
        if file.read().strip(b"\0"):
            raise tarfile.ReadError("it has no end")
        file.seek(0)
        yield file


def _content(rolled: tarfile.TarFile, item: tarfile.TarInfo) -> IO[bytes]:
    content = rolled.extractfile(item)
    assert content is not None  # it is a regular file
    return content


def _check(archive: Path, entry: _Entry, number: int, limits: Limits) -> None:
    path = PurePosixPath(entry.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]) or "\0" in entry.name:
        raise _untrusted(archive, f"the name {entry.name!r}, which leads out of the folder")
    if entry.kind == "other":
        raise _untrusted(archive, f"{entry.name!r}, which is a link or a device")
    if number > limits.files:
        raise _untrusted(archive, f"more than {limits.files:,} files")


def _write(archive: Path, entry: _Entry, path: Path, max_bytes: int, report: Callable[[int], None]) -> int:
    """Write a member, at most `max_bytes` whatever its stated size, and return the number of bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with entry.open() as content, path.open("wb") as file:
        while chunk := content.read(CHUNK):
            written += len(chunk)
            if written > max_bytes:
                raise _untrusted(archive, f"{entry.name!r}, which unpacks to more than {max_bytes:,} bytes")
            file.write(chunk)
            report(written)
    return written


def _report(progress: OnProgress, archive: Path, before: int, written: int) -> None:
    progress(Progress(f"unpacking {archive.name}", before + written, unit="B"))


@contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, NotImplementedError) as error:
        raise RawDataError(f"{archive}: damaged ({error}); want the complete archive; get it again") from error
    except RuntimeError as error:  # raised by zipfile for an encrypted member
        raise RawDataError(f"{archive}: {error}; want an archive without a password; get it again") from error


def _untrusted(archive: Path, found: str) -> RawDataError:
    return RawDataError(f"{archive}: contains {found}; want the release's own archive; get it from its official source")
