"""Acceptance of the terms of a release: once per user, recorded in the cache folder, and again when they change."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from itdr_hf.raw.source import Source
from itdr_hf.runtime.files import default_cache, write_atomically


def terms(source: Source) -> str:
    """Return the text of the terms to be accepted."""
    passed_on = "may be passed on under the same terms" if source.redistributable else "may not be passed on"
    return (
        f"{source.title} ({source.homepage})\n"
        f"  licence: {source.licence}\n"
        f"  as told by: {source.licence_source}\n"
        f"  the data {passed_on}; cite the source; the card has how"
    )


def accepted(source: Source, cache: Path | None = None) -> bool:
    """Return whether this user has already accepted exactly these terms."""
    return _read(cache).get(source.id, {}).get("terms") == _digest(source)


def accept(source: Source, cache: Path | None = None) -> None:
    """Record that the terms were accepted, and when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    known = {**_read(cache), source.id: {"terms": _digest(source), "licence": source.licence, "accepted": now}}
    write_atomically(_file(cache), json.dumps(known, indent=1, ensure_ascii=False))


def _read(cache: Path | None) -> dict[str, dict[str, str]]:
    path = _file(cache)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _file(cache: Path | None) -> Path:
    return (cache or default_cache()) / "licences.json"


def _digest(source: Source) -> str:
    return hashlib.sha256(terms(source).encode()).hexdigest()[:16]
