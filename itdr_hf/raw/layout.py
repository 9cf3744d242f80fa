"""What a raw release consists of: its files, the tables read from them, and where it is available."""

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
    """How one table is read: which file roles it needs, and the SQL that `read` makes from them.

    `read(scan)` returns a SELECT with the table's columns (see `tables/cache.py`) and, where rows are to be
    left out on purpose, a `dropped` column with the reason (NULL: keep). Others than interactions, items and users are
    only read from, and gone afterwards unless they are `kept`: as they were read, malformed rows (NULL in a required column) included.
    """

    roles: tuple[str, ...]
    read: Callable[[Scan], Select]
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way a release lies on disk: role -> file name patterns (any may match), table -> reader.

    `unread` tells which of the files that match are not to be read, and why. Without a `clock` its timestamps are
    places in lists of users' own: they order what one user did, and say nothing of two users.
    """

    name: str
    files: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]
    unread: Callable[[Files], Mapping[Path, str]] | None = None
    clock: bool = True


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive: a pattern of its name there, where it goes under the source's folder, what is known of it."""

    name: str
    path: str
    size: int | None = None  # bytes
    sha256: str = ""  # all hex digits; or the first of them, by which a change is noticed and no mirror is trusted
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file of a release and the places it is obtained from: `url`, its owner's, then `mirrors`, in this order.

    A place is https://…, hf://datasets/<owner>/<name>/<path>, or kaggle://<owner>/<name>/<file>. A file with
    `members` is an archive, of which these are kept; any other is kept as it is. Parts may be asked for alone.
    """

    url: str
    path: str  # under the source's folder; of an archive, its name while it is here
    size: int | None = None  # bytes
    sha256: str = ""
    md5: str = ""
    mirrors: tuple[str, ...] = ()  # taken only where the content is pinned
    members: tuple[Member, ...] = ()
    part: str = ""  # a category or a size of the release; "" belongs to all
    default: bool = True  # taken when no part is asked for

    @property
    def pinned(self) -> bool:
        """Whether what is kept of it is known by its whole sha256: then it does not matter where it comes from."""
        return whole(self.sha256) or (bool(self.members) and all(whole(member.sha256) for member in self.members))


def whole(sha256: str) -> bool:
    """Whether these are all hex digits of a sha256."""
    return len(sha256) == 64
