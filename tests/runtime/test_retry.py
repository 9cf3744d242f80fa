"""One policy of retries, and the wait that a server asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from itdr_hf.runtime.retry import RetryPolicy, retry_after


def test_pauses_double_up_to_a_bound_and_come_to_an_end():
    policy = RetryPolicy(tries=6, pause=1, longest_pause=5)
    assert [policy.wait(failures) for failures in range(1, 8)] == [1, 2, 4, 5, 5, None, None]


def test_a_pause_after_thousands_of_failures_is_still_a_number():
    assert RetryPolicy(tries=10**6, longest_pause=5).wait(5_000) == 5


def test_what_a_server_asks_for_goes_before_our_own_pause_unless_it_is_too_long():
    policy = RetryPolicy(tries=3, pause=1, longest=60)
    assert policy.wait(1, asked=30) == 30 and policy.wait(1, asked=0) == 0
    assert policy.wait(1, asked=61) is None and policy.wait(3, asked=1) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "inf"}, float("inf")),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7),
        ({"retry-after": "Tue, 01 Jan 2019 00:00:00"}, 0),
        ({"retry-after": "Tue, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"ratelimit": '"api";r=0;t=42'}, 42),
        ({"ratelimit": '"api";r=5;t=42'}, None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_read_in_every_form(headers, seconds):
    assert retry_after(headers) == seconds


def test_a_date_is_so_many_seconds_from_now():
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after({"retry-after": then}) == pytest.approx(59, abs=2)
