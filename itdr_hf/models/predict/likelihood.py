"""Rank candidates by how likely a model finds each as the answer: nothing is generated, so nothing fails to be read.

The prompt is computed once. A causal model keeps its cache and repeats it for all candidates, which then go through in
one batch; an encoder–decoder model encodes once and decodes all candidates against that. The score of a candidate is
the sum of its tokens' log-probabilities with that of the end token, so that a title which begins another one does not
take its share; or their mean, which does not favour short titles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any, Literal

from itdr_hf.catalogue import current
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.pretrained import extra
from itdr_hf.prompts import token_ids
from itdr_hf.tasks.answers import GROUP, listed, numbered

Normalise = Literal["sum", "mean"]
NORMALISE: tuple[Normalise, ...] = ("sum", "mean")


class Likelihood:
    """A system that ranks candidates with a model already loaded; its run differs from that of the model's answers."""

    def __init__(self, model: Any, tokenizer: Any, run: Run, *, normalise: Normalise = "sum") -> None:
        if normalise not in NORMALISE:
            raise UsageError(f"normalise={normalise!r}; want one of {', '.join(NORMALISE)}; change it")
        self.model, self.tokenizer, self.normalise = model, tokenizer, normalise
        self.run = replace(run, settings={**run.settings, "by": "likelihood", "normalise": normalise})
        self.encodes = bool(getattr(model.config, "is_encoder_decoder", False))
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        takes = signature(base.forward).parameters
        self.last = (
            {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        )  # of a prompt: its other logits cost a fifth

    def takes(self, task: str) -> bool:
        """Tell whether it answers a task: one whose answers are among the candidates."""
        return has_candidates(task)

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Rank the candidates of every question; one without candidates is refused."""
        room = self._room()
        for question in questions:
            prompt = token_ids(self.tokenizer, offering(question, question.candidates[:GROUP]))
            if not question.candidates or len(prompt) > room:
                keep(question, Completion("", "refused", len(prompt), 0))
                continue
            answer = best_answer(question, partial(self._compared, question))
            keep(question, Completion(answer, "stop", len(prompt), 0))

    def _compared(self, question: Question, titles: Sequence[str]) -> list[float]:
        """Return the scores of a group of candidates, which the prompt offers alone."""
        return self.scores(token_ids(self.tokenizer, offering(question, titles)), titles)

    def scores(self, prompt: Sequence[int], titles: Sequence[str]) -> list[float]:
        """Return the score of each title as the answer to a prompt (token ids): the higher, the likelier."""
        torch = extra("torch")
        answers = [self._tokens(title) for title in titles]
        with torch.inference_mode():
            logits = (self._decoded if self.encodes else self._continued)(list(prompt), answers)
            return self._summed(logits, answers)

    def _tokens(self, title: str) -> list[int]:
        """Return the tokens of an answer, with the end token. Raises UsageError for a tokenizer without one."""
        end = self.tokenizer.eos_token_id
        if end is None:
            raise UsageError(f"{self.run.model}: its tokenizer has no end token; want one; use another model")
        ids = list(self.tokenizer(title, add_special_tokens=False)["input_ids"])
        return [*ids, end]

    def _continued(self, prompt: list[int], answers: Sequence[list[int]]) -> Any:
        """Return the logits (answers × tokens × vocabulary) of a causal model: the prompt once, then all answers on its cache."""
        torch = extra("torch")
        device = self.model.device
        first = self.model(torch.tensor([prompt], device=device), use_cache=True, **self.last)
        cache, last = first.past_key_values, first.logits[:, -1:, :]
        cache.batch_repeat_interleave(len(answers))
        inputs = _padded([answer[:-1] for answer in answers], 0, device)
        start = last.expand(len(answers), -1, -1)
        if not inputs.shape[1]:
            return start
        mask = torch.ones(len(answers), len(prompt) + inputs.shape[1], dtype=torch.long, device=device)
        rest = self.model(inputs, past_key_values=cache, attention_mask=mask).logits
        return torch.cat([start, rest], dim=1)

    def _decoded(self, prompt: list[int], answers: Sequence[list[int]]) -> Any:
        """Return the logits of an encoder–decoder model: the prompt encoded once, the answers decoded against it."""
        torch = extra("torch")
        device = self.model.device
        ids = torch.tensor([prompt], device=device)
        hidden = self.model.get_encoder()(ids, return_dict=True).last_hidden_state
        outputs = (hidden.expand(len(answers), -1, -1),)
        mask = torch.ones(len(answers), len(prompt), dtype=torch.long, device=device)
        labels = _padded(answers, -100, device)
        return self.model(encoder_outputs=outputs, attention_mask=mask, labels=labels).logits

    def _summed(self, logits: Any, answers: Sequence[list[int]]) -> list[float]:
        torch = extra("torch")
        tokens = _padded(answers, 0, logits.device)
        logs = torch.log_softmax(logits.float(), dim=-1).gather(-1, tokens[:, :, None]).squeeze(-1)
        lengths = torch.tensor([len(answer) for answer in answers], device=logits.device)
        real = torch.arange(tokens.shape[1], device=logits.device)[None, :] < lengths[:, None]
        total = (logs * real).sum(dim=1)
        return (total / lengths if self.normalise == "mean" else total).tolist()  # type: ignore[no-any-return]

    def _room(self) -> int:
        positions = getattr(self.model.config, "max_position_embeddings", None)
        return int(positions) if positions and not self.encodes else 1 << 30


def has_candidates(task: str) -> bool:
    """Tell whether the answers of a task are among its candidates, so that they can be ranked by likelihood."""
    return current().task(task).answer in ("ranking", "choice")


def offering(question: Question, titles: Sequence[str]) -> Question:
    """Return a question that offers a group of its candidates in place of all, where there are more than a group."""
    everything = listed(question.candidates)
    if len(question.candidates) <= GROUP or everything not in question.input:
        return question
    return replace(question, input=question.input.replace(everything, listed(titles)))


def best_answer(question: Question, scores: Callable[[Sequence[str]], Sequence[float]]) -> str:
    """Return the candidates of a question, the likeliest first, in the form of its task: a list, or the first alone."""
    ranked = tournament(question.candidates, scores)
    return ranked[0] if current().task(question.subtask).answer == "choice" else numbered(ranked)


def tournament(titles: Sequence[str], scores: Callable[[Sequence[str]], Sequence[float]]) -> list[str]:
    """Rank titles by `scores(titles)`; of more than GROUP, group by group, and the winners again in a final.

    Equals go by title, never by their place. Behind the final come all others by the score in their group.
    """
    groups = [list(titles[start : start + GROUP]) for start in range(0, len(titles), GROUP)]
    ranked = [_ranked(group, scores(group)) for group in groups]
    if len(ranked) == 1:
        return [title for _, title in ranked[0]]
    final = tournament([group[0][1] for group in ranked], scores)
    rest = sorted(pair for group in ranked for pair in group[1:])
    return [*final, *(title for _, title in rest)]


def _ranked(titles: Sequence[str], scored: Sequence[float]) -> list[tuple[float, str]]:
    """Return pairs of negative score and title, the best first; equals by title."""
    return sorted((-score, title) for score, title in zip(scored, titles, strict=True))


def _padded(rows: Sequence[Sequence[int]], fill: int, device: Any) -> Any:
    torch = extra("torch")
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows], dtype=torch.long, device=device)


def brute_force(system: Likelihood, prompt: Sequence[int], titles: Sequence[str]) -> Iterator[float]:
    """Yield the same scores by one pass for every title, nothing shared: what `scores` is checked against."""
    torch = extra("torch")
    for title in titles:
        answer = system._tokens(title)
        with torch.inference_mode():
            if system.encodes:
                inputs = torch.tensor([list(prompt)])
                logits = system.model(input_ids=inputs, labels=torch.tensor([answer])).logits
            else:
                whole = torch.tensor([[*prompt, *answer[:-1]]])
                logits = system.model(whole).logits[:, len(prompt) - 1 :, :]
            yield system._summed(logits, [answer])[0]
