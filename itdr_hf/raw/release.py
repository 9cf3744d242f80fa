"""Find a raw release on disk: its layout and its files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from itdr_hf.errors import AbsentReleaseError, MissingFileError
from itdr_hf.raw.layout import Files, Layout
from itdr_hf.raw.source import Source

TABLES = ("interactions", "items", "users")  # a layout may have other tables, from which these are derived

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
INCOMPLETE = ".incomplete"  # a file of this name marks a release that `itdr download` has not completed
SIMULATED = "SIMULATED"  # a file of this name marks a release written by `itdr simulate`


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release found on disk: its layout, the files by role, and the roles without files."""

    source: Source
    folder: Path
    layout: Layout
    files: Files
    missing: Mapping[str, tuple[str, ...]]
    unread: Mapping[Path, str]  # files that are present but not read -> reason

    @property
    def simulated(self) -> bool:
        return (self.folder / SIMULATED).is_file()

    @property
    def tables(self) -> list[str]:
        """The tables whose files are all present."""
        return [name for name, table in self.layout.tables.items() if not set(table.roles) & set(self.missing)]

    @property
    def incomplete(self) -> bool:
        """Whether some files of a role are present, and others that it cannot do without are not."""
        return any(patterns != self.layout.files[role] for role, patterns in self.missing.items())

    def size(self, table: str | None = None) -> int:
        """Return the total size in bytes of the files of a table, or of all tables."""
        roles = self.layout.tables[table].roles if table else tuple(self.files)
        return sum(path.stat().st_size for role in roles for path in self.files.get(role, ()))

    def lacks(self, table: str) -> str:
        """Return why a table is not available, for a message."""
        if table not in self.layout.tables:
            return f"layout {self.layout.name} has no {table}"
        roles = [role for role in self.layout.tables[table].roles if role in self.missing]
        wanted = [pattern for role in roles for pattern in self.missing[role]]
        near = [f"{p.name}: {why}" for p, why in self.unread.items() if any(p.match(pattern) for pattern in wanted)]
        unread = f" (present but not read: {'; '.join(near)})" if near else ""
        return f"{table} needs " + ", ".join(" or ".join(self.missing[role]) for role in roles) + unread

    def left_alone(self) -> dict[str, str]:
        """Return the files that are present but not read: name under the folder -> reason."""
        return {os.path.relpath(path, self.folder): why for path, why in sorted(self.unread.items())}


def find_release(source: Source, raw: Path) -> Release:
    """Return the release of a source under the raw folder, in the layout with the most complete tables.

    Raises MissingFileError, stating the wanted files and how to get them, if no table can be read; AbsentReleaseError
    if nothing of the release is there.
    """
    if not source.layouts:
        raise MissingFileError(
            f"{source.id}: known only from a built dataset; want its tables; put them into {raw / source.id}, "
            "or register them"
        )
    folders = [raw / name for name in source.folders if (raw / name).is_dir()]
    for folder in folders:
        if (folder / INCOMPLETE).exists():
            raise MissingFileError(
                f"{folder}: an unfinished download; want all files; run `itdr download {source.id}` again"
            )

    found = [_match(source, folder, layout) for folder in folders for layout in source.layouts]
    best = max(found, key=lambda release: (len(set(release.tables) & set(TABLES)), release.incomplete), default=None)
    if best is not None and best.tables:
        return replace(best, unread={**_other_layouts(best, found), **best.unread})

    wanted = [" + ".join(" or ".join(p) for p in layout.files.values()) for layout in source.layouts]
    if archive := packed(source, raw):
        raise MissingFileError(
            f"{archive}: not unpacked; want the files in it; run "
            f"`itdr download {source.id} --raw {raw} --archive {archive}`"
        )

    where = str(folders[0] if folders else raw / source.folders[0])
    elsewhere = "" if folders else _elsewhere(source, raw)
    state = _found_instead(folders[0]) if folders else f"no such folder{elsewhere}"
    error = MissingFileError if folders or elsewhere else AbsentReleaseError
    raise error(f"{where}: {state}; want {'; or '.join(wanted)}; get {source.title}: {source.obtain}")


MAX_LISTED = 5  # file names in a message
KINDS = {
    ".parquet": "Parquet, as converted by the Hub; want the raw files instead",
    ".arrow": "Arrow, as cached by `datasets`; want the raw files instead",
    ".zip": "an archive; unpack it",
    ".7z": "an archive; unpack it",
    ".rar": "an archive; unpack it",
    ".pkl": "pickles, which are not read",
    ".xlsx": "a spreadsheet, which is not read",
}


def _found_instead(folder: Path) -> str:
    """Describe the content of a folder that contains none of a release's files, for a message."""
    names = sorted(
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_file() and p.name[0] != "." and p.name != SIMULATED
    )
    if not names:
        return "an empty folder"
    more = f" and {len(names) - MAX_LISTED:,} more" if len(names) > MAX_LISTED else ""
    kinds = [KINDS[end] for end in dict.fromkeys(Path(name).suffix.lower() for name in names) if end in KINDS]
    looks = f" ({kinds[0]})" if kinds else " (other names, another version, or a repack)"
    return f"none of the release's files, but {', '.join(names[:MAX_LISTED])}{more}{looks}"


def _elsewhere(source: Source, raw: Path) -> str:
    """Return a note about other folders that contain a complete layout of the source; "" if there are none."""
    known = set(source.folders)
    others = [p for p in sorted(raw.glob("*")) if p.is_dir() and p.name not in known and not (p / SIMULATED).exists()]
    alike = [
        folder.name
        for folder in others
        if any(_match(source, folder, layout).tables == list(layout.tables) for layout in source.layouts)
    ]
    if not alike:
        return ""
    return f", but {', '.join(alike)} has files of these names (if it is this release, name it {source.folders[0]})"


def packed(source: Source, raw: Path) -> Path | None:
    """Return an archive of the source that has not been unpacked: in one of its folders, or in the raw folder by name."""
    own = {Path(file.path).name for file in source.downloads if file.members}
    own |= {f"{folder}{end}" for folder in source.folders for end in ARCHIVES}
    outside = [path for path in raw.glob("*") if path.name in own]
    within = [path for folder in source.folders for path in (raw / folder).glob("*") if path.name.endswith(ARCHIVES)]
    return min((path for path in (*outside, *within) if path.is_file()), default=None)


def _other_layouts(best: Release, found: Sequence[Release]) -> dict[Path, str]:
    """Return the files that only another layout, or another folder, would read."""
    read = {path for paths in best.files.values() for path in paths}
    others = {path for release in found for paths in release.files.values() for path in paths}
    return dict.fromkeys(others - read, f"{best.folder.name} is read as {best.layout.name}")


def _match(source: Source, folder: Path, layout: Layout) -> Release:
    found = {role: _files(folder, patterns) for role, patterns in layout.files.items()}
    absent = {role: _some(names) for role, names in (layout.absent(found) if layout.absent else {}).items() if names}
    unread = dict(layout.unread(found) if layout.unread else {})
    unread |= {
        path: f"the release is incomplete without {names}" for role, names in absent.items() for path in found[role]
    }
    read = {role: tuple(path for path in paths if path not in unread) for role, paths in found.items()}
    files = {role: paths for role, paths in read.items() if paths}
    missing = {role: layout.files[role] for role, paths in read.items() if not paths}
    missing |= {role: (names,) for role, names in absent.items()}
    return Release(source=source, folder=folder, layout=layout, files=files, missing=missing, unread=unread)


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = [f"{len(names) - MAX_LISTED:,} more"] if len(names) > MAX_LISTED else []
    return " and ".join([*names[:MAX_LISTED], *more])


def _files(folder: Path, patterns: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files of the first pattern that matches: all of them for a glob, else the one with the shortest path.

    Any file may be compressed with gzip; its name then ends in .gz, and it is read without unpacking. Of the files of a
    glob some may be and others not.
    """
    for pattern in (*patterns, *(f"{name}.gz" for name in patterns if not name.endswith((".gz", "*")))):
        paths = sorted(p for p in folder.rglob(pattern) if p.is_file())
        if paths and "*" not in pattern:
            return (min(paths, key=lambda p: (len(p.parts), p)),)
        if paths:
            more = () if pattern.endswith((".gz", "*")) else folder.rglob(f"{pattern}.gz")
            paths = sorted({*paths, *(p for p in more if p.is_file())})
            plain = {p for p in paths if p.suffix != ".gz"}
            return tuple(p for p in paths if p in plain or p.with_suffix("") not in plain)
    return ()
