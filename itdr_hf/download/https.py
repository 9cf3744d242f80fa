"""A file over https (or http): resumed where it stopped, tried again with growing pauses, checked for its length.

What is there of a file is `<name>.part`, beside it `<name>.part.json` with what the server called this version of
it: if the version changes, the file begins anew. Never more is written than was announced.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from itdr_hf.errors import DownloadError
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.runtime.retry import TRANSIENT, RetryPolicy, retry_after

ODD = (ValueError, OverflowError)  # what odd answers make of the library's parsing, and of ours
UNRESOLVED = (
    "Name or service not known",
    "nodename nor servname",
    "Temporary failure in name resolution",
    "getaddrinfo failed",
    "No address associated",
)
SLOWEST, PATIENT = 1_000, 300.0  # bytes a second that a server must send, looked at every so many seconds
LONGEST = 8 * 10**9  # bytes of a file whose length nobody tells: a server may never end
REFUSED = {
    401: "an account",
    403: "leave to have it",
    404: "a file there",
    410: "a file there",
    451: "leave to have it",
}


@dataclass
class Part:
    """What is there of a file, and which version of it that is."""

    path: Path  # of the whole file, not yet there
    version: dict[str, str] = field(default_factory=dict)  # url, etag or last_modified

    @property
    def file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part.json")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.is_file() else 0

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        self.version = {}


class _Interrupted(Exception):
    """A try that ended early: what is there stays, and another try may go on. `wait`: as long as the server says."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


def fetch(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    client: Any = None,
    patience: RetryPolicy = RetryPolicy(),
    progress: OnProgress = ignore,
) -> None:
    """Have a file at `target`, reporting how many bytes are there and how many there will be.

    A try that brought something does not count against the patience. Raises DownloadError.
    """
    part = _open(url, target)
    attempt, restarts = 0, 0
    with opened(client) as asking:
        while True:
            before = part.size
            try:
                _once(asking, url, part, size, progress)
                break
            except (library().TooManyRedirects, library().DecodingError, library().InvalidURL, *ODD) as error:
                raise DownloadError(
                    f"{url}: {said(error)}; want the file; see the source's homepage, it may have moved"
                ) from error
            except (_Interrupted, library().TransportError) as error:
                restarts += part.size < before or (before == 0 and part.size > 0)
                attempt = 1 if part.size > before and restarts <= patience.tries else attempt + 1
                pause = patience.wait(attempt, error.wait if isinstance(error, _Interrupted) else None)
                if pause is None:
                    raise DownloadError(
                        f"{url}: {said(error)} ({part.size:,} bytes are kept); want the rest; run it again to go on, after {attempt} attempts"
                    ) from error
                patience.sleep(pause)
    part.note.unlink(missing_ok=True)
    part.file.replace(target)


def said(error: Exception) -> str:
    """Return what went wrong, in a few words: a certificate, a name, a connection, or what the library says."""
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = re.search(r"verify failed: ([^(]*)", text)
        return f"its certificate is not accepted ({reason[1].strip() if reason else 'not valid'})"
    if any(words in text for words in UNRESOLVED):
        return "its name does not resolve"
    return {"ConnectError": f"no connection ({text})", "ConnectTimeout": "no connection in time"}.get(
        type(error).__name__, text
    )


def _open(url: str, target: Path) -> Part:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Part(target)
    if part.file.is_file() and part.note.is_file():
        part.version = _noted(part.note)
    if part.version.get("url") != url or not part.version.get("validator"):
        part.forget()
    return part


def _noted(note: Path) -> dict[str, str]:
    """Return the version that is noted; none where the note is damaged."""
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in document.items()} if isinstance(document, dict) else {}


def _once(client: Any, url: str, part: Part, size: int | None, progress: OnProgress) -> None:
    """One request, from where the part ends; returns when the file is whole."""
    have = part.size
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": part.version["validator"]}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416 and _total(answer) == have and size in (None, have):
            return  # it was whole already
        begins, total = _read_head(answer, url, have)
        if begins == have > 0 and _validator(answer.headers) not in ("", part.version["validator"]):
            part.forget()  # a server that knows ranges and no If-Range
            raise _Interrupted("the file is another one than before")
        if size is not None and total is not None and total != size:
            part.forget()
            raise DownloadError(
                f"{url}: {total:,} bytes there; want {size:,}; the release has changed, or it is another file"
            )
        if begins != have:
            part.forget()
            have = 0
        if not have:
            part.version = {"url": url, "validator": _validator(answer.headers)}
            write_atomically(part.note, json.dumps(part.version))
        _pour(answer, part, have, size if total is None else total, progress)


def _read_head(answer: Any, url: str, have: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is if that is told."""
    status = answer.status_code
    if status in TRANSIENT:
        raise _Interrupted(f"the server answered {status}", retry_after(answer.headers))
    if status == 206:
        told = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
        if not told or int(told[1]) != have:
            raise DownloadError(
                f"{url}: another range than the one asked for; want bytes from {have:,}; tell its keepers"
            )
        return have, None if told[2] == "*" else int(told[2])
    if status == 200:
        if "text/html" in answer.headers.get("Content-Type", "") and not url.endswith((".html", ".htm")):
            raise DownloadError(f"{url}: a page in place of the file; want the file; see the page in a browser")
        return 0, _length(answer.headers)
    if status == 416:  # what is there is more than there is: it begins anew
        return -1, None
    wanted = REFUSED.get(status, "the file")
    raise DownloadError(
        f"{url}: the server answered {status}; want {wanted}; see the source's homepage, it may have moved"
    )


def _pour(answer: Any, part: Part, have: int, total: int | None, progress: OnProgress) -> None:
    with part.file.open("ab" if have else "wb") as file:
        pace, most = _Pace(), LONGEST if total is None else total
        for chunk in answer.iter_raw() if answer.status_code in (200, 206) else ():
            have += len(chunk)
            pace.heed(have)
            if have > most:
                part.forget()
                told = "without an end being told" if total is None else "announced"
                raise DownloadError(f"{answer.url}: more than the {most:,} bytes {told}; want those; run it again")
            file.write(chunk)
            progress(Progress(part.file.stem, have, total, "B"))
    if answer.status_code == 416:
        part.forget()
        raise _Interrupted("the server has less than was there")
    if total is not None and have < total:
        raise _Interrupted(f"the connection ended {total - have:,} bytes early")


class _Pace:
    """Ends what would never end: a server that sends next to nothing."""

    def __init__(self) -> None:
        self._since, self._had = time.monotonic(), 0

    def heed(self, have: int) -> None:
        """Raise _Interrupted for a server that is too slow."""
        now = time.monotonic()
        if now - self._since > PATIENT:
            if have - self._had < SLOWEST * PATIENT:
                raise _Interrupted(f"less than {SLOWEST:,} bytes a second")
            self._since, self._had = now, have


def _validator(headers: Any) -> str:
    """Return what names this version of the file: a strong ETag, else the time of its last change."""
    etag = str(headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(headers.get("Last-Modified", ""))


def _length(headers: Any) -> int | None:
    told = str(headers.get("Content-Length", ""))
    return int(told) if told.isascii() and told.isdigit() and not headers.get("Transfer-Encoding") else None


def _total(answer: Any) -> int | None:
    told = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", "").strip())
    return int(told[1]) if told else None


def library() -> Any:
    """Return the HTTP library that huggingface_hub brought: httpx2, or httpx before its 2.0."""
    try:
        return import_module("httpx2")
    except ImportError:
        return import_module("httpx")


def failures() -> tuple[type[Exception], ...]:
    """Return what asking a server may raise."""
    return (library().HTTPError, library().InvalidURL, DownloadError, OSError, *ODD)


def told_length(answer: Any) -> int | None:
    """How long a whole file is, by the headers of an answer to HEAD or to the question for its first byte."""
    told = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", "").strip(), re.ASCII)
    return int(told[1]) if told else _length(answer.headers) if answer.status_code == 200 else None


@contextmanager
def opened(given: Any, seconds: float = 60.0) -> Iterator[Any]:
    """Open the client that is given, or one of our own that waits so long for an answer and never goes on to plain http."""
    if given is not None:
        yield given
        return

    def never_less_safe(answer: Any) -> None:
        following = answer.next_request
        if following is not None and answer.request.url.scheme == "https" and following.url.scheme != "https":
            raise DownloadError(f"{answer.request.url}: redirected to plain http; want https; tell its keepers")

    timeout = library().Timeout(seconds, connect=min(seconds, 30.0))
    hooks = {"response": [never_less_safe]}
    with library().Client(follow_redirects=True, max_redirects=10, timeout=timeout, event_hooks=hooks) as client:
        client.headers["User-Agent"] = "itdr-hf"
        yield client
