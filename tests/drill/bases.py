"""Sound releases to be spoiled: every layout of every source, from the hand-made files of tests/releases."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.raw.release import _match
from itdr_hf.sources.bookcrossing import SWALLOWED

RAW = Path(__file__).parents[1] / "releases"
HEADING = re.compile(r"[ \t]*\d{1,9}[ \t]*:[ \t]*")
ALIKE = ("MIND, any folders", "MIND, bare files", "raw", "benchmark")  # layouts whose files another one reads too


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a file is to be counted: by lines, or by records that may hold line breaks within quotes."""

    quoted: bool = False
    delimiter: str = ","
    escape: str | None = None  # None: quotes are doubled
    header: tuple[str, ...] = ()  # names that make a first line the header; () where there is none
    json: bool = False
    python: bool = False
    blocks: bool = False  # rows under lines such as `17:`
    encoding: str = "utf-8"


@dataclass(frozen=True, kw_only=True)
class Spoilable:
    """A file of a release: its path, its bytes (decompressed), its format, and the table that counts its records."""

    path: str
    content: bytes
    format: Format
    table: str  # "" for a file that is only joined to another


@dataclass(frozen=True, kw_only=True)
class Base:
    """One layout of one source with all its files."""

    name: str
    source: str
    folder: str
    layout: str
    files: tuple[Spoilable, ...]

    @property
    def compressed(self) -> bool:
        return all(file.path.endswith(".gz") for file in self.files)

    def twin(self) -> Base:
        """The same, every file compressed."""
        files = tuple(replace(file, path=f"{file.path}.gz") for file in self.files)
        return replace(self, name=f"{self.name}, compressed", files=files)

    def write(self, raw: Path, **changed: bytes) -> None:
        """Lay the release under `raw`, with the content of some files changed; .gz names are compressed."""
        for file in self.files:
            path = raw / self.folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            content = changed.get(file.path, file.content)
            plain = path.suffix != ".gz" or content[:2] == b"\x1f\x8b"
            path.write_bytes(content if plain else gzip.compress(content, 1, mtime=0))


def bases() -> list[Base]:
    """Every layout of every source, and its compressed twin."""
    found = [base for source in sources() for base in _layouts(source)]
    return [*found, *(base.twin() for base in found if not base.compressed)]


def sources() -> list[str]:
    """Every source of which there are hand-made releases, those that feed no cell by default included."""
    return [*catalogue.family().source_ids, *catalogue.OTHER_SOURCES]


def records(content: bytes, form: Format, *, bare: bool = True) -> int:
    """How many records a file has, header and blank lines not counted, as Python's own csv reads it.

    Without quotes a `bare` carriage return ends a line or not. Raises csv.Error where Python cannot tell.
    """
    text = content.decode(form.encoding, errors="replace").removeprefix("\ufeff")
    if form.escape:
        text = SWALLOWED.sub(r'";"\1', text)
    if not form.quoted:
        blank = " \t\r" if form.json or form.blocks else None if form.python else ""
        rows = [
            line for line in re.split(r"\r\n|\n|\r" if bare and not form.json else r"\n", text) if line.strip(blank)
        ]
        first = re.split(re.escape(form.delimiter), rows[0]) if rows else []
    else:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, strict=True, **_quoting(form)))
        rows = [row for row in read if row]
        first = rows[0] if rows else []
        if len({len(row) for row in rows}) > 1:
            raise csv.Error("rows of different lengths")
    if form.blocks:
        rows = [row for row in rows if not HEADING.fullmatch(row)]
    headed = bool(set(form.header) & set(first))
    return len(rows) - headed


def lines(content: bytes) -> int:
    """How many lines of a file hold anything."""
    return sum(bool(line.strip(b"\r")) for line in re.split(rb"\r\n|\n|\r", content))


def _quoting(form: Format) -> dict[str, object]:
    return {"escapechar": form.escape, "doublequote": form.escape is None}


def _layouts(source_id: str) -> Iterator[Base]:
    source = catalogue.source(source_id)
    folder = next(RAW / name for name in source.folders if (RAW / name).is_dir())
    for layout in source.layouts:
        release = _match(source, folder, layout)
        if not set(layout.tables) <= set(release.tables) or layout.name in ALIKE:
            continue
        roles = {
            role: next((t for t, table in layout.tables.items() if role in table.roles), "") for role in release.files
        }
        files = tuple(
            Spoilable(
                path=path.relative_to(folder).as_posix(),
                content=gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes(),
                format=_format(source_id, path),
                table=roles[role],
            )
            for role, paths in release.files.items()
            for path in paths
        )
        yield Base(
            name=f"{source_id}: {layout.name}", source=source_id, folder=folder.name, layout=layout.name, files=files
        )


def _format(source_id: str, path: Path) -> Format:
    if ".json" in path.name and source_id == "amazon2018":
        return Format(json=True)
    if source_id == "netflix":
        return Format(blocks=True) if path.suffix == ".txt" else Format(encoding="latin-1")
    first = path.open(encoding="latin-1").readline().rstrip("\r\n").removeprefix("ï»¿")
    if source_id == "steam":
        return Format(python=True)
    if path.suffix in (".json", ".jsonl"):
        return Format(json=True)
    if path.suffix == ".dat":
        return Format(delimiter="::", encoding="latin-1")
    if path.suffix in (".tsv", ".txt"):
        return Format(delimiter="\t", header=("#id",) if first.startswith("#id") else ())
    if path.name == "MicroLens-100k_title_en.csv":
        return Format()
    if path.name.startswith("BX"):
        names = tuple(first.replace('"', "").split(";"))
        return Format(quoted=True, delimiter=";", escape="\\", header=names, encoding="cp1252")
    if source_id == "amazon2023":
        return Format(header=("user_id", "parent_asin", "rating", "timestamp"))
    if path.name == "tags_to_summary.csv":
        return Format(quoted=True)
    return Format(quoted=True, header=tuple(next(csv.reader([first]))))
