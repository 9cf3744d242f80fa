"""Tokens and money: what a run will use, has used, and may use at most."""

from __future__ import annotations

from dataclasses import dataclass

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.endpoint.tokens import BYTES_AT_LEAST, asked_tokens, used_tokens

LONGEST = 4096  # tokens of an answer whose length nothing limits


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Money per million tokens, in whichever currency."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


@dataclass(kw_only=True)
class Budget:
    """What was spent, and what the requests under way may still cost; together never above `most`."""

    prices: Prices | None = None
    most: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    under_way: int = 0
    _held: float = 0.0

    def __post_init__(self) -> None:
        if self.most is not None and self.prices is None:
            raise UsageError("--max-cost: no prices; want --price-in and --price-out, per million tokens")

    @property
    def spent(self) -> float | None:
        """What this run has cost; None without prices."""
        return self.prices.cost(self.prompt_tokens, self.completion_tokens) if self.prices else None

    def hold(self, ask: Ask) -> bool:
        """Set aside the most a request may cost; False when that might go over the limit."""
        worst = self._worst(ask)
        if self.most is not None and (self.spent or 0.0) + self._held + worst > self.most:
            return False
        self._held += worst
        self.under_way += 1
        return True

    def settle(self, ask: Ask, reply: Reply | None) -> None:
        """Count what a request has used: nothing when it was not answered."""
        self._held -= self._worst(ask)
        self.under_way -= 1
        if reply is not None:
            asked, answered = used_tokens(ask, reply)
            self.prompt_tokens += asked
            self.completion_tokens += answered

    def _worst(self, ask: Ask) -> float:
        longest = ask.most_tokens or LONGEST
        return self.prices.cost(asked_tokens(ask, BYTES_AT_LEAST), longest) if self.prices else 0.0
