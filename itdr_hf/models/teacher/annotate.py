"""All requests of a dataset folder: what is to be asked, the asking, and what came of it.

An example's next request follows from the store alone, so a run that was killed, stopped or paid up to a limit
goes on where it was, and a run with nothing left to ask needs neither key nor network.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from itdr_hf.errors import ItdrError
from itdr_hf.models.endpoint.client import Client, Unanswered, connect, run_to_end
from itdr_hf.models.endpoint.keys import KEY_VARIABLE, read_key
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.request import Ask
from itdr_hf.models.endpoint.tokens import prompt_tokens
from itdr_hf.models.teacher.budget import Budget
from itdr_hf.models.teacher.selection import Selection, Wanted, standing
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

POLL = 0.05  # seconds until an example that another process is asking about is looked at again
TOKENS_PER_WORD = 4 / 3  # of English prose


@dataclass(kw_only=True)
class Tally:
    """How far the examples of one cell are, and what asking for the rest takes if nothing is rejected."""

    examples: int = 0
    accepted: int = 0
    rejected: dict[str, tuple[str, ...]] = field(default_factory=dict)  # id -> the fault of each try; no more tries
    asks: int = 0
    prompt_tokens: int = 0  # about
    completion_tokens: int = 0

    @property
    def faults(self) -> dict[str, int]:
        """Fault of the last try -> how many examples were rejected for it."""
        return dict(Counter(faults[-1] for faults in self.rejected.values()))


Tallies = dict[str, Tally]


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """How fast an endpoint is asked, and how long it may take."""

    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = Client.timeout
    retries: int = Client.retries


@dataclass(kw_only=True)
class Run:
    """Requests under way; `stopped` says why it ended before all examples were seen to."""

    writer: Writer
    store: Store
    budget: Budget
    queue: Iterator[Wanted]
    total: int = 0  # examples in all
    progress: OnProgress = ignore
    seen: int = 0  # examples that are done with, for now
    answers: int = 0  # got and kept
    unanswered: dict[str, str] = field(default_factory=dict)  # id -> why
    stopped: str = ""
    adapted: str = ""  # which parameters the endpoint did not take, and what was sent instead
    failure: ItdrError | None = None
    _later: deque[Wanted] = field(default_factory=deque)

    async def work(self, client: Client) -> None:
        """See to one example after the other; a failure lets the other workers end their requests, then all stop."""
        while not self.stopped and (wanted := self._next()) is not None:
            try:
                await self._see_to(wanted, client)
            except ItdrError as error:
                self.failure = self.failure or error
                self.stopped = str(self.failure)

    def _next(self) -> Wanted | None:
        wanted = next(self.queue, None)
        return self._later.popleft() if wanted is None and self._later else wanted

    async def _see_to(self, wanted: Wanted, client: Client) -> None:
        while ask := standing(wanted.taught, wanted.input, self.writer, self.store).ask:
            if not self.store.claim(ask.key):  # another process, or another example with the same input
                self._later.append(wanted)
                return await asyncio.sleep(POLL)
            try:
                why = await self._answer(ask, client)
            finally:
                self.store.release(ask.key)
            if self.stopped:
                return
            if why:
                self.unanswered[wanted.id] = why
                break
        self.seen += 1
        self.progress(Progress("asking", self.seen, self.total, "examples", self._cost()))

    def _cost(self) -> str:
        """'cost 0.12 of about 1.40': the estimate takes the rest to be like what is done."""
        spent = self.budget.spent
        return "" if spent is None else f"cost {spent:.4f} of about {spent * self.total / self.seen:.4f}"

    async def _answer(self, ask: Ask, client: Client) -> str:
        """Ask and keep the answer; why there is none, or ''."""
        if self.store.get(ask.key) is not None:  # answered between the look and the claim
            return ""
        while not self.budget.hold(ask):
            if not self.budget.under_way:
                self.stopped = self.stopped or "--max-cost is reached: the next request might go over it"
            if self.stopped:
                return ""
            await asyncio.sleep(POLL)  # those under way will have cost less than the most they may
        reply = None
        try:
            got = await client.answer(ask)
            if isinstance(got, Unanswered):
                return got.why
            reply = got
            self.store.add(ask, reply)
            self.answers += 1
        finally:
            self.budget.settle(ask, reply)
        return ""


def plan(selection: Selection, writer: Writer, store: Store) -> Tallies:
    """How far each cell is by what the store holds, and about how many tokens the rest takes."""
    tallies = {cell: Tally() for cell in selection.counts}
    lengths: list[int] = []
    for wanted in selection:
        tally, now = tallies[wanted.cell], standing(wanted.taught, wanted.input, writer, store)
        tally.examples += 1
        if now.ask is not None:
            tally.asks += 1
            tally.prompt_tokens += prompt_tokens(now.ask.messages)
        elif now.reply is not None:
            tally.accepted += 1
            lengths.append(now.reply.completion_tokens or 0)
        else:
            tally.rejected[wanted.id] = now.faults
    for cell, tally in tallies.items():
        usual = sum(selection.taught[cell].teacher.words) / 2 * TOKENS_PER_WORD
        tally.completion_tokens = round(tally.asks * (sum(lengths) / len(lengths) if any(lengths) else usual))
    return tallies


def annotate(
    selection: Selection,
    writer: Writer,
    store: Store,
    *,
    budget: Budget,
    limits: RateLimits,
    key_variable: str = KEY_VARIABLE,
    progress: OnProgress = ignore,
) -> Run:
    """Ask for every reference the store lacks; everything got is in the store, whatever happens.

    Raises UsageError for a missing key or package. What the endpoint does is in `Run.stopped` and `Run.failure`.
    """
    total = sum(selection.counts.values())
    run = Run(writer=writer, store=store, budget=budget, queue=iter(selection), total=total, progress=progress)
    key = read_key(writer.endpoint, key_variable)
    run_to_end(_ask_all(run, limits, key))
    return run


async def _ask_all(run: Run, limits: RateLimits, key: str) -> None:
    pace = RateLimiter(requests_per_minute=limits.requests_per_minute, tokens_per_minute=limits.tokens_per_minute)
    settings = {"pace": pace, "timeout": limits.timeout, "retries": limits.retries}
    async with connect(run.writer.endpoint, key, **settings) as client:
        await asyncio.gather(*(run.work(client) for _ in range(limits.concurrency)))
    run.adapted = client.dialect.changes
