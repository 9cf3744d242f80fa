"""Answers from any OpenAI-compatible server: vLLM, transformers serve, llama.cpp, or a hosted one.

Needs the extra [endpoint]. Requests run concurrently; the client retries what may pass (429, 5xx, a broken
connection) as the server asks. A prompt the server refuses (too long, say) is kept as a refused answer; an
error that all prompts would meet stops the run after the requests under way are kept.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question, most_tokens
from itdr_hf.prompts import asked_messages, asked_text

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY = "OPENAI_API_KEY"  # where the key is read from; self-hosted servers want none
REFUSED = (400, 413, 422)  # about this one prompt
REFUSALS_IN_A_ROW = 8  # from the start, without an answer: then it is not the prompts


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model behind a server; `plain` asks for a completion of the prompt in place of a chat turn."""

    url: str
    model: str
    concurrency: int = 16
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int = 0
    plain: bool = False
    timeout: float = 600.0
    retries: int = 6

    @property
    def run(self) -> Run:
        """Who answers; of the address only the host, since some carry a password."""
        settings = {"at": urlsplit(self.url).hostname or "", "form": "plain" if self.plain else "chat"}
        decoding = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
        return Run(model=self.model, revision="", settings=settings | decoding)

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Ask all; `keep` gets each answer as it comes. Raises ModelError when the server cannot go on."""
        asyncio.run(self._answer_all(questions, keep))

    async def _answer_all(self, questions: Sequence[Question], keep: Keep) -> None:
        async with self._client() as client:
            asking = Asking(endpoint=self, client=client, left=iter(questions), keep=keep)
            await asyncio.gather(*(asking.work() for _ in range(min(self.concurrency, len(questions)))))
        if asking.failure is not None:
            raise asking.failure

    def _client(self) -> AsyncOpenAI:
        try:
            from openai import AsyncOpenAI
        except ModuleNotFoundError as error:
            raise UsageError("endpoint: openai is not installed; want it: pip install -e '.[endpoint]'") from error
        key = os.environ.get(KEY) or "none"
        return AsyncOpenAI(base_url=self.url, api_key=key, timeout=self.timeout, max_retries=self.retries)


@dataclass(kw_only=True)
class Asking:
    """One run under way: workers that take questions from one queue until it is empty or something fails."""

    endpoint: Endpoint
    client: AsyncOpenAI
    left: Iterator[Question]
    keep: Keep
    answered: int = 0
    refused: int = 0
    failure: Exception | None = None

    async def work(self) -> None:
        """Ask one question after the other; a failure lets the other workers finish theirs, then all stop."""
        while self.failure is None and (question := next(self.left, None)) is not None:
            try:
                self.keep(question, await self._ask(question))
            except Exception as error:
                self.failure = self.failure or error

    async def _ask(self, question: Question) -> Completion:
        import openai

        try:
            reply = await self._request(question)
        except openai.APIStatusError as error:
            if error.status_code not in REFUSED:
                raise self._named(question, error) from error
            self.refused += 1
            if not self.answered and self.refused >= REFUSALS_IN_A_ROW:
                raise self._named(question, error) from error
            return Completion("", "refused")
        except openai.OpenAIError as error:
            raise self._named(question, error) from error
        self.answered += 1
        return reply

    async def _request(self, question: Question) -> Completion:
        asked = self.endpoint
        options: dict[str, Any] = {
            "model": asked.model,
            "max_tokens": most_tokens(question.subtask, asked.max_tokens),
            "temperature": asked.temperature,
            "seed": asked.seed,
        }
        reply: Any
        if asked.plain:
            reply = await self.client.completions.create(prompt=asked_text(question), **options)
        else:
            turns: Any = asked_messages(question)
            reply = await self.client.chat.completions.create(messages=turns, **options)
        if not reply.choices:
            raise ModelError(f"{question.id}: the server answered without a choice; want one; look at its log")
        choice = reply.choices[0]
        text = choice.text if asked.plain else choice.message.content
        used = reply.usage
        counts = (used.prompt_tokens, used.completion_tokens) if used else (None, None)
        return Completion(text or "", choice.finish_reason or "stop", *counts)

    def _named(self, question: Question, error: Exception) -> ModelError:
        said = " ".join(str(error).split())[:300].replace(os.environ.get(KEY) or "\0", "[key]")
        host = urlsplit(self.endpoint.url).netloc.rpartition("@")[2]
        return ModelError(
            f"{host}: {question.id}: {said}; want an answer of {self.endpoint.model}; "
            "what was answered is kept: fix it and run again"
        )
