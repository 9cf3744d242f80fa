"""What a push may contain: sources that may be passed on, and data that the audit found no breach in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from itdr_hf.errors import HubError


class Licensed(Protocol):
    """What is asked of a source: its id, its licence, and whether that licence lets the data be passed on."""

    @property
    def id(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def redistributable(self) -> bool: ...


def check_redistribution(sources: Iterable[Licensed], public: bool, allowed: Collection[str] = ()) -> None:
    """Raise HubError when a public push holds a source that forbids it and was not allowed by name."""
    forbidden = [s for s in sources if not s.redistributable and s.id not in allowed] if public else []
    if not forbidden:
        return
    named = ", ".join(f"{source.id} ({source.licence})" for source in forbidden)
    ids = " ".join(f"--allow {source.id}" for source in forbidden)
    raise HubError(
        f"public push: the licences of {named} do not let the data be passed on; wanted only sources "
        "that may be redistributed; push --private, build without them, publish ledger.json alone (its recipes and "
        f"hashes let owners of the raw data build the same), or, if you hold the right, say so by name: {ids}"
    )


def check_audit(folder: Path, breaches: Sequence[str], *, despite: bool = False) -> None:
    """Raise HubError when the audit found a breach and it was not decided to publish all the same."""
    if breaches and not despite:
        more = f" ({len(breaches)} such)" if len(breaches) > 1 else ""
        raise HubError(
            f"{folder}: {breaches[0]}{more}; wanted data without a breach; see `itdr audit {folder}`, "
            "or push --despite-breaches"
        )
