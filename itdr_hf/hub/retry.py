"""Call the Hub with one retry policy, and report its responses without the token.

`huggingface_hub` never retries `create_repo`, `create_commit`, `create_tag` and plain reads; other calls it retries, so
that an error from them has already been tried six times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from itdr_hf.errors import HubError
from itdr_hf.runtime.retry import TRANSIENT, RetryPolicy, retry_after

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

T = TypeVar("T")
ADVICE = {
    401: "wanted a valid token; run `hf auth login` or set HF_TOKEN",
    403: "wanted a token that may do this; widen it at {endpoint}/settings/tokens, or ask for access",
    404: "wanted a repository and revision that this token may see; check the name and the token",
    409: "wanted the repository unchanged since the plan; look at what changed and run it again",
    412: "wanted the repository unchanged since the plan; look at what changed and run it again",
    429: "wanted fewer requests; wait as long as the Hub asks and run it again",
}
STORAGE = "wanted room for the files; free storage, or raise the limit, at {endpoint}/settings/billing"
FULL = re.compile(r"(?i)storage|quota|payment|billing")
BUSY = re.compile(r"(?i)commit is in progress|commit in progress|try again later")
RUN_AGAIN = "wanted an answer; run it again: uploaded files are not sent twice"
CORRECT = "wanted a request that the Hub accepts; correct it"


class HubAnswer(HubError):
    """A HubError caused by a response, or by the lack of one: `status` is None if the connection failed."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One failed request: `lost` means that it may have been carried out nevertheless."""

    status: int | None
    text: str
    transient: bool
    lost: bool = False
    wait: float | None = None


def ask(
    api: HfApi,
    where: str,
    call: Callable[[], T],
    retry: RetryPolicy,
    done: Callable[[], T | None] | None = None,
) -> T:
    """Return the result of `call`, retrying on rate limits, server errors and dropped connections.

    `done` checks whether a request whose response was lost was carried out, and returns its result if so.
    Raises HubAnswer with the last response, without the token.
    """
    for attempt in range(1, retry.tries + 1):
        try:
            return call()
        except (OSError, ValueError, KeyError, RuntimeError, _http_error()) as error:
            trouble = _diagnose(error)
        if trouble.lost and done is not None and (found := done()) is not None:
            return found
        pause = retry.wait(attempt, None if trouble.wait is None else trouble.wait + 1)
        if not trouble.transient or pause is None:
            break
        retry.sleep(pause)
    tried = f" ({attempt} tries)" if attempt > 1 else ""
    advice = ADVICE.get(trouble.status or 0, RUN_AGAIN if trouble.transient else CORRECT)
    if trouble.status in (402, 403) and FULL.search(trouble.text):
        advice = STORAGE
    advice = advice.format(endpoint=api.endpoint)
    raise HubAnswer(f"{where}: {_short(scrub(trouble.text, api))}{tried}; {advice}", trouble.status)


def scrub(text: str, api: HfApi) -> str:
    """Return the text without tokens, and without the query strings of URLs, which may contain signatures."""
    if isinstance(api.token, str) and api.token:
        text = text.replace(api.token, "<token>")
    text = re.sub(r"\bhf_[A-Za-z0-9]{4,}", "<token>", text)
    text = re.sub(r"(?i)(bearer\s+)\S+", r"\1<token>", text)
    return re.sub(r"(https?://[^\s?]+)\?\S+", r"\1?…", text)


def _diagnose(error: BaseException) -> Trouble:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    for link in _chain(error):
        if isinstance(link, HfHubHTTPError):
            return _answered(link, error)
        if isinstance(link, OfflineModeIsEnabled):
            return Trouble(status=None, text="offline, because HF_HUB_OFFLINE is set", transient=False)
        if isinstance(link, json.JSONDecodeError):
            return Trouble(status=None, text="a response that is not JSON", transient=True, lost=True)
        if isinstance(link, (ConnectionError, _http_error())) or "Consistency check failed" in str(link):
            return _disconnected(link)
    return Trouble(status=None, text=f"{type(error).__name__}: {error}", transient=False)


def _answered(error: HfHubHTTPError, outer: BaseException) -> Trouble:
    """Describe an HTTP error; a 403 within a failed upload means an expired URL, and the next try gets a new one."""
    status = error.response.status_code
    message = error.server_message or error.response.reason_phrase
    busy = status in (409, 412, 423) and bool(BUSY.search(str(message)))  # another commit is being made: it ends
    expired = status == 403 and isinstance(outer, RuntimeError)
    return Trouble(
        status=None if expired else status,
        text=f"the Hub answered {status} ({message})",
        transient=status in TRANSIENT or expired or busy,
        lost=status >= 500,
        wait=20.0 if busy else retry_after(error.response.headers) if status in (429, 503) else None,
    )


def _disconnected(error: BaseException) -> Trouble:
    """Describe a failed connection; hf_xet reports a refused token as a ConnectionError, which is not retried."""
    text = str(error) or "no answer"
    refused = re.search(r"\((401|403|404) ", text) if isinstance(error, ConnectionError) else None
    status = int(refused[1]) if refused else None
    text = f"the connection failed ({type(error).__name__}: {text})"
    return Trouble(status=status, text=text, transient=refused is None, lost=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and its causes, outermost first."""
    link: BaseException | None = error
    for _ in range(8):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _http_error() -> type[Exception]:
    """Return the base error of the HTTP library that this huggingface_hub uses."""
    from huggingface_hub.errors import HfHubHTTPError

    base: type[Exception] = HfHubHTTPError.__bases__[0]
    return base


def _short(text: str, length: int = 360) -> str:
    """Return the text cut to one line; scrub it first, so that no part of a token remains."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
