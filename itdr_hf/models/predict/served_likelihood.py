"""Rank candidates by their likelihood with a model behind a server that gives the probabilities of a prompt's tokens.

There are two ways to get them, both of the plain completions: `echo` with `logprobs`, as OpenAI defined it, and vLLM's
`prompt_logprobs`. A short request finds out which one a server has. Each candidate is then one request, the prompt with
the candidate behind it, and its score is that of its tokens: those that the prompt alone does not have. A request is
text, so a line break stands for the end token of a local model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint.client import Client, StatusError, Unanswered
from itdr_hf.models.endpoint.logprobs import TokenScore
from itdr_hf.models.endpoint.parameters import Dialect
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.predict.likelihood import NORMALISE, Normalise, best_answer, has_candidates, offering
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.predict.run import Shortfall
from itdr_hf.models.predict.served import Answerer, Endpoint
from itdr_hf.prompts import asked_text

END = "\n"  # behind a candidate, so that a title which begins another one does not take its share
TRIED = "One, two, three, four, five, six, seven.\n"  # the text of the first request
FEWEST = 5  # tokens that any tokenizer makes of it
ABSENT = (404, 405)  # statuses of an address that a server does not have


class Way(NamedTuple):
    """Parameters that ask for the probabilities of a prompt; `echoes`: the reply repeats it, then what it generates."""

    parameters: Mapping[str, Any]
    echoes: bool


WAYS = (
    Way({"max_tokens": 0, "echo": True, "logprobs": 1}, True),
    Way({"max_tokens": 1, "echo": True, "logprobs": 1}, True),  # of a server that wants to generate something
    Way({"max_tokens": 1, "prompt_logprobs": 0}, False),
)


@dataclass(frozen=True, kw_only=True)
class ServedLikelihood:
    """A system that ranks candidates with a server's model; its run differs from that of the model's answers."""

    endpoint: Endpoint
    normalise: Normalise = "sum"

    def __post_init__(self) -> None:
        if self.normalise not in NORMALISE:
            raise UsageError(f"normalise={self.normalise!r}; want one of {', '.join(NORMALISE)}; change it")

    @property
    def run(self) -> Run:
        """Who ranks; nothing is generated, so there are no settings of decoding."""
        run = self.endpoint.run
        kept = {name: value for name, value in run.settings.items() if name in ("at", "parameters")}
        return Run(
            model=run.model,
            revision=run.revision,
            settings={**kept, "form": "plain", "by": "likelihood", "normalise": self.normalise, "end": END},
        )

    def takes(self, task: str) -> bool:
        """Tell whether it answers a task: one whose answers are among the candidates."""
        return has_candidates(task)

    def answer(self, questions: Sequence[Question], keep: Keep) -> Shortfall:
        """Rank the candidates of every question. Raises ModelError for a server that gives no probabilities."""
        return self.endpoint.answer_by(self._answerer, questions, keep)

    async def _answerer(self, client: Client) -> Answerer:
        way = await self._found_way(client)

        async def answer(question: Question) -> Completion | Unanswered:
            return await self._rank(client, way, question)

        return answer

    async def _found_way(self, client: Client) -> Way:
        """Return the way that the server has to give the probabilities of a prompt. Raises ModelError if it has none."""
        reasons = []
        for way in WAYS:
            client.dialect = Dialect()  # what it said of another way does not count for this one
            try:
                got = await client.answer(self._ask(way, TRIED))
            except StatusError as error:
                if error.status not in ABSENT:
                    raise
                reasons.append(f"status {error.status} of its completions")
                break
            if isinstance(got, Unanswered):
                reasons.append(got.why)
            elif (not way.echoes or got.text.startswith(TRIED)) and len(_of_prompt(got, way)) >= FEWEST:
                return way
            else:
                reasons.append("a reply without them")
        raise ModelError(
            f"{client.where}: no log-probabilities of a prompt's tokens ({'; '.join(dict.fromkeys(reasons))}); want "
            "completions with `echo` and `logprobs`, or vLLM's `prompt_logprobs`; choose --by generation, or --model"
        )

    async def _rank(self, client: Client, way: Way, question: Question) -> Completion | Unanswered:
        if not question.candidates:
            return Completion("", "refused")
        groups: dict[tuple[str, ...], list[float]] = {}
        tokens = None
        while True:  # each turn scores the first group that is not scored yet, the final in the end
            try:
                return Completion(best_answer(question, lambda titles: groups[tuple(titles)]), "stop", tokens, 0)
            except KeyError as missing:
                titles = missing.args[0]
            got = await self._scores(client, way, asked_text(offering(question, titles)), titles)
            if isinstance(got, Unanswered):
                return got
            groups[titles], tokens = got

    async def _scores(
        self, client: Client, way: Way, prompt: str, titles: Sequence[str]
    ) -> tuple[list[float], int | None] | Unanswered:
        """Return the score of each title as the answer to a prompt, and the prompt's tokens."""
        alone = await client.answer(self._ask(way, prompt))
        if isinstance(alone, Unanswered):
            return alone
        scores = []
        for title in titles:
            got = await client.answer(self._ask(way, prompt + title + END))
            if isinstance(got, Unanswered):
                return got
            own = _own(_of_prompt(alone, way), _of_prompt(got, way))
            if own is None:
                return Unanswered(why="a reply without the log-probabilities of its prompt")
            scores.append(sum(own) / (len(own) if self.normalise == "mean" else 1))
        return scores, alone.prompt_tokens

    def _ask(self, way: Way, text: str) -> Ask:
        parameters = {**way.parameters, **{k: v for k, v in self.endpoint.parameters.items() if v is not None}}
        return Ask(
            endpoint=self.endpoint.url, model=self.endpoint.model, messages=(), prompt=text, parameters=parameters
        )


def _of_prompt(reply: Reply, way: Way) -> tuple[TokenScore, ...]:
    """Return the scored tokens of what was asked, without what was generated."""
    if not way.echoes:
        return reply.prompt_scores
    made = way.parameters["max_tokens"] if reply.completion_tokens is None else reply.completion_tokens
    return reply.scores[: len(reply.scores) - made]


def _own(alone: Sequence[TokenScore], scored: Sequence[TokenScore]) -> list[float] | None:
    """Return the log-probabilities of the tokens behind those that the prompt alone has; None when there are none."""
    pairs = zip(alone, scored, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0].token == pair[1].token, pairs))
    own = [one.logprob for one in scored[shared:] if one.logprob is not None]
    return own if shared and own else None
