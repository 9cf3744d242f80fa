"""References through request files: the same requests, the same store, the same acceptance as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.batch import opened_batches
from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.endpoint.tokens import asked_tokens
from itdr_hf.models.teacher.budget import LONGEST, Budget
from itdr_hf.models.teacher.selection import Selection, standing
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """One look at a folder of request files: answers that came in, requests under way and newly written, failures."""

    answers: int
    under_way: int
    written: int
    files: Sequence[str] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # key of the request -> why

    def sentence(self, folder: Path) -> str:
        """Return what became of it."""
        said = f"{self.answers:,} answers came in, {self.under_way:,} requests under way"
        if self.failed:
            said += f", {len(self.failed):,} failed ({next(iter(self.failed.values()))})"
        if self.written:
            said += (
                f"; {self.written:,} written to {', '.join(self.files)} in {folder}, about {self.prompt_tokens:,} "
                f"tokens in, at most {self.completion_tokens:,} out"
            )
        return f"{said}."


def annotate_by_batch(
    selection: Selection, writer: Writer, store: Store, folder: Path, *, budget: Budget, api: BatchApi | None = None
) -> BatchRun:
    """Put into the store what came back, and write the requests that it lacks; with `api` submit them.

    Raises UsageError where the new requests might cost more than the budget allows: nothing is written then.
    """
    with opened_batches(folder) as jobs:
        if api:
            jobs.submit(api)
            jobs.refresh(api)
        asked = _next_asks(selection, writer, store)
        answers, failed = 0, {}
        seen = set()
        for key, got in jobs.results():
            seen.add(key)
            if not isinstance(got, Reply):
                failed[key] = got.why
            elif key in asked and store.get(key) is None:
                store.add(asked[key], got)
                answers += 1
                failed.pop(key, None)
        jobs.settle(seen)
        asked = _next_asks(selection, writer, store)
        pending = jobs.pending()
        new = [ask for key, ask in asked.items() if key not in pending]
        _check_cost(new, budget)
        files = jobs.write(new)
        if api:
            jobs.submit(api)
    return BatchRun(
        answers=answers,
        under_way=len(asked) - len(new),
        written=len(new),
        files=[file.name for file in files],
        prompt_tokens=sum(map(asked_tokens, new)),
        completion_tokens=sum(ask.most_tokens or 0 for ask in new),
        failed={key: why for key, why in failed.items() if key in asked},
    )


def _next_asks(selection: Selection, writer: Writer, store: Store) -> dict[str, Ask]:
    """Return by key what is to be asked next of every example without a reference."""
    found = (standing(wanted.taught, wanted.input, writer, store).ask for wanted in selection)
    return {ask.key: ask for ask in found if ask is not None}


def _check_cost(asks: Sequence[Ask], budget: Budget) -> None:
    if budget.prices is None or budget.most is None:
        return
    most = sum(budget.prices.cost(asked_tokens(ask, 2), ask.most_tokens or LONGEST) for ask in asks)
    if most > budget.most:
        raise UsageError(
            f"--max-cost {budget.most:g}: {len(asks):,} requests may cost up to {most:.4f} at full price; want no more than "
            "that; raise it, or ask fewer with --limit"
        )
