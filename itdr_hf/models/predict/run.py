"""One prediction run: what is not answered yet is asked, and every answer is kept as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Completion, Keep, Run, open_predictions
from itdr_hf.models.predict.questions import Question
from itdr_hf.runtime.progress import OnProgress, Progress, ignore


class System(Protocol):
    """Whatever answers: a local model, an endpoint, a baseline."""

    @property
    def run(self) -> Run: ...

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer questions in any order, each kept as soon as it is answered."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of a run's questions.

    found: answered before. made: answered now, of which refused, empty (nothing but blanks) and cut (at the token
    limit). not_taken: not for this system.
    """

    found: int
    made: int
    refused: int
    empty: int
    cut: int
    not_taken: int

    def sentence(self, out: Path, folder: Path) -> str:
        """Return what became of it, and what to do next."""
        parts = [f"{self.made:,} answers made"] + ([f"{self.found:,} found"] if self.found else [])
        parts += [f"{self.refused:,} refused (too long?)"] if self.refused else []
        parts += [f"{self.not_taken:,} questions it has no answer for"] if self.not_taken else []
        return f"{out}: {', '.join(parts)}. To score: itdr score {out} {folder}"

    def warning(self) -> str:
        """Return what to look at before scoring: the shares of empty and of cut answers; '' where there are none."""
        lost = {"are empty": self.empty, "were cut at the token limit": self.cut}
        shares = [f"{count / self.made:.0%} {what}" for what, count in lost.items() if count]
        wanted = "want answers that can be read; raise --max-tokens, or look at a few"
        return f"of the answers {' and '.join(shares)}; {wanted}" if shares else ""


def predict_into(path: Path, questions: Sequence[Question], system: System, progress: OnProgress = ignore) -> Made:
    """Answer the questions that the file has no answer for.

    Raises UsageError when the file is another system's or none of the questions is for this one, ModelError
    when the system cannot go on; what was answered is kept.
    """
    takes = getattr(system, "takes", lambda subtask: True)
    taken = [question for question in questions if takes(question.subtask)]
    if not taken:
        raise UsageError(f"{system.run.model}: no answer for any of these questions; want other configs; see --help")
    refused = empty = cut = made = 0
    with open_predictions(path, system.run) as (have, keep):
        left = [q for q in taken if q.id not in have or have[q.id].prompt_hash != q.prompt_hash]
        if left:
            progress(Progress("answers", 0, len(left)))

            def kept(question: Question, answered: Completion) -> None:
                nonlocal refused, empty, cut, made
                refused += answered.finish_reason == "refused"
                empty += answered.finish_reason != "refused" and not answered.text.strip()
                cut += answered.finish_reason == "length"
                keep(question, answered)
                made += 1
                progress(Progress("answers", made, len(left)))

            system.answer(left, kept)
    return Made(
        found=len(taken) - len(left),
        made=len(left),
        refused=refused,
        empty=empty,
        cut=cut,
        not_taken=len(questions) - len(taken),
    )
