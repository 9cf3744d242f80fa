"""Requests and tokens per minute, evenly spaced, and the pause an endpoint asks for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(kw_only=True)
class RateLimiter:
    """When the next request may go: spacing holds the limits in any minute, give or take one request."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    clock: Clock = time.monotonic
    sleep: Sleep = asyncio.sleep
    _free: float = float("-inf")  # a request may go …
    _tokens_free: float = float("-inf")  # … its tokens may go …
    _resume: float = float("-inf")  # … and the endpoint's pause is over

    async def turn(self, tokens: int) -> None:
        """Wait until a request of about this many tokens may be sent; requests are let through in the order of their calls."""
        while True:
            now = self.clock()
            start = max(now, self._free, self._tokens_free)
            if self._resume <= start:
                break
            await self.sleep(self._resume - now)
        if self.requests_per_minute:
            self._free = start + 60 / self.requests_per_minute
        if self.tokens_per_minute:
            self._tokens_free = start + 60 * tokens / self.tokens_per_minute
        if start > now:
            await self.sleep(start - now)

    def settle(self, expected: int, used: int) -> None:
        """Give back, or take, the tokens that a request was expected to use and did not, or the reverse."""
        if self.tokens_per_minute:
            self._tokens_free -= 60 * (expected - used) / self.tokens_per_minute

    def pause(self, seconds: float) -> None:
        """Nobody asks for so long: what an endpoint means by Retry-After."""
        self._resume = max(self._resume, self.clock() + seconds)
