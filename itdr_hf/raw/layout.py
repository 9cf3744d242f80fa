"""The description of a raw release: its files, the tables read from them, and its downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from itdr_hf.raw.scan import Scan, Select

Files = Mapping[str, Sequence[Path]]  # role -> its files


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a release: the file roles it needs, and `read`, which returns the SQL to read it.

    `read(scan)` returns a SELECT with the table's columns (see `tables/cache.py`) and, if rows are excluded on purpose,
    a `dropped` expression with the reason (NULL: keep the row). Tables other than interactions, items and users serve
    to make these and are deleted afterwards, unless `kept`: then as they were read, malformed rows included.
    """

    roles: tuple[str, ...]
    read: Callable[[Scan], Select]
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One form of a release on disk: role -> file name patterns (any may match), table -> reader.

    `unread` returns the matching files that are not to be read, with the reason; `absent` the names of files without
    which a role is incomplete, so that none of it is read. Without a `clock` the timestamps are
    positions in lists of the users' own: they order what one user did, and cannot be compared between users.
    """

    name: str
    files: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]
    unread: Callable[[Files], Mapping[Path, str]] | None = None
    absent: Callable[[Files], Mapping[str, Sequence[str]]] | None = None
    remedy: str = "get the file again"  # what a person does about a malformed row
    facts: str = ""  # what else than files and code decides how they are read: settings of custom tables
    utf_16: bool = False  # files in UTF-16 are read too, rather than refused
    clock: bool = True


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive: the pattern of its name there, its path under the source's folder, its size and hashes."""

    name: str
    path: str
    size: int | None = None  # bytes
    sha256: str = ""  # all hex digits; or only the first ones, enough to notice a change but not to trust a mirror
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file of a release and where it is available: `url`, which is its owner's, then `mirrors`, tried in this order.

    A URL is https://…, hf://datasets/<owner>/<name>/<path>, or kaggle://<owner>/<name>/<file>. A file with `members` is
    an archive, of which only these are kept; any other file is kept as it is. Parts can be downloaded separately.
    """

    url: str
    path: str  # under the source's folder; for an archive, its temporary name
    size: int | None = None  # bytes
    sha256: str = ""
    md5: str = ""
    mirrors: tuple[str, ...] = ()  # used only if the content is pinned
    members: tuple[Member, ...] = ()
    part: str = ""  # a category or a size of the release; "" belongs to all parts
    default: bool = True  # downloaded when no part is named

    @property
    def pinned(self) -> bool:
        """Whether everything kept of it has a complete sha256, so that it does not matter where it comes from."""
        return is_complete_sha256(self.sha256) or (
            bool(self.members) and all(is_complete_sha256(member.sha256) for member in self.members)
        )


def is_complete_sha256(sha256: str) -> bool:
    """Return whether a hash has all hex digits of a sha256."""
    return len(sha256) == 64
