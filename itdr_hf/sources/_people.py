"""What releases tell of people, as SQL: ages within reason, genders in one spelling."""

from __future__ import annotations

from itdr_hf.raw.source import Attribute

YOUNGEST, OLDEST = 5, 100  # an age outside is taken for a joke or a slip
_GENDERS = {"m": "male", "male": "male", "f": "female", "female": "female", "non-binary": "non-binary"}

GENDER = Attribute(name="gender", column="gender", labels=tuple(dict.fromkeys(_GENDERS.values())))
AGE = Attribute(name="age", column="age", kind="number", scale=(YOUNGEST, OLDEST))


def known_age(column: str) -> str:
    """Return a text column as a whole age from YOUNGEST to OLDEST, else NULL."""
    number = f"try_cast({column} AS DOUBLE)"
    return (
        f"CASE WHEN {number} BETWEEN {YOUNGEST} AND {OLDEST} AND {number} = floor({number}) "
        f"THEN CAST({number} AS INTEGER) END"
    )


def doubted_age(column: str) -> str:
    """Return the remark on a row whose age is given and not taken, else NULL."""
    remark = f"age not a whole number from {YOUNGEST} to {OLDEST}, taken as unknown"
    return f"CASE WHEN {column} NOT IN ('', 'NULL') AND ({known_age(column)}) IS NULL THEN '{remark}' END"


def known_gender(column: str) -> str:
    """'m', 'Male' as 'male', and so on; anything else is unknown."""
    whens = " ".join(f"WHEN '{written}' THEN '{plain}'" for written, plain in _GENDERS.items())
    return f"CASE lower(trim({column})) {whens} END"
