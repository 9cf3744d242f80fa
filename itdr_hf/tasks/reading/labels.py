"""Compare the labels of attributes: variants of one label fold to one form, whichever side writes which."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from itdr_hf.tasks.reading import folds

_ALIKE = (  # each line: ways to write one label
    "male|m|man|men|males|boy|masculine",
    "female|f|woman|women|females|girl|feminine",
    "non binary|nonbinary|nb|enby|non binary gender",
    "united states|us|usa|u s|u s a|united states of america|america|the states|estados unidos",
    "united kingdom|uk|u k|great britain|britain|gb|gbr|united kingdom of great britain and northern ireland",
    "russia|russian federation",
    "south korea|korea republic of|republic of korea|korea south|s korea",
    "north korea|korea democratic peoples republic of|democratic peoples republic of korea",
    "czech republic|czechia",
    "netherlands|holland|nl",
    "iran|iran islamic republic of|islamic republic of iran",
    "taiwan|taiwan province of china|taiwan republic of china",
    "turkey|turkiye",
    "vietnam|viet nam",
    "venezuela|venezuela bolivarian republic of|bolivarian republic of venezuela",
    "bolivia|bolivia plurinational state of|plurinational state of bolivia",
    "tanzania|tanzania united republic of|united republic of tanzania",
    "moldova|moldova republic of|republic of moldova",
    "macedonia|north macedonia|macedonia the former yugoslav republic of|fyrom",
    "syria|syrian arab republic",
    "laos|lao peoples democratic republic|lao pdr",
    "brunei|brunei darussalam",
    "united arab emirates|uae|u a e|emirates",
    "hong kong|hong kong sar|hong kong china",
    "china|peoples republic of china|prc|mainland china",
    "ivory coast|cote divoire",
    "cape verde|cabo verde",
    "congo kinshasa|democratic republic of congo|congo democratic republic of|drc",
    "swaziland|eswatini",
    "burma|myanmar",
    "palestine|palestinian territory|state of palestine|palestinian territory occupied",
    "vatican|vatican city|holy see|holy see vatican city state",
    "libya|libyan arab jamahiriya",
    "germany|deutschland",
    "spain|espana",
    "brazil|brasil",
    "ireland|republic of ireland|eire",
    "new zealand|nz|aotearoa",
    "k 12 student|k12 student|k 12|k12|k through 12 student|k to 12 student|kindergarten to 12th grade student|school student k 12",
    "self employed|selfemployed",
    "homemaker|home maker",
    "unemployed|not employed|jobless",
    "other|other not specified|other or not specified|not specified",
)
_SAME = {key: line.split("|")[0] for line in _ALIKE for key in line.split("|")}
_UNITS = re.compile(
    r"\b(?:years?(?:[ -]?olds?)?|yrs?\.?(?: old)?|y\.?o\.?|ages?d?|age group|group|range|in their)\b:?", re.I
)
_SPAN = re.compile(r"(?:between |from )?(\d{1,4}) ?(?:-|to|and|through|until|~|/) ?(\d{1,4})")
_UNDER = re.compile(
    r"(?:under|below|younger than|less than|up to|<) ?(\d{1,3})|(\d{1,3}) (?:or|and) (?:under|younger|below)"
)
_OVER = re.compile(
    r"(?:over|above|older than|>=|≥|at least|from) ?(\d{1,3})|(\d{1,3}) ?(?:\+|plus|(?:or|and) (?:over|older|above|up|more)|-$)"
)
_HEDGE = re.compile(
    r"^(?:(?:most |very |quite )?(?:likely|probably|possibly|perhaps|maybe|presumably)|about|around|approximately|approx|roughly|"
    r"circa|an?|the|is|i think|i guess|i would say)\s+",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s*(?:[(\[{]|\s[-–—|/→]\s|;|,\s|\.\s|\s(?:because|since|as|given|based|due|though|but|with|who|or\s(?:so|similar|related|thereabouts|something))\b|\s?#\s|//|<!--).*$",
    re.IGNORECASE | re.DOTALL,
)
_REASON = re.compile(
    r"\s*(?:\s[-–—]\s(?=[a-z])|[,;]?\s(?:because|since|as|given|based on|due to|considering)\s|,\s(?:most\s)?(?:likely|probably)\b).*$",
    re.DOTALL,
)
_CHOICE = re.compile(r"\b(?:or|and)\b|/|,|;", re.IGNORECASE)


@lru_cache(maxsize=4096)
def fold_label(label: str) -> str:
    """Fold a label: case, marks, articles, units of age, spans ('25 to 34'), other names of countries and genders."""
    plain = " ".join(_UNITS.sub(" ", folds.typographic(label[:300])).split())
    for pattern, form in ((_SPAN, "{}-{}"), (_UNDER, "<{}"), (_OVER, "{}+")):
        if found := pattern.fullmatch(plain):
            return form.format(*(part for part in found.groups() if part))
    key = folds.bare(plain) or plain
    return _SAME.get(key, key)


def same_label(first: str, second: str) -> bool:
    """Whether two labels are one, under `fold_label`."""
    return fold_label(first) == fold_label(second)


def label_of(value: str, labels: Collection[str]) -> str | None:
    """Return the label of a closed set that a value means: as a whole, or without a hedge and a remark."""
    known = _known(tuple(labels))
    for form in _forms(value):
        if (label := known.get(fold_label(form))) is not None:
            return label
    return None


def labels_in(value: str, labels: Collection[str]) -> set[str]:
    """Return the labels that the alternatives of a value mean: two for 'male or female'."""
    return {found for part in _CHOICE.split(value) if (found := label_of(part, labels)) is not None}


def without_remark(value: str) -> str:
    """Remove a hedge before a value, and behind it a remark in brackets or a reason."""
    value = _REASON.sub("", value)
    return re.sub(r"\s*[(\[][^()\[\]]{0,300}[)\]]\s*$", "", _HEDGE.sub("", value, count=1)).strip() or value


def without_units(value: str) -> str:
    """Remove the words that go with an age: 'aged 25 years'."""
    return _UNITS.sub(" ", value)


def _forms(value: str) -> Iterator[str]:
    yield value
    yield (bare := _HEDGE.sub("", value.strip(), count=1))
    yield re.sub(r"\s*[(\[][^()\[\]]{0,300}[)\]]\s*$", "", bare)
    yield _REMARK.sub("", bare)


@lru_cache(maxsize=256)
def _known(labels: tuple[str, ...]) -> dict[str, str]:
    """Return fold -> label; the parts of 'college/grad student' name it too, where no other label has them."""
    known = {fold_label(label): label for label in labels}
    parts: dict[str, set[str]] = {}
    for label in labels:
        for part in _parts(label):
            parts.setdefault(fold_label(part), set()).add(label)
    return {part: next(iter(owners)) for part, owners in parts.items() if len(owners) == 1} | known


def _parts(label: str) -> Iterator[str]:
    """Give the alternatives within a label: 'college', 'grad student', 'college student' of 'college/grad student'."""
    pieces = [piece.strip() for piece in label.split("/")]
    if len(pieces) < 2:
        return
    yield from (" ".join(pieces), " or ".join(pieces), " and ".join(pieces))
    tail = pieces[-1].split()[1:]
    for piece in pieces:
        yield piece
        yield " ".join([piece, *tail])
