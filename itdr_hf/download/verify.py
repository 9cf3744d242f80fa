"""Verify a downloaded file: its size, hashes and kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from itdr_hf.raw.layout import Download, Member
from itdr_hf.runtime.hashing import hash_file

KINDS = {".zip": b"PK", ".gz": b"\x1f\x8b", ".tgz": b"\x1f\x8b"}  # suffix -> the first bytes of such a file


def wrong(path: Path, known: Download | Member) -> str:
    """Return the fault of a file, as what was found and what was wanted; "" for none."""
    if known.size is not None and path.stat().st_size != known.size:
        return f"{path.stat().st_size:,} bytes; want {known.size:,}"
    for kind, want in (("sha256", known.sha256), ("md5", known.md5)):
        if want and not (have := hash_file(path, kind)).startswith(want):
            return f"{kind} {have[:16]}…; want {want[:16]}…"
    with path.open("rb") as file:
        beginning = file.read(2)
    begins = KINDS.get(path.suffix)
    if begins and beginning != begins:
        return f"a file that begins with {beginning!r}; want a {path.suffix[1:]} file"
    return ""


def wrong_by_sums(sums: str, files: Sequence[Path]) -> str:
    """Return the fault of the first file that differs from a list of md5 sums (MovieLens's checksums.txt); "" for none."""
    listed = {name.rpartition("/")[2]: digest for digest, name in re.findall(r"\b([0-9a-f]{32})[ *]+(\S+)", sums)}
    for path in files:
        if (want := listed.get(path.name)) and (have := hash_file(path, "md5")) != want:
            return f"{path.name} with md5 {have[:16]}…; want {want[:16]}… by the archive's own checksums"
    return ""
