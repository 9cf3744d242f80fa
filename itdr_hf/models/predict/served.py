"""Answers from any OpenAI-compatible server: vLLM, transformers serve, llama.cpp, or a hosted one.

Needs the extra [endpoint]. Requests run concurrently through the client that `annotate` uses too. A prompt the server
refuses (too long, say) is kept as a refused answer once another one of its config was answered: then it is the prompt.
An error that all prompts would meet stops the run after the requests under way are kept.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from itdr_hf.models.endpoint.client import Client, Unanswered, connect, run_to_end
from itdr_hf.models.endpoint.keys import KEY_VARIABLE, given_key
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.parameters import merge_parameters
from itdr_hf.models.endpoint.request import Ask, checked_endpoint
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question, most_tokens
from itdr_hf.models.predict.run import Shortfall
from itdr_hf.prompts import asked_messages, asked_text

Answerer = Callable[[Question], Awaitable[Completion | Unanswered]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model behind a server; `plain` asks for a completion of the prompt in place of a chat turn.

    `parameters` are sent as they are; None leaves out one that is sent otherwise. Raises UsageError for an address
    or a parameter that does not fit.
    """

    url: str
    model: str
    concurrency: int = 16
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0
    plain: bool = False
    timeout: float = 600.0
    retries: int = 6
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_endpoint(self.url, secrets=True)
        self.decoding(1)

    @property
    def run(self) -> Run:
        """Who answers; of the address only the host, since some carry a password."""
        settings = {"at": urlsplit(self.url).hostname or "", "form": "plain" if self.plain else "chat"}
        decoding = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
        more = {"parameters": dict(self.parameters)} if self.parameters else {}
        return Run(model=self.model, revision="", settings=settings | decoding | more)

    def answer(self, questions: Sequence[Question], keep: Keep) -> Shortfall:
        """Ask all; `keep` gets each answer as it comes. Raises ModelError when the server cannot go on."""
        return self.answer_by(self._answerer, questions, keep)

    def answer_by(
        self, begin: Callable[[Client], Awaitable[Answerer]], questions: Sequence[Question], keep: Keep
    ) -> Shortfall:
        """Answer all by what `begin` returns for an open client, several at a time. Raises ModelError as `answer`."""
        return run_to_end(self._answer_all(begin, questions, keep))

    async def _answer_all(
        self, begin: Callable[[Client], Awaitable[Answerer]], questions: Sequence[Question], keep: Keep
    ) -> Shortfall:
        url = checked_endpoint(self.url, secrets=True)
        settings = {"pace": RateLimiter(), "timeout": self.timeout, "retries": self.retries}
        async with connect(url, given_key(KEY_VARIABLE), **settings) as client:
            asking = Asking(answerer=await begin(client), left=iter(questions), keep=keep)
            await asyncio.gather(*(asking.work() for _ in range(min(self.concurrency, len(questions)))))
        if asking.failure is not None:
            raise asking.failure
        return Shortfall(
            unanswered=asking.unanswered,
            refused={question.id: why for waiting in asking.waiting.values() for question, why in waiting},
            reasons=asking.refused,
            adapted=client.dialect.changes,
            where=client.where,
        )

    async def _answerer(self, client: Client) -> Answerer:
        async def answer(question: Question) -> Completion | Unanswered:
            got = await client.answer(self.ask(question))
            if isinstance(got, Unanswered):
                return got
            return Completion(got.text, got.finish or "stop", got.prompt_tokens, got.completion_tokens)

        return answer

    def ask(self, question: Question) -> Ask:
        """Return the request for a question."""
        return Ask(
            endpoint=self.url,
            model=self.model,
            messages=() if self.plain else tuple(asked_messages(question)),
            prompt=asked_text(question) if self.plain else "",
            parameters=self.decoding(most_tokens(question.subtask, self.max_tokens)),
        )

    def decoding(self, length: int) -> dict[str, Any]:
        """Return the parameters of a request for an answer of at most this many tokens. Raises UsageError."""
        usual = {"max_tokens": length, "temperature": self.temperature, "seed": self.seed}
        return merge_parameters(usual, self.parameters)


@dataclass(kw_only=True)
class Asking:
    """One run under way: workers that take questions from one queue until it is empty or something fails."""

    answerer: Answerer
    left: Iterator[Question]
    keep: Keep
    unanswered: dict[str, str] = field(default_factory=dict)  # id -> why
    refused: dict[str, str] = field(default_factory=dict)  # id -> why; kept
    waiting: dict[str, list[tuple[Question, str]]] = field(default_factory=lambda: defaultdict(list))
    failure: Exception | None = None
    _answered: set[str] = field(default_factory=set)  # configs

    async def work(self) -> None:
        """Ask one question after the other; a failure lets the other workers finish theirs, then all stop."""
        while self.failure is None and (question := next(self.left, None)) is not None:
            try:
                await self._see_to(question)
            except Exception as error:
                self.failure = self.failure or error

    async def _see_to(self, question: Question) -> None:
        got = await self.answerer(question)
        if not isinstance(got, Unanswered):
            self._answered.add(question.config)
            self.keep(question, got)
        elif got.refused:
            self.waiting[question.config].append((question, got.why))
        else:
            self.unanswered[question.id] = got.why
        if question.config in self._answered:
            self._keep_refused(question.config)

    def _keep_refused(self, config: str) -> None:
        """Keep the refusals of a config that has an answer: the server takes its requests, so it is the prompts."""
        for question, why in self.waiting.pop(config, []):
            self.refused[question.id] = why
            self.keep(question, Completion("", "refused"))
