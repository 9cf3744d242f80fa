"""The splits of `itdr recommend` by name, each over one log.

user         a random tenth of each user's items for test, another for validation
leave-last   each user's last item for test, the one before for validation
snapshots    train on one span of time, test on a later one, over users of both (RecLM appendix 6.1)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.recommenders.interactions import Interactions
from itdr_hf.models.recommenders.splits import (
    SEED,
    Split,
    split_by_snapshots,
    split_by_user,
    split_leave_last,
)

PROTOCOLS = ("user", "leave-last", "snapshots")
CUT = 0.8  # share of the interactions before the moment that divides two snapshots
Span = tuple[int, int]


def split_by_protocol(name: str, interactions: Interactions, *, spans: Sequence[Span] = (), seed: int = SEED) -> Split:
    """Split a log by one of PROTOCOLS.

    `spans` are the two of snapshots, in seconds since 1970; without them a moment divides the log, CUT of it
    before. UsageError for an unknown name, for spans where none belong, and where no test pair is left.
    """
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    if spans and name != "snapshots":
        raise UsageError(f"protocol {name}: {len(spans)} spans; want none, or the protocol snapshots")
    if name == "user":
        split = split_by_user(interactions, seed=seed)
    elif name == "leave-last":
        split = split_leave_last(interactions)
    else:
        first, second = spans or divided(interactions)
        split = split_by_snapshots(interactions, first=first, second=second, seed=seed)
    if not len(split.train) or not len(split.test):
        raise UsageError(
            f"protocol {name}: {len(split.train)} train pairs, {len(split.test)} of test; want some of each"
        )
    return split


def divided(interactions: Interactions) -> tuple[Span, Span]:
    """Return two adjacent spans that hold all interactions, CUT of them in the first."""
    if interactions.times is None:
        raise UsageError("snapshots: interactions without times; want times, or the protocol user")
    times = np.sort(interactions.times)
    cut = int(times[int(CUT * len(times))])
    return (int(times[0]), cut), (cut, int(times[-1]) + 1)


def read_span(text: str) -> Span:
    """Read '2019-11-09:2019-11-12', UTC, the second day not in it; UsageError for another form or an empty span."""
    first, _, second = text.partition(":")
    try:
        moments = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for day in (first, second)]
    except ValueError as error:
        raise UsageError(f"span {text!r}: {error}; want START:END, such as 2019-11-09:2019-11-12") from error
    if moments[0] >= moments[1]:
        raise UsageError(f"span {text!r}: it is empty; want START before END")
    return moments[0], moments[1]
