"""Write files whole or not at all: a temporary name first, then a rename."""

import csv
import glob
import gzip
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

Quoting = Literal[0, 1, 2, 3]  # the csv module's QUOTE_ constants


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary neighbour of `path` for writing; rename it on success, remove it on failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if not _runs(left.name.split(".")[-2]):  # of a run that was killed
            left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:  # it runs, and is somebody else's
        pass
    return True


def write_text(path: Path, chunks: Iterable[str], *, encoding: str = "utf-8") -> Path:
    """Write text chunks as they are; a name ending in .gz is compressed, without a time stamp."""
    with replacing(path) as stream:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=stream, mtime=0) as packed:
                _pour(cast(BinaryIO, packed), chunks, encoding)
        else:
            _pour(stream, chunks, encoding)
    return path


def write_lines(path: Path, lines: Iterable[str], *, end: str = "\n", encoding: str = "utf-8") -> Path:
    """Write one line per string, joined in blocks."""
    return write_text(path, (end.join(block) + end for block in _blocks(lines)), encoding=encoding)


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    end: str = "\n",
    quoting: Quoting = csv.QUOTE_MINIMAL,
) -> Path:
    """Write RFC-quoted CSV, UTF-8; an empty header writes none, and is never quoted."""
    return write_text(path, _csv_chunks(header, rows, end, quoting))


def _pour(stream: BinaryIO, chunks: Iterable[str], encoding: str) -> None:
    for chunk in chunks:
        stream.write(chunk.encode(encoding))


def _blocks(lines: Iterable[str], size: int = 20_000) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


def _csv_chunks(header: Sequence[str], rows: Iterable[Sequence[object]], end: str, quoting: Quoting) -> Iterator[str]:
    buffer = io.StringIO()
    if header:
        csv.writer(buffer, lineterminator=end).writerow(header)
    writer = csv.writer(buffer, lineterminator=end, quoting=quoting)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > 1 << 20:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
