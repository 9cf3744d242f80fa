"""Profiles without a language model: of an item its own text, of a user the titles of the items in train.

They are the control of every profile that a model writes: whatever such a profile adds must be more than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.models.recommenders.run_data import RunData
from itdr_hf.runtime.files import new_files
from itdr_hf.runtime.progress import OnProgress, ignore

MOST = 50  # titles in a user's profile


@dataclass(frozen=True, kw_only=True)
class ProfileStep:
    """Write the plain profiles of a release."""

    raw: Path
    source: str
    protocol: str
    output: Path
    raw_digest: str

    @property
    def title(self) -> str:
        return f"profiles {self.source}"

    def inputs(self) -> Mapping[str, Any]:
        return {"raw": self.raw_digest, "source": self.source, "protocol": self.protocol}

    def command(self) -> list[str]:
        words = ["itdr", "experiment", "profiles", str(self.raw), "--source", self.source]
        return [*words, "--out", str(self.output)]

    def run(self, progress: OnProgress) -> None:
        write_plain_profiles(self.raw, self.source, self.output, self.protocol, progress)

    def clear(self) -> None:
        self.output.unlink(missing_ok=True)


def write_plain_profiles(raw: Path, source: str, out: Path, protocol: str, progress: OnProgress = ignore) -> int:
    """Write the profiles of a release as Parquet (side, id, text); return how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from itdr_hf.models.recommenders.run_data import data_from_raw

    rows = profiles_of(data_from_raw(raw, source, protocol=protocol, progress=progress))
    with new_files(out.parent) as draft:
        pq.write_table(pa.Table.from_pylist(rows), draft / out.name)
    return len(rows)


def profiles_of(data: RunData) -> list[dict[str, str]]:
    """Return a profile of every item that has a text, and of every user with an item in train, oldest items first."""
    items = [
        {"side": "item", "id": str(key), "text": text}
        for key, text in zip(data.item_keys, data.item_texts, strict=True)
        if text
    ]
    chosen: dict[int, list[str]] = {}
    for user, item in zip(data.split.train.users.tolist(), data.split.train.items.tolist(), strict=True):
        chosen.setdefault(user, []).append(data.item_texts[item])
    users = [
        {"side": "user", "id": str(data.user_keys[user]), "text": "; ".join(filter(None, texts[-MOST:]))}
        for user, texts in sorted(chosen.items())
    ]
    return [*users, *items]
