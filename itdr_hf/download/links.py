"""Check that the URLs of raw files still work, by requesting only headers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itdr_hf.download import from_hub, from_kaggle, https
from itdr_hf.download.places import host
from itdr_hf.raw.layout import Download
from itdr_hf.raw.source import Source

AT_ONCE = 8  # requests at a time
SECONDS = 20.0  # timeout of a request
HUB = "https://huggingface.co"
NO_HEAD = (403, 405, 501)  # responses of servers that refuse HEAD; they are asked for the first byte instead


@dataclass(frozen=True, kw_only=True)
class Link:
    """A URL of a file and the result of its check: `state` is "ok", "not asked: …" or the fault; `date` of the check."""

    source: str
    path: str
    url: str
    state: str
    date: str

    @property
    def works(self) -> bool:
        return self.state == "ok"


def check_links(sources: Iterable[Source], *, client: Any = None, hub: str = HUB) -> list[Link]:
    """Check every URL of every file of the sources. Kaggle's are not requested, since they need an account."""
    asked = [
        (source, file, url) for source in sources for file in source.downloads for url in (file.url, *file.mirrors)
    ]
    with https.opened(client, SECONDS) as opened, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: _ask(opened, hub, *one), asked))


def lost(links: Sequence[Link]) -> list[tuple[str, str]]:
    """Return (source, path) of the files that are no longer available anywhere."""
    files: dict[tuple[str, str], bool] = {}
    for link in links:
        key = link.source, link.path
        files[key] = files.get(key, False) or link.works or link.state.startswith("not asked")
    return [key for key, alive in files.items() if not alive]


def _ask(client: Any, hub: str, source: Source, file: Download, url: str) -> Link:
    if url.startswith(from_kaggle.SCHEME):
        state = "not asked: Kaggle requires an account"
    else:
        state = _state(client, _address(url, hub), file)
    return Link(source=source.id, path=file.path, url=url, state=state, date=datetime.now(UTC).date().isoformat())


def _address(url: str, hub: str) -> str:
    if not url.startswith(from_hub.SCHEME):
        return url
    owner, name, path = url.removeprefix(from_hub.SCHEME).split("/", 2)
    return f"{hub}/datasets/{owner}/{name}/resolve/main/{path}"


def _state(client: Any, url: str, file: Download) -> str:
    try:
        answer = client.head(url, headers={"Accept-Encoding": "identity"})
        if answer.status_code in NO_HEAD:
            with client.stream("GET", url, headers={"Range": "bytes=0-0"}) as answer:
                return _judged(answer, file)
        return _judged(answer, file)
    except https.failures() as error:
        return https.reason(error)


def _judged(answer: Any, file: Download) -> str:
    if answer.status_code not in (200, 206):
        return f"answered {answer.status_code}"
    if "text/html" in answer.headers.get("Content-Type", ""):
        return "a web page instead of the file"
    length = https.stated_length(answer)
    if file.size is not None and length is not None and length != file.size:
        return f"{length:,} bytes, want {file.size:,}"
    return "ok"


def table(links: Sequence[Link]) -> list[list[str]]:
    """Return the links as rows for a terminal: source, file, host, state, date."""
    return [[link.source, link.path, host(link.url), link.state, link.date] for link in links]
