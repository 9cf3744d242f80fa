"""One request to an OpenAI-compatible endpoint, with its retries. Needs the extra [endpoint] or [teacher].

What may pass (429, 5xx, a broken or stalled connection, an answer that cannot be one) is tried again, later each
time or when the endpoint says; what concerns one example is reported for it; what concerns all (a wrong key, no
money, no such model) stops the run. A parameter that the endpoint does not take is changed, once, and the change is
kept with the answer. The key is read from the environment and stands in no message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint.keys import mask
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.parameters import Dialect
from itdr_hf.models.endpoint.reply import BadReply, clean, read_reply, words_of
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.endpoint.tokens import asked_tokens, used_tokens
from itdr_hf.models.endpoint.transfer import bound
from itdr_hf.runtime.retry import TRANSIENT, RetryPolicy, retry_after

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
FOR_ONE = (400, 413, 422)  # about this one example, unless nothing but them comes
IN_A_ROW = 8  # requests without a single answer: then it is not the examples
PAGE_TRIES = 3  # of a web page in place of an answer, before the first answer: the address is wrong, or a gateway is up
BACK_OFF = 0.5  # seconds before the first retry, doubled for each further one …
LONGEST_BACK_OFF = 30.0  # … up to this
SHOWN = 300  # characters of a server's words


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A request that got no answer, and why; `refused`: the endpoint took the request and said no to it."""

    why: str
    refused: bool = False


class Judged(NamedTuple):
    """What went wrong, and what to do: ask again (when the endpoint says, or by our own pauses), or leave it."""

    why: str
    again: bool = True
    asked: float | None = None  # seconds that the endpoint asks to wait
    refused: bool = False
    page: bool = False  # a web page came
    adapted: bool = False  # the next request is another one, and may go at once


class StatusError(ModelError):
    """A status that all further requests would get too."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(kw_only=True)
class Client:
    """Asks an endpoint; `openai` is an AsyncOpenAI whose own retries are off. See `connect`."""

    openai: AsyncOpenAI
    pace: RateLimiter
    secret: str = field(default="", repr=False)
    timeout: float = 120.0  # seconds for one whole answer
    retries: int = 6
    longest_wait: float = 300.0  # seconds; an endpoint that asks for more stops the run
    answered: int = 0
    dialect: Dialect = field(default_factory=Dialect)
    _in_vain: int = 0  # requests in a row without an answer

    @property
    def where(self) -> str:
        """Host and port, without a user or a password."""
        return str(self.openai.base_url.netloc.decode())

    @property
    def policy(self) -> RetryPolicy:
        """How often a request is tried, and the pauses in between."""
        return RetryPolicy(
            tries=self.retries + 1, pause=BACK_OFF, longest_pause=LONGEST_BACK_OFF, longest=self.longest_wait
        )

    async def answer(self, ask: Ask) -> Reply | Unanswered:
        """Return the reply, after retries if need be. Raises ModelError for what further requests would meet too."""
        failures = pages = 0
        while True:
            sent = self.dialect.spoken(ask.parameters)
            got = await self._try(ask, sent)
            if isinstance(got, Reply):
                return got
            if got.adapted:
                continue
            failures, pages = failures + 1, pages + got.page
            wait = self.policy.wait(failures, got.asked, _spread(ask.key, failures))
            if not got.again or wait is None or (pages >= PAGE_TRIES and not self.answered):
                return self._given_up(got)
            await self.pace.sleep(wait)

    async def _try(self, ask: Ask, sent: Mapping[str, Any]) -> Reply | Judged:
        """Ask once, in turn."""
        tokens = asked_tokens(ask) + (ask.most_tokens or 0)
        await self.pace.turn(tokens)
        try:
            reply = await self._request(ask, sent)
        except Exception as error:
            problem = error  # judged outside, so that what is raised does not carry it: it may quote the key
        else:
            self.pace.settle(tokens, sum(used_tokens(ask, reply)))
            self.answered, self._in_vain = self.answered + 1, 0
            return reply
        self.pace.settle(tokens, 0)
        return self._judge(problem, sent)

    async def _request(self, ask: Ask, sent: Mapping[str, Any]) -> Reply:
        messages: Any = list(ask.messages)
        async with asyncio.timeout(self.timeout):
            raw: Any
            if ask.prompt:
                raw = await self.openai.completions.with_raw_response.create(
                    model=ask.model, prompt=ask.prompt, extra_body=dict(sent)
                )
            else:
                raw = await self.openai.chat.completions.with_raw_response.create(
                    model=ask.model, messages=messages, extra_body=dict(sent)
                )
        reply = read_reply(raw.content)
        return replace(
            reply,
            text=self._masked(reply.text),
            finish=self._masked(reply.finish),
            refusal=self._masked(reply.refusal),
            served_by=self._masked(reply.served_by),
            adapted=self.dialect.changes if sent != ask.parameters else "",
        )

    def _judge(self, error: Exception, sent: Mapping[str, Any]) -> Judged:
        """Return why there is no answer and what to do about it; raise what is not the endpoint's fault."""
        import openai

        bad = error if isinstance(error, BadReply) else error.__cause__
        if isinstance(bad, BadReply):
            return self._judge_reply(bad, sent)
        if isinstance(error, openai.APIStatusError):
            words = words_of(error.response.content)
            if error.code == "insufficient_quota":
                raise self._stop(self._status_text(error.status_code, words))
            return self._judge_status(error.status_code, words, sent, error.response.headers)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return Judged(f"no answer within {self.timeout:g} s")
        if isinstance(error, openai.APIConnectionError):
            return Judged(f"no connection ({self._shown(str(error.__cause__ or error))})")
        if isinstance(error, openai.APIError):
            return Judged(f"an answer that is no chat completion ({self._shown(str(error))})")
        raise error

    def _judge_reply(self, bad: BadReply, sent: Mapping[str, Any]) -> Judged:
        """Judge a success that is none, or a redirect."""
        if bad.final:
            raise self._stop(self._status_text(bad.status or 0, bad.why))
        if bad.status is not None:
            return self._judge_status(bad.status, bad.why, sent, {})
        if not bad.page:
            return Judged(self._shown(bad.why))
        why = f"{self._shown(bad.why)} in place of JSON of {self.openai.base_url.path}chat/completions"
        why += "" if "/v1" in self.openai.base_url.path else " (does the address lack /v1?)"
        return Judged(why, page=True)

    def _judge_status(self, status: int, words: str, sent: Mapping[str, Any], headers: Mapping[str, Any]) -> Judged:
        why = self._status_text(status, words)
        if status in FOR_ONE:
            return Judged(why, again=False, refused=True, adapted=self.dialect.learn(sent, words))
        if status not in TRANSIENT and status < 500:  # no key, no money, no such model, no such address
            raise StatusError(str(self._stop(why)), status)
        asked = retry_after(headers)
        if asked is not None and asked > self.longest_wait:
            raise self._stop(f"{why}, asking to wait {asked:g} s", "wait")
        if asked is not None:
            self.pace.pause(asked)  # for all requests, not only the one that was refused
        return Judged(why, asked=asked)

    def _given_up(self, last: Judged) -> Unanswered:
        """Count a request without an answer. Raises ModelError when too many of them came in a row."""
        if not (last.refused and self.answered):
            self._in_vain += 1
        if self._in_vain >= IN_A_ROW:
            raise self._stop(f"{self._in_vain} requests in a row without an answer, the last: {last.why}")
        return Unanswered(why=last.why, refused=last.refused)

    def _stop(self, found: str, advice: str = "fix it") -> ModelError:
        return ModelError(f"{self.where}: {found}; want answers; {advice} and run again, what was answered is kept")

    def _status_text(self, status: int, words: str) -> str:
        return f"status {status} ({self._shown(words)})"

    def _shown(self, words: str) -> str:
        return self._masked(clean(words))[:SHOWN]

    def _masked(self, text: str) -> str:
        return mask(text, self.secret)


def _spread(key: str, failures: int) -> float:
    """Return a factor from 1 to 1.5 for a pause: requests come back one by one, and alike in every run."""
    return 1 + int(key[failures % len(key)], 16) / 30


@asynccontextmanager
async def connect(endpoint: str, key: str, **settings: Any) -> AsyncIterator[Client]:
    """Open a client for the length of an `async with` block; `settings` are Client's. Raises UsageError without openai."""
    try:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient
    except ModuleNotFoundError as error:
        raise UsageError("openai is not installed; want it: pip install -e '.[teacher]' or '.[endpoint]'") from error
    timeout = settings.get("timeout", Client.timeout)
    http = DefaultAsyncHttpxClient(
        timeout=timeout, headers={"Accept-Encoding": "gzip"}, event_hooks={"response": [bound]}, max_redirects=5
    )
    async with AsyncOpenAI(
        base_url=endpoint, api_key=key or "none", timeout=timeout, max_retries=0, http_client=http
    ) as opened:
        yield Client(openai=opened, secret=key, **settings)


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own where a notebook's loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
