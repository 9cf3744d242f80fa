"""Predictions through request files: what came back is kept, what is neither answered nor under way is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from itdr_hf.models.endpoint.batch import BatchFolder, Failed, opened_batches
from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.endpoint.tokens import asked_tokens
from itdr_hf.models.predict.predictions import Completion, Keeper, open_predictions
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.predict.run import is_answered
from itdr_hf.models.predict.served import Endpoint


@dataclass(frozen=True, kw_only=True)
class Round:
    """What became of one look at a folder of request files.

    found: answered before. made: answered now. under_way: questions that an answer may still come to. written: questions
    in new request files, of about `prompt_tokens` and at most `completion_tokens`. failed: why the others had none.
    """

    found: int
    made: int
    under_way: int
    written: int
    files: Sequence[str] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """The questions that have no answer now."""
        return self.under_way + self.written

    def sentence(self, out: Path, folder: Path) -> str:
        """Return what became of it, and what to do next."""
        said = f"{out}: {self.made:,} answers made, {self.found:,} found, {self.under_way:,} under way."
        if self.failed:
            reasons = sorted(set(self.failed.values()))
            said += f" {len(self.failed):,} failed: {reasons[0]}"
            said += f" (and {len(reasons) - 1:,} other reasons)." if len(reasons) > 1 else "."
        if self.written:
            said += (
                f" {self.written:,} questions written to {', '.join(self.files)} in {folder}, about "
                f"{self.prompt_tokens:,} tokens in, at most {self.completion_tokens:,} out."
            )
        return said


def batch_round(
    out: Path, questions: Sequence[Question], system: Endpoint, folder: Path, api: BatchApi | None = None
) -> Round:
    """Keep what came back, write what is left, and with `api` submit it; run it again until nothing is missing.

    Raises UsageError where `out` holds answers of another run, ModelError for what the Batch API says no to.
    """
    with opened_batches(folder) as jobs, open_predictions(out, system.run) as (have, keep):
        if api:
            jobs.submit(api)
            jobs.refresh(api)
        answered = {row.config for row in have.values() if row.finish_reason != "refused"}
        left = [question for question in questions if not is_answered(question, have, answered)]
        asks = [(question, system.ask(question)) for question in left]
        kept, failed = _collect(jobs, asks, keep, answered)
        pending = jobs.pending()
        open_ = [(question, ask) for question, ask in asks if question.id not in kept]
        new = [ask for _, ask in open_ if ask.key not in pending]
        files = jobs.write(new)
        if api:
            jobs.submit(api)
    return Round(
        found=len(questions) - len(left),
        made=len(kept),
        under_way=len(open_) - len(new),
        written=len(new),
        files=[file.name for file in files],
        prompt_tokens=sum(map(asked_tokens, new)),
        completion_tokens=sum(ask.most_tokens or 0 for ask in new),
        failed=failed,
    )


def _collect(
    jobs: BatchFolder, asks: Sequence[tuple[Question, Ask]], keep: Keeper, answered: set[str]
) -> tuple[set[str], dict[str, str]]:
    """Keep the answers that came back; return the ids of their questions, and why others have none.

    A refusal is kept where another question of its config was answered: then it is the prompt.
    """
    waiting: dict[str, list[Question]] = {}
    for question, ask in asks:
        waiting.setdefault(ask.key, []).append(question)
    kept: set[str] = set()
    refused: list[tuple[Question, str]] = []
    failed: dict[str, str] = {}
    seen: set[str] = set()
    for key, got in jobs.results():
        seen.add(key)
        for question in waiting.get(key, ()):
            if question.id in kept:
                continue
            if isinstance(got, Reply):
                keep(question, Completion(got.text, got.finish or "stop", got.prompt_tokens, got.completion_tokens))
                kept.add(question.id)
                answered.add(question.config)
                failed.pop(question.id, None)
            else:
                failed[question.id] = got.why
                refused += [(question, got.why)] if _said_no(got) else []
    for question, _ in refused:
        if question.config in answered and question.id not in kept:
            keep(question, Completion("", "refused"))
            kept.add(question.id)
    jobs.settle(seen)
    return kept, failed


def _said_no(got: Reply | Failed) -> bool:
    return isinstance(got, Failed) and got.refused
