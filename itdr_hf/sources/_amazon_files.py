"""Choose which files of Amazon Reviews 2023 are read: one set of interactions and one catalogue per category.

A category's reviews are read from its raw JSON lines if present, since only those have texts; otherwise from the
benchmark's CSVs, preferring 0-core to 5-core and unsplit to split. Files of other categories are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from itdr_hf.raw.layout import Files

# In the paper's order; its "Beauty" and "Fashion" are assumed to be All_Beauty and Amazon_Fashion.
CATEGORIES = (
    "Appliances", "Arts_Crafts_and_Sewing", "Baby_Products", "All_Beauty", "CDs_and_Vinyl", "Amazon_Fashion",
    "Grocery_and_Gourmet_Food", "Home_and_Kitchen", "Industrial_and_Scientific", "Musical_Instruments", "Software",
    "Video_Games",
)  # fmt: skip
CORES = ("0core", "5core")
KINDS = ("rating_only", "last_out", "timestamp", "last_out_w_his", "timestamp_w_his")

_JSONL = re.compile(r"(?:meta_)?(?P<category>[A-Z]\w+)\.jsonl(?:\.gz)?")
_CSV = re.compile(
    rf"(?:(?P<core>{'|'.join(CORES)})_(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))})_)?"
    r"(?P<category>[A-Z]\w+?)(?:\.(?:train|valid|test))?\.csv(?:\.gz)?"
)

Rank = tuple[object, ...]  # files with equal ranks are parts of one set


def category(path: Path) -> str:
    """Return the category of a file, from its name; '' for a file that is not of the release."""
    match = (_CSV if ".csv" in path.suffixes else _JSONL).fullmatch(path.name)
    return match["category"] if match else ""


def unread(found: Files) -> Mapping[Path, str]:
    """Return the files that are not read, and why; `found` has the roles reviews, ratings and meta."""
    reasons: dict[Path, str] = {}
    for paths in ([*found["reviews"], *found["ratings"]], found["meta"]):
        wanted = []
        for path in paths:
            if category(path) in CATEGORIES:
                wanted.append(path)
            else:
                reasons[path] = "of a category outside the twelve" if category(path) else "not a file of the release"
        reasons |= _second_choices(wanted)
    return reasons


def _second_choices(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files whose category is read from a preferred file, with the reason."""
    for name in dict.fromkeys(map(category, paths)):
        candidates = [path for path in paths if category(path) == name]
        best = min(map(_rank, candidates))
        chosen = next(path for path in candidates if _rank(path) == best)
        for path in candidates:
            if _rank(path) != best:
                yield path, f"{name} is read from {chosen.name}"


def _rank(path: Path) -> Rank:
    """Return the rank of a file: lower is preferred, and the parts of a split CSV are equal."""
    folder = len(path.parts), path.parent.as_posix()
    if ".csv" not in path.suffixes:
        return 0, 0, 0, *folder, path.name
    match = _CSV.fullmatch(path.name)
    core, kind = (match and match["core"]) or path.parent.parent.name, (match and match["kind"]) or path.parent.name
    return 1, _place(core, CORES), _place(kind, KINDS), *folder


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)
