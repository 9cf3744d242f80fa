"""The steps of each reading by name, for metric signatures: figures read by different steps do not compare."""

from __future__ import annotations

from itdr_hf.errors import unknown

READER_VERSION = "3"  # raise it whenever an answer may be read differently than before
_FIRST = ("thoughts:removed", "ends:cut", "cap:100000", "markup:removed", "part:marked-or-all")
_TITLES = "titles:exact>nfkc>bare>yearless>part-with-year>part-if-unique"
STEPS = {
    "ranking": (*_FIRST, _TITLES, "numbers:as-in-prompt", "lists:last-whole", "unknown:miss-in-place"),
    "choice": (*_FIRST, _TITLES, "pick:first-word>last-marked>only-one"),
    "number": (*_FIRST, "pick:first-word>last-marked>only-one", "off-scale:clipped"),
    "attributes": (*_FIRST, "names:any-form", "labels:folded", "off-scale:clipped"),
    "text": _FIRST,
    "yes-no": (*_FIRST, "pick:first-word>last-marked>only-one"),
}


def reader_signature(kind: str) -> str:
    """Return how answers of a kind are read: 'reader:3|thoughts:removed|…'. Raises UsageError for another kind."""
    if kind not in STEPS:
        raise unknown("kind of answer", kind, STEPS)
    return "|".join([f"reader:{READER_VERSION}", *STEPS[kind]])
