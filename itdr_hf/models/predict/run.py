"""One prediction run: what is not answered yet is asked, and every answer is kept as it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.predict.predictions import Completion, Keep, Keeper, Prediction, Run, open_predictions
from itdr_hf.models.predict.questions import Question
from itdr_hf.runtime.progress import OnProgress, Progress, ignore


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """What a system did not answer, by question id and with the reason, and how it was asked otherwise than meant."""

    unanswered: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)  # not kept: no other question of the config was answered
    reasons: Mapping[str, str] = field(default_factory=dict)  # of the refusals that were kept
    adapted: str = ""
    where: str = ""  # host and port of a server


class System(Protocol):
    """Whatever answers: a local model, an endpoint, a baseline."""

    @property
    def run(self) -> Run: ...

    def answer(self, questions: Sequence[Question], keep: Keep) -> Shortfall | None:
        """Answer questions in any order, each kept as soon as it is answered; return what was not, if anything."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of a run's questions.

    found: answered before. made: answered now, of which refused (a refusal that was kept), empty (nothing but blanks)
    and cut (at the token limit). not_taken: not for this system. missing: the questions that have no answer now, with
    the reason.
    """

    found: int
    made: int
    refused: int
    empty: int
    cut: int
    not_taken: int
    missing: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    adapted: str = ""
    damaged: int = 0

    def sentence(self, out: Path, folder: Path) -> str:
        """Return what became of it, and what to do next."""
        parts = [f"{self.made:,} answers made"] + ([f"{self.found:,} found"] if self.found else [])
        parts += [f"{self.refused:,} refused ({_usual(self.reasons) or 'too long?'})"] if self.refused else []
        parts += [f"{self.not_taken:,} questions it has no answer for"] if self.not_taken else []
        parts += [f"{self.damaged:,} damaged lines of its journal dropped"] if self.damaged else []
        said = f"{out}: {', '.join(parts)}."
        said += f" The server does not take all settings: {self.adapted}." if self.adapted else ""
        if self.missing:
            return f"{said} {len(self.missing):,} not answered: {_usual(self.missing)}. Run it again to ask for them."
        return f"{said} To score: itdr score {out} {folder}"

    def warning(self) -> str:
        """Return what to look at before scoring: the shares of empty and of cut answers; '' where there are none."""
        lost = {"are empty": self.empty, "were cut at the token limit": self.cut}
        shares = [f"{count / self.made:.0%} {what}" for what, count in lost.items() if count]
        wanted = "want answers that can be read; raise --max-tokens, or look at a few"
        return f"of the answers {' and '.join(shares)}; {wanted}" if shares else ""


def predict_into(path: Path, questions: Sequence[Question], system: System, progress: OnProgress = ignore) -> Made:
    """Answer the questions that the file has no answer for.

    Raises UsageError when the file is another system's or none of the questions is for this one, ModelError
    when the system cannot go on or has answered nothing; what was answered is kept.
    """
    takes = getattr(system, "takes", lambda subtask: True)
    taken = [question for question in questions if takes(question.subtask)]
    if not taken:
        raise UsageError(f"{system.run.model}: no answer for any of these questions; want other configs; see --help")
    with open_predictions(path, system.run) as (have, keep):
        answered = {row.config for row in have.values() if row.finish_reason != "refused"}
        left = [question for question in taken if not is_answered(question, have, answered)]
        short, counted = _ask(system, left, keep, progress, answered) if left else (Shortfall(), Counter[str]())
    missing = {**short.unanswered, **short.refused}
    if left and len(missing) == len(left):
        raise _none_answered(system, short.where, missing)
    return Made(
        found=len(taken) - len(left),
        made=len(left) - len(missing),
        refused=counted["refused"],
        empty=counted["empty"],
        cut=counted["cut"],
        not_taken=len(questions) - len(taken),
        missing=missing,
        reasons=short.reasons,
        adapted=short.adapted,
        damaged=keep.damaged,
    )


def _ask(
    system: System, left: Sequence[Question], keep: Keeper, progress: OnProgress, answered: set[str]
) -> tuple[Shortfall, Counter[str]]:
    """Ask what is left; return what was not answered, and how many kept answers are refused, empty and cut.

    `answered` are the configs of which an earlier run has an answer: what is refused there is the prompt's fault.
    """
    counted: Counter[str] = Counter()
    done = 0
    progress(Progress("answers", 0, len(left)))

    def kept(question: Question, completion: Completion) -> None:
        nonlocal done
        counted.update(_shortcomings(completion))
        keep(question, completion)
        done += 1
        progress(Progress("answers", done, len(left)))

    short = system.answer(left, kept) or Shortfall()
    known = [question for question in left if question.id in short.refused and question.config in answered]
    for question in known:
        kept(question, Completion("", "refused"))
    keep.note(short.adapted)
    still = {i: why for i, why in short.refused.items() if i not in {question.id for question in known}}
    return replace(short, refused=still, reasons={**short.refused, **short.reasons}), counted


def _shortcomings(completion: Completion) -> Iterator[str]:
    """Give what there is to say about an answer that will hardly be read."""
    if completion.finish_reason == "refused":
        yield "refused"
    elif not completion.text.strip():
        yield "empty"
    if completion.finish_reason == "length":
        yield "cut"


def is_answered(question: Question, have: Mapping[str, Prediction], answered: set[str]) -> bool:
    """Whether the file has the answer; a refusal is none where its config was never answered: it was not the prompt."""
    row = have.get(question.id)
    if row is None or row.prompt_hash != question.prompt_hash:
        return False
    return row.finish_reason != "refused" or question.config in answered


def _none_answered(system: System, where: str, missing: Mapping[str, str]) -> ModelError:
    return ModelError(
        f"{where or system.run.model}: none of {len(missing):,} questions answered: {_usual(missing)}; "
        f"want answers of {system.run.model}; fix it and run again, what was answered is kept"
    )


def _usual(reasons: Mapping[str, str]) -> str:
    """Return the most frequent reason, and how many others there are."""
    counted = Counter(reasons.values()).most_common()
    more = f" (and {len(counted) - 1:,} other reasons)" if len(counted) > 1 else ""
    return f"{counted[0][0]}{more}" if counted else ""
