"""What a reading gives: the values of an answer and the name of what was wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """Every fault that a reading can name; the only home of these words."""

    EMPTY = "empty"
    TRUNCATED = "truncated"  # an unfinished thought, or a last line cut within a title
    TOO_LONG = "too long"  # longer than pipeline.MAX_CHARS: read up to there
    NOT_A_CANDIDATE = "not a candidate"
    SEVERAL_CANDIDATES = "several candidates"  # a line or a choice that fits more than one
    COPIED_HISTORY = "copied history"
    DUPLICATE = "duplicate"
    TOO_FEW = "too few"
    NOT_A_NUMBER = "not a number"
    SEVERAL_NUMBERS = "several numbers"  # different ones, none marked as the answer
    OUT_OF_RANGE = "out of range"  # clipped to the nearer end
    OTHER_SCALE = "other scale"  # '8/10' where the scale ends at 5
    MISSING_ATTRIBUTE = "missing attribute"
    NOT_A_LABEL = "not a label"  # outside a closed set
    SEVERAL_VALUES = "several values"  # one attribute, different values
    NOT_YES_OR_NO = "not yes or no"
    YES_AND_NO = "yes and no"
    REFUSED = "refused"  # the system gave no answer at all


class ParsedAnswer(NamedTuple):
    """The values of an answer in the form of the targets, and its fault, if any.

    In a ranking an empty string is a place taken by an unknown or repeated line: a miss at that rank.
    """

    values: Sequence[str]
    fault: str | None = None


def first_fault(*faults: str | None) -> str | None:
    """Return the first fault that is one."""
    return next((fault for fault in faults if fault), None)
