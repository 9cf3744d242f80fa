"""Asking the Hub by one retry policy, and reporting what it answered without the token.

`create_repo`, `create_commit`, `create_tag` and plain reads are never repeated by `huggingface_hub`; the
rest is repeated by it, and an error that reaches us has already been tried six times.
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
    409: "wanted the repository as it was planned against; look at what changed and run it again",
    412: "wanted the repository as it was planned against; look at what changed and run it again",
    429: "wanted fewer requests; wait as long as the Hub says and run it again",
}
RUN_AGAIN = "wanted an answer; run it again: what is uploaded is not sent twice"
CORRECT = "wanted a request that the Hub takes; correct it"


class HubAnswer(HubError):
    """A HubError that began as an answer, or the lack of one: `status` is None when the line went dead."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One failed request: `lost` means that it may have been carried out all the same."""

    status: int | None
    text: str
    transient: bool
    lost: bool = False
    wait: float | None = None


def ask(
    api: HfApi,
    where: str,
    call: Callable[[], T],
    patience: RetryPolicy,
    done: Callable[[], T | None] | None = None,
) -> T:
    """Return the result of `call`, tried again on rate limits, server errors and dropped connections.

    `done` looks whether a request whose answer was lost was carried out, and returns its result if so.
    Raises HubAnswer with the last answer, the token scrubbed from it.
    """
    for attempt in range(1, patience.tries + 1):
        try:
            return call()
        except (OSError, ValueError, KeyError, RuntimeError, _http_error()) as error:
            trouble = _diagnose(error)
        if trouble.lost and done is not None and (found := done()) is not None:
            return found
        pause = patience.wait(attempt, None if trouble.wait is None else trouble.wait + 1)
        if not trouble.transient or pause is None:
            break
        patience.sleep(pause)
    tried = f" ({attempt} tries)" if attempt > 1 else ""
    advice = ADVICE.get(trouble.status or 0, RUN_AGAIN if trouble.transient else CORRECT)
    advice = advice.format(endpoint=api.endpoint)
    raise HubAnswer(f"{where}: {_short(scrub(trouble.text, api))}{tried}; {advice}", trouble.status)


def scrub(text: str, api: HfApi) -> str:
    """Return the text without tokens and without the query of any address, where signatures stand."""
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
            return Trouble(status=None, text="an answer that is not JSON", transient=True, lost=True)
        if isinstance(link, (ConnectionError, _http_error())) or "Consistency check failed" in str(link):
            return _disconnected(link)
    return Trouble(status=None, text=f"{type(error).__name__}: {error}", transient=False)


def _answered(error: HfHubHTTPError, outer: BaseException) -> Trouble:
    """Return an HTTP status; a 403 below a failed upload is an expired address: the next try gets a new one."""
    status = error.response.status_code
    said = error.server_message or error.response.reason_phrase
    expired = status == 403 and isinstance(outer, RuntimeError)
    return Trouble(
        status=None if expired else status,
        text=f"the Hub answered {status} ({said})",
        transient=status in TRANSIENT or expired,
        lost=status >= 500,
        wait=retry_after(error.response.headers) if status in (429, 503) else None,
    )


def _disconnected(error: BaseException) -> Trouble:
    """No answer; hf_xet says a refused token in the words of a ConnectionError, and that is final."""
    text = str(error) or "no answer"
    refused = re.search(r"\((401|403|404) ", text) if isinstance(error, ConnectionError) else None
    status = int(refused[1]) if refused else None
    text = f"the connection failed ({type(error).__name__}: {text})"
    return Trouble(status=status, text=text, transient=refused is None, lost=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from, outermost first."""
    link: BaseException | None = error
    for _ in range(8):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _http_error() -> type[Exception]:
    """Return the HTTP library's base error, whichever library this huggingface_hub uses."""
    from huggingface_hub.errors import HfHubHTTPError

    base: type[Exception] = HfHubHTTPError.__bases__[0]
    return base


def _short(text: str, length: int = 360) -> str:
    """One line; scrub it before, lest half a token be left."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
