"""Try the URLs of a file in turn, its owner's and then the mirrors', until one delivers the right bytes.

The hash decides, not the host: a mirror is used only if the complete sha256 is known, from the source or from an earlier
download. If no URL works, the error lists the reason of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from itdr_hf.errors import DownloadError, RawDataError
from itdr_hf.raw.layout import Download

ATTEMPTS = 3  # per URL, before trying the next one

Get = Callable[[Download], str]  # downloads a file from its `url` and returns the fault, "" for none


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A URL that did not deliver a file, and the reason."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"{host(self.url)}: {self.reason}"


def obtain(file: Download, get: Get, *, report: Callable[[str], None] = lambda text: None) -> None:
    """Download a file from the first of its URLs that works. Raises DownloadError with the reason of each."""
    refusals: list[Refusal] = []
    for url in (file.url, *file.mirrors):
        if url != file.url and not file.pinned:
            refusals.append(Refusal(url=url, reason="a mirror, not tried: no complete sha256 of the file is known"))
            continue
        try:
            fault = get(replace(file, url=url))
        except (DownloadError, RawDataError) as error:
            fault = _reason(url, error)
        if not fault:
            return
        refusals.append(Refusal(url=url, reason=fault))
        report(f"{file.path}: {refusals[-1]}")
    raise DownloadError(_nowhere(file, refusals))


def host(url: str) -> str:
    """Return the host of a URL, for a message."""
    parts = urlsplit(url)
    return {"hf": "the Hub", "kaggle": "Kaggle"}.get(parts.scheme, parts.netloc)


def _reason(url: str, error: Exception) -> str:
    """Return the message of an error without the URL at its beginning."""
    return str(error).removeprefix(f"{url}: ")


def _nowhere(file: Download, refusals: Sequence[Refusal]) -> str:
    if len(refusals) == 1:
        return f"{file.url}: {refusals[0].reason}"
    tried = "; ".join(f"({number}) {refusal}" for number, refusal in enumerate(refusals, 1))
    return f"{file.path}: not available from any of {len(refusals)} URLs: {tried}; want one to work; run it again later"
