"""Download a file over https (or http): resumed where it stopped, retried with growing pauses, its length verified.

A partial file is `<name>.part`, with `<name>.part.json` holding the server's identifier of this version: if the version
changes, the download starts again. Never is more written than was announced.
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

ODD = (ValueError, OverflowError)  # raised by the library's parsing, or ours, for odd responses
UNRESOLVED = (
    "Name or service not known",
    "nodename nor servname",
    "Temporary failure in name resolution",
    "getaddrinfo failed",
    "No address associated",
)
MIN_SPEED, SPEED_WINDOW = 1_000, 300.0  # bytes per second that a server must send, checked every this many seconds
MAX_BYTES = 8 * 10**9  # of a file whose length is not announced, since a server may never stop
REFUSED = {
    401: "an account",
    403: "permission to download it",
    404: "a file there",
    410: "a file there",
    451: "permission to download it",
}


@dataclass
class Part:
    """The part of a file downloaded so far, and the version of the file that it belongs to."""

    path: Path  # of the complete file, which does not exist yet
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
    """A try that ended early; another try may resume it. `wait` is the delay that the server asks for, in seconds."""

    def __init__(self, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class _TooSlow(_Interrupted):
    """A try that ended since next to nothing came. It counts as a failure, or a server that drips would never end."""


def fetch(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    client: Any = None,
    retry: RetryPolicy = RetryPolicy(),
    progress: OnProgress = ignore,
) -> None:
    """Download a file to `target`, reporting the bytes downloaded and the total.

    A try that made progress does not count as a failure, unless it was next to none. Raises DownloadError.
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
                    f"{url}: {reason(error)}; want the file; see the source's homepage, it may have moved"
                ) from error
            except (_Interrupted, library().TransportError) as error:
                restarts += part.size < before or (before == 0 and part.size > 0)
                forward = part.size > before and restarts <= retry.tries and not isinstance(error, _TooSlow)
                attempt = 1 if forward else attempt + 1
                pause = retry.wait(attempt, error.wait if isinstance(error, _Interrupted) else None)
                if pause is None:
                    raise DownloadError(
                        f"{url}: {reason(error)} ({part.size:,} bytes are kept) after {attempt} attempts; want the rest; "
                        "run it again to resume"
                    ) from error
                retry.sleep(pause)
    part.note.unlink(missing_ok=True)
    part.file.replace(target)


def reason(error: Exception) -> str:
    """Return the cause of a failure in a few words: a certificate, a name, a connection, or the library's message."""
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        cause = re.search(r"verify failed: ([^(]*)", text)
        return f"its certificate is not accepted ({cause[1].strip() if cause else 'not valid'})"
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
    """Return the version in a note; empty if the note is damaged."""
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in document.items()} if isinstance(document, dict) else {}


def _once(client: Any, url: str, part: Part, size: int | None, progress: OnProgress) -> None:
    """Make one request, from the end of the part on; return when the file is complete."""
    have = part.size
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": part.version["validator"]}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416 and _total(answer) == have and size in (None, have):
            return  # it was complete already
        begins, total = _read_head(answer, url, have)
        if begins == have > 0 and _validator(answer.headers) not in ("", part.version["validator"]):
            part.forget()  # the server supports ranges but not If-Range
            raise _Interrupted("the file has changed since")
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
    """Return the offset in the file at which the body begins, and the length of the file if it is stated."""
    status = answer.status_code
    if status in TRANSIENT:
        raise _Interrupted(f"the server answered {status}", retry_after(answer.headers))
    if status == 206:
        stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
        if not stated or int(stated[1]) != have:
            raise DownloadError(
                f"{url}: a different range from the one requested; want bytes from {have:,}; report it to the site"
            )
        return have, None if stated[2] == "*" else int(stated[2])
    if status == 200:
        if "text/html" in answer.headers.get("Content-Type", "") and not url.endswith((".html", ".htm")):
            raise DownloadError(f"{url}: a web page instead of the file; want the file; open the page in a browser")
        return 0, _length(answer.headers)
    if status == 416:  # the part is longer than the file: start again
        return -1, None
    wanted = REFUSED.get(status, "the file")
    raise DownloadError(
        f"{url}: the server answered {status}; want {wanted}; see the source's homepage, it may have moved"
    )


def _pour(answer: Any, part: Part, have: int, total: int | None, progress: OnProgress) -> None:
    with part.file.open("ab" if have else "wb") as file:
        speed, max_bytes = _SpeedCheck(), MAX_BYTES if total is None else total
        for chunk in answer.iter_raw() if answer.status_code in (200, 206) else ():
            have += len(chunk)
            speed.check(have)
            if have > max_bytes:
                part.forget()
                limit = "allowed without a stated length" if total is None else "announced"
                raise DownloadError(
                    f"{answer.url}: more than the {max_bytes:,} bytes {limit}; want those; run it again"
                )
            file.write(chunk)
            progress(Progress(part.file.stem, have, total, "B"))
    if answer.status_code == 416:
        part.forget()
        raise _Interrupted("the server's file is shorter than the part downloaded before")
    if total is not None and have < total:
        raise _Interrupted(f"the connection ended {total - have:,} bytes early")


class _SpeedCheck:
    """Detects a server that sends next to nothing, so that a download would never end."""

    def __init__(self) -> None:
        self._since, self._bytes = time.monotonic(), 0

    def check(self, have: int) -> None:
        """Raise _TooSlow for a server that is too slow."""
        now = time.monotonic()
        if now - self._since > SPEED_WINDOW:
            if have - self._bytes < MIN_SPEED * SPEED_WINDOW:
                raise _TooSlow(f"less than {MIN_SPEED:,} bytes a second")
            self._since, self._bytes = now, have


def _validator(headers: Any) -> str:
    """Return the identifier of this version of the file: a strong ETag, else the time of its last change."""
    etag = str(headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(headers.get("Last-Modified", ""))


def _length(headers: Any) -> int | None:
    stated = str(headers.get("Content-Length", ""))
    return int(stated) if stated.isascii() and stated.isdigit() and not headers.get("Transfer-Encoding") else None


def _total(answer: Any) -> int | None:
    stated = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", "").strip())
    return int(stated[1]) if stated else None


def library() -> Any:
    """Return the HTTP library that huggingface_hub depends on: httpx2, or httpx before its 2.0."""
    try:
        return import_module("httpx2")
    except ImportError:
        return import_module("httpx")


def failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that a request may raise."""
    return (library().HTTPError, library().InvalidURL, DownloadError, OSError, *ODD)


def stated_length(answer: Any) -> int | None:
    """Return the length of a complete file, from the headers of the response to HEAD or to a request for one byte."""
    stated = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers.get("Content-Range", "").strip(), re.ASCII)
    return int(stated[1]) if stated else _length(answer.headers) if answer.status_code == 200 else None


@contextmanager
def opened(given: Any, seconds: float = 60.0) -> Iterator[Any]:
    """Open the given client, or a new one with this timeout that never follows a redirect from https to http."""
    if given is not None:
        yield given
        return

    def refuse_downgrade(answer: Any) -> None:
        """Look at the header: the library fills in `next_request` only for clients that do not follow."""
        asked = answer.request.url
        if answer.has_redirect_location and asked.scheme == "https" != asked.join(answer.headers["Location"]).scheme:
            raise DownloadError(f"{answer.request.url}: redirected to plain http; want https; report it to the site")

    timeout = library().Timeout(seconds, connect=min(seconds, 30.0))
    hooks = {"response": [refuse_downgrade]}
    with library().Client(follow_redirects=True, max_redirects=10, timeout=timeout, event_hooks=hooks) as client:
        client.headers["User-Agent"] = "itdr-hf"
        yield client
