"""From place to place: a file is asked for at its owner's, then at its mirrors, until one gives the right bytes.

The content's hash decides, not the host: a mirror is asked only where the whole sha256 is known, here or from an earlier
download on this machine. What every place said is told when none had the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from itdr_hf.errors import DownloadError, RawDataError
from itdr_hf.raw.layout import Download

ATTEMPTS = 3  # at a place, before the next one is asked

Get = Callable[[Download], str]  # obtain a file from its `url`; returns what is wrong with it, "" if nothing is


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A place that did not give a file, and why."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"{host(self.url)}: {self.reason}"


def obtain(file: Download, get: Get, *, say: Callable[[str], None] = lambda text: None) -> None:
    """Obtain a file from the first of its places that has it. Raises DownloadError with what each of them said."""
    refusals: list[Refusal] = []
    for url in (file.url, *file.mirrors):
        if url != file.url and not file.pinned:
            refusals.append(Refusal(url=url, reason="a mirror, not asked: no whole sha256 of the file is known"))
            continue
        try:
            fault = get(replace(file, url=url))
        except (DownloadError, RawDataError) as error:
            fault = _reason(url, error)
        if not fault:
            return
        refusals.append(Refusal(url=url, reason=fault))
        say(f"{file.path}: {refusals[-1]}")
    raise DownloadError(_nowhere(file, refusals))


def host(url: str) -> str:
    """Return the host of an address, as a message names it."""
    parts = urlsplit(url)
    return {"hf": "the Hub", "kaggle": "Kaggle"}.get(parts.scheme, parts.netloc)


def _reason(url: str, error: Exception) -> str:
    """Return what an error says, without the address that stands before it."""
    return str(error).removeprefix(f"{url}: ")


def _nowhere(file: Download, refusals: Sequence[Refusal]) -> str:
    if len(refusals) == 1:
        return f"{file.url}: {refusals[0].reason}"
    tried = "; ".join(f"({number}) {refusal}" for number, refusal in enumerate(refusals, 1))
    return f"{file.path}: none of its {len(refusals)} places has it: {tried}; want one of them; run it again later"
