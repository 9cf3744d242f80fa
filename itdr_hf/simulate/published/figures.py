"""What the owners of a release publish about it: rows, users, items, and each file's rows and bytes.

A figure that is not published is None, and `assumed` says what is written instead. Bytes are those of the file as it is
downloaded and unpacked, or of the .gz where the release is read as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class File:
    """Lines or records without the header, and bytes; None where it is not published."""

    rows: int | None = None
    bytes: int | None = None

    def scaled(self, share: float) -> "File":
        """Return a share of the file; rows are as large."""
        return File(rows=_scaled(self.rows, share), bytes=_scaled(self.bytes, share))

    @property
    def row_bytes(self) -> float | None:
        return self.bytes / self.rows if self.bytes and self.rows else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Rows of the main table, users who have any, items that are listed; by file name, those of each file."""

    rows: int | None
    users: int | None
    items: int | None
    files: Mapping[str, File]
    assumed: Mapping[str, int] = field(default_factory=dict)

    def number(self, what: str) -> int:
        """Return a published number, or the assumed one where it is not published."""
        published: int | None = getattr(self, what, None)
        return self.assumed[what] if published is None else published

    def scaled(self, share: float) -> "Figures":
        """Return a share of everything."""
        return Figures(
            rows=_scaled(self.rows, share),
            users=_scaled(self.users, share),
            items=_scaled(self.items, share),
            files={name: file.scaled(share) for name, file in self.files.items()},
            assumed={what: _scaled(number, share) or 1 for what, number in self.assumed.items()},
        )


def _scaled(number: int | None, share: float) -> int | None:
    return None if number is None else max(round(number * share), 1)
