"""One request to an OpenAI-compatible endpoint, with its retries. Needs the extra [teacher].

What may pass (429, 5xx, a broken or stalled connection, half an answer) is tried again, later each time or when
the endpoint says; what concerns one example is reported for it; what concerns all (a wrong key, no money, no such
model) stops the run. The key is read from the environment and stands in no message.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.endpoint.tokens import prompt_tokens, used_tokens

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

FOR_ALL = (401, 402, 403, 404)  # statuses that every request would meet
FOR_ONE = (400, 413, 422)  # about this one example, unless nothing but them comes
IN_A_ROW = 8  # so many without a single answer: then it is not the examples
BACK_OFF = 0.5  # seconds before the first retry, doubled for each further one …
LONGEST_BACK_OFF = 30.0  # … up to so many


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A request that got no answer, and why."""

    why: str


class Judged(NamedTuple):
    """What went wrong, the seconds to wait before another try (None: no other), and whether one example is to blame."""

    why: str
    wait: float | None
    about_one: bool = False


class NoCompletion(Exception):
    """A success whose body is none."""


@dataclass(kw_only=True)
class Client:
    """Asks an endpoint; `openai` is an AsyncOpenAI whose own retries are off. See `connect`."""

    openai: AsyncOpenAI
    pace: RateLimiter
    secret: str = field(default="", repr=False)
    timeout: float = 120.0
    retries: int = 6
    longest_wait: float = 300.0  # seconds; an endpoint that asks for more stops the run
    answered: int = 0
    _in_vain: int = 0  # requests in a row without an answer

    async def answer(self, ask: Ask) -> Reply | Unanswered:
        """Return the reply, after retries if need be. Raises ModelError for what further requests would meet too."""
        tokens = prompt_tokens(ask.messages) + (ask.most_tokens or 0)
        for attempt in range(self.retries + 1):
            await self.pace.turn(tokens)
            try:
                reply = await self._request(ask)
            except Exception as error:
                problem = error  # judged outside, so that what is raised does not carry it: it may quote the key
            else:
                self.pace.settle(tokens, sum(used_tokens(ask, reply)))
                self.answered, self._in_vain = self.answered + 1, 0
                return reply
            self.pace.settle(tokens, 0)
            found = self._judge(ask, problem, attempt)
            if found.wait is None or attempt == self.retries:
                break
            await self.pace.sleep(found.wait)
        if not (found.about_one and self.answered):
            self._in_vain += 1
        if self._in_vain >= IN_A_ROW:
            raise self._stop(f"{self._in_vain} requests in a row without an answer, the last: {found.why}", "fix it")
        return Unanswered(why=self._scrubbed(found.why))

    async def _request(self, ask: Ask) -> Reply:
        async with asyncio.timeout(self.timeout):
            messages: Any = list(ask.messages)
            got: Any = await self.openai.chat.completions.create(
                model=ask.model, messages=messages, extra_body=dict(ask.parameters)
            )
        choices = getattr(got, "choices", None)
        if not choices or choices[0].message is None:
            raise NoCompletion(str(got)[:200])
        message, used = choices[0].message, got.usage
        return Reply(
            text=self._scrubbed(message.content or ""),
            finish=choices[0].finish_reason or "",
            refusal=self._scrubbed(message.refusal or ""),
            prompt_tokens=used.prompt_tokens if used else None,
            completion_tokens=used.completion_tokens if used else None,
            served_by=self._scrubbed(got.model or ""),
            answered=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _judge(self, ask: Ask, error: Exception, attempt: int) -> Judged:
        """Why there is no answer and what to do about it; raises what is not the endpoint's fault."""
        import openai

        spread = 1 + int(ask.key[attempt : attempt + 2], 16) / 512  # not all at once, and the same in every run
        back_off = min(BACK_OFF * 2**attempt, LONGEST_BACK_OFF) * spread
        if isinstance(error, openai.APIStatusError):
            return self._judge_status(error, back_off)
        if isinstance(error, (TimeoutError, openai.APITimeoutError)):
            return Judged(f"no answer within {self.timeout:g} s", back_off)
        if isinstance(error, openai.APIConnectionError):
            return Judged(f"no connection ({error.__cause__ or error})", back_off)
        if isinstance(error, (NoCompletion, JSONDecodeError, openai.APIError)):
            return Judged(f"an answer that is no chat completion ({error})", back_off)
        raise error

    def _judge_status(self, error: APIStatusError, back_off: float) -> Judged:
        named = error.body.get("message") if isinstance(error.body, dict) else None  # self-hosted servers say `detail`
        status, said = error.status_code, str(named or error.response.text)
        why = f"status {status} ({' '.join(said.split())[:300]})"
        if status in FOR_ALL or error.code == "insufficient_quota":
            raise self._stop(why, "fix it")
        if status in FOR_ONE:
            return Judged(why, None, about_one=True)
        asked = retry_after(error)
        if asked is None:
            return Judged(why, back_off)
        if asked > self.longest_wait:
            raise self._stop(f"{why}, asking to wait {asked:g} s", "wait")
        self.pace.pause(asked)  # for all requests, not only the one that was told
        return Judged(why, asked)

    def _stop(self, found: str, advice: str) -> ModelError:
        where = self.openai.base_url.netloc.decode()
        kept = "what was answered is kept"
        return ModelError(self._scrubbed(f"{where}: {found}; want answers; {advice} and run again, {kept}"))

    def _scrubbed(self, text: str) -> str:
        return text.replace(self.secret, "[key]") if self.secret else text


@asynccontextmanager
async def connect(endpoint: str, key: str, **settings: Any) -> AsyncIterator[Client]:
    """Open a client for the length of an `async with` block; `settings` are Client's. Raises UsageError without openai."""
    try:
        from openai import AsyncOpenAI
    except ModuleNotFoundError as error:
        raise UsageError("annotate: openai is not installed; want it: pip install -e '.[teacher]'") from error
    timeout = settings.get("timeout", Client.timeout)
    async with AsyncOpenAI(base_url=endpoint, api_key=key or "none", timeout=timeout, max_retries=0) as opened:
        yield Client(openai=opened, secret=key, **settings)


def read_key(endpoint: str, variable: str) -> str:
    """Return the key from the environment; '' for a server on this machine, which needs none.

    Raises UsageError when there is none, saying how to get one.
    """
    key = os.environ.get(variable, "").strip()
    host = urlsplit(endpoint).hostname or ""
    if not key and not _is_here(host):
        raise UsageError(
            f"{variable}: not set; want the key that {host} gives its users; set it, name another variable with "
            "--key-variable, or serve a model yourself (`transformers serve`, vLLM, llama.cpp) and give its "
            "address as --endpoint; until then the extractive references serve"
        )
    return key


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def retry_after(error: APIStatusError) -> float | None:
    """Seconds that an endpoint asks to wait, from `retry-after-ms` or `Retry-After` (seconds or a date)."""
    from email.utils import parsedate_to_datetime

    headers = error.response.headers
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    try:
        then = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
