"""Splits, quotas and draws."""

from __future__ import annotations

import ibis
from hypothesis import given
from hypothesis import strategies as st

from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.tasks.planning import digest, sampling, splits

rooms = st.dictionaries(st.sampled_from([(d, s) for d in "abc" for s in SPLITS]), st.integers(0, 300), min_size=1)


@given(rooms, st.integers(0, 1500))
def test_quotas_give_exactly_what_is_asked_or_all_there_is(available, wanted):
    quotas = sampling.quotas(available, wanted)
    assert sum(quotas.values()) == min(wanted, sum(available.values()))
    assert all(0 <= n <= available.get(key, 0) for key, n in quotas.items())


def test_quotas_are_80_10_10_where_every_split_has_room():
    assert sampling.quotas({("", s): 9_999 for s in SPLITS}, 6250) == {
        ("", "train"): 5000,
        ("", "validation"): 625,
        ("", "test"): 625,
    }


def test_domains_count_alike_and_a_small_ones_share_moves_to_the_others():
    available = {(d, s): n for d, n in (("big", 1000), ("mid", 1000), ("small", 10)) for s in SPLITS}
    quotas = sampling.quotas(available, 330)
    assert {d: sum(n for (e, _), n in quotas.items() if e == d) for d in ("big", "mid", "small")} == {
        "big": 150,
        "mid": 150,
        "small": 30,
    }


@given(st.integers(1, 20_000))
def test_the_next_prime_is_prime_and_not_far(number):
    prime = sampling.next_prime(number)
    assert prime >= number and all(prime % k for k in range(2, int(prime**0.5) + 1))
    assert prime <= max(3, 2 * number)


def test_a_split_depends_on_source_and_subject_alone_and_keeps_the_shares():
    users = ibis.memtable({"user": list(range(20_000))})
    first = users.mutate(split=splits.split_of("steam", users.user, "user")).to_pandas().set_index("user").split
    other = users.mutate(split=splits.split_of("yelp", users.user, "user")).to_pandas().set_index("user").split
    fewer = users.filter(users.user % 2 == 0)
    again = fewer.mutate(split=splits.split_of("steam", fewer.user, "user")).to_pandas().set_index("user").split
    assert (first.loc[again.index] == again).all()
    assert (first != other).any()
    shares = first.value_counts(normalize=True)
    assert abs(shares["train"] - 0.8) < 0.01 and abs(shares["validation"] - 0.1) < 0.01


def test_hex_digits_become_the_whole_number_they_stand_for():
    with open_duckdb() as engine:
        rows = engine.table([{"x": "deadbeef00000000"}, {"x": "0123456789abcdef"}])
        found = engine.collect(rows.select(first=digest.whole(rows.x, 0, 7), last=digest.whole(rows.x, 1, 15)))
    assert found == [{"first": 0xDEADBEE, "last": 0xEADBEEF00000000}, {"first": 0x0123456, "last": 0x123456789ABCDEF}]
