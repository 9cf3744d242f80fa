"""Checks of what a push may contain: redistributable sources, and data without audit breaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from itdr_hf.errors import HubError


class Licensed(Protocol):
    """The interface needed of a source: its id, its licence, and whether that licence allows redistribution."""

    @property
    def id(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def redistributable(self) -> bool: ...


def check_redistribution(sources: Iterable[Licensed], public: bool, allowed: Collection[str] = ()) -> None:
    """Raise HubError if a public push contains a source that may not be redistributed and is not allowed by name."""
    forbidden = [s for s in sources if not s.redistributable and s.id not in allowed] if public else []
    if not forbidden:
        return
    named = ", ".join(f"{source.id} ({source.licence})" for source in forbidden)
    ids = " ".join(f"--allow {source.id}" for source in forbidden)
    raise HubError(
        f"public push: the licences of {named} do not allow redistribution; wanted only sources "
        "that may be redistributed; push --private, build without them, publish only ledger.json (its recipes and "
        f"hashes let owners of the raw data build the same), or, if you hold the rights, allow them by name: {ids}"
    )


def check_audit(folder: Path, breaches: Sequence[str], *, despite: bool = False) -> None:
    """Raise HubError if the audit found a breach, unless publishing `despite` breaches."""
    if breaches and not despite:
        more = f" ({len(breaches)} such)" if len(breaches) > 1 else ""
        raise HubError(
            f"{folder}: {breaches[0]}{more}; wanted data without a breach; see `itdr audit {folder}`, "
            "or push --despite-breaches"
        )
