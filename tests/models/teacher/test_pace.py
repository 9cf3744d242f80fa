"""Requests and tokens per minute, by a clock of our own; and money that is never overspent."""

from __future__ import annotations

import asyncio

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.budget import Budget, Prices
from itdr_hf.prompts import Message


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wake = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, wake)


def starts(pace: RateLimiter, time: Time, tokens: list[int]) -> list[float]:
    """When requests of so many tokens go, one after the other."""

    async def go() -> list[float]:
        at = []
        for count in tokens:
            await pace.turn(count)
            at.append(time.now)
        return at

    return asyncio.run(go())


def most_in_a_minute(at: list[float], weights: list[int]) -> int:
    return max(sum(w for t, w in zip(at, weights, strict=True) if start <= t < start + 60) for start in at)


def test_no_minute_has_more_requests_than_the_limit():
    time = Time()
    at = starts(RateLimiter(requests_per_minute=30, clock=time.clock, sleep=time.sleep), time, [1] * 100)
    assert most_in_a_minute(at, [1] * 100) == 30
    assert at[-1] - at[0] == pytest.approx(99 * 2)


def test_no_minute_has_more_tokens_than_the_limit_but_for_one_request():
    time, tokens = Time(), [100, 900, 300, 700] * 10
    at = starts(RateLimiter(tokens_per_minute=2000, clock=time.clock, sleep=time.sleep), time, tokens)
    assert 1500 <= most_in_a_minute(at, tokens) <= 2000 + 900


def test_tokens_that_were_not_used_are_given_back():
    time = Time()
    pace = RateLimiter(tokens_per_minute=600, clock=time.clock, sleep=time.sleep)
    asyncio.run(pace.turn(600))
    pace.settle(600, 60)
    asyncio.run(pace.turn(1))
    assert time.now == pytest.approx(1006)


def test_a_pause_holds_everybody_and_a_longer_one_is_not_shortened():
    time = Time()
    pace = RateLimiter(clock=time.clock, sleep=time.sleep)
    pace.pause(20)
    pace.pause(5)
    assert starts(pace, time, [1, 1]) == [1020, 1020]


def test_without_limits_nobody_waits():
    time = Time()
    assert starts(RateLimiter(clock=time.clock, sleep=time.sleep), time, [10**9] * 3) == [1000] * 3 and time.slept == []


ASK = Ask(endpoint="e", model="m", messages=(Message(role="user", content="x" * 92),), parameters={"max_tokens": 100})


def test_what_is_spent_and_what_is_under_way_never_exceed_the_limit():
    budget = Budget(prices=Prices(prompt=1e6, completion=1e6), most=1000.0)  # one for a token
    worst = 50 + 100
    assert [budget.hold(ASK) for _ in range(7)] == [True] * 6 + [False]
    for _ in range(6):
        budget.settle(ASK, Reply(text="", finish="stop", prompt_tokens=20, completion_tokens=30))
    assert budget.spent == 300 and budget.spent + 4 * worst <= 1000
    assert [budget.hold(ASK) for _ in range(5)] == [True] * 4 + [False]


def test_a_request_without_an_answer_costs_nothing_and_one_without_counts_is_estimated():
    budget = Budget(prices=Prices(prompt=1e6, completion=2e6))
    assert budget.hold(ASK)
    budget.settle(ASK, None)
    assert budget.spent == 0
    budget.hold(ASK)
    budget.settle(ASK, Reply(text="y" * 40, finish="stop"))
    assert budget.spent == 92 / 4 + 4 + 2 * 40 / 4


def test_a_limit_without_prices_is_refused():
    with pytest.raises(UsageError, match="--max-cost: no prices; want --price-in and --price-out"):
        Budget(most=1.0)
