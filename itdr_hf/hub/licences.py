"""What a public push may contain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
