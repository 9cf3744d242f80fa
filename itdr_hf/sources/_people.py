"""SQL for personal attributes in releases: plausible ages, genders in one spelling."""

from __future__ import annotations

YOUNGEST, OLDEST = 5, 100  # an age outside this range is considered a joke or a mistake


def known_age(column: str) -> str:
    """Return SQL for a text column as an integer age from YOUNGEST to OLDEST, else NULL."""
    number = f"try_cast({column} AS DOUBLE)"
    return (
        f"CASE WHEN {number} BETWEEN {YOUNGEST} AND {OLDEST} AND {number} = floor({number}) "
        f"THEN CAST({number} AS INTEGER) END"
    )


def doubted_age(column: str) -> str:
    """Return SQL for the remark on a row whose age is given but rejected, else NULL."""
    remark = f"age not a whole number from {YOUNGEST} to {OLDEST}, taken as unknown"
    return f"CASE WHEN {column} NOT IN ('', 'NULL') AND ({known_age(column)}) IS NULL THEN '{remark}' END"


def known_gender(column: str) -> str:
    """Return SQL for a gender in one spelling: 'm' and 'Male' become 'male'; NULL for anything else."""
    cases = {"m": "male", "male": "male", "f": "female", "female": "female", "non-binary": "non-binary"}
    whens = " ".join(f"WHEN '{written}' THEN '{plain}'" for written, plain in cases.items())
    return f"CASE lower(trim({column})) {whens} END"
