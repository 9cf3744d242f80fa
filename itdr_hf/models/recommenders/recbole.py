"""RecBole's atomic files, out and in: our split as its benchmark files, so that its models run on equal terms.

NAME.train.inter, NAME.valid.inter and NAME.test.inter hold user_id, item_id and, when known, timestamp; NAME.item
and NAME.user hold a text per key. A file is tab-separated under a header of name:type. RecBole reads the split as
given with `benchmark_filename: [train, valid, test]` (recbole.io/docs/user_guide/data/atomic_files.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from itdr_hf.errors import MalformedRowError, MissingFileError, UsageError
from itdr_hf.models.recommenders.interactions import Interactions, Strings, from_keys
from itdr_hf.models.recommenders.splits import Split

SIDES = {"train": "train", "validation": "valid", "test": "test"}


def write_recbole(
    folder: Path,
    name: str,
    split: Split,
    user_keys: Strings,
    item_keys: Strings,
    *,
    item_texts: Sequence[str] | None = None,
    user_texts: Sequence[str] | None = None,
) -> None:
    """Write a split as folder/name/name.*, as RecBole's `data_path` wants it; texts are one per key."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    for side, word in SIDES.items():
        _write_inter(place / f"{name}.{word}.inter", getattr(split, side), user_keys, item_keys)
    for kind, keys, texts in (("item", item_keys, item_texts), ("user", user_keys, user_texts)):
        if texts is not None:
            rows = zip(keys, (_plain(text) for text in texts), strict=True)
            _write(place / f"{name}.{kind}", [f"{kind}_id:token", "text:token_seq"], rows)


def read_recbole(folder: Path, name: str) -> tuple[Split, Strings, Strings]:
    """Read the benchmark files of a dataset: its split, and its sorted user and item keys.

    MissingFileError for a file that is not there, MalformedRowError naming the line of a row that does not fit.
    """
    sides = [_read_inter(folder / name / f"{name}.{word}.inter") for word in SIDES.values()]
    users, items = [key for side in sides for key in side[0]], [key for side in sides for key in side[1]]
    times = [second for side in sides for second in side[2] or ()]
    log, user_keys, item_keys = from_keys(users, items, times if len(times) == len(users) else None)
    bounds = np.cumsum([0, *(len(users) for users, _, _ in sides)])
    parts = [log.take(np.arange(start, stop)) for start, stop in pairwise(bounds)]
    return Split(train=parts[0], validation=parts[1], test=parts[2]), user_keys, item_keys


def read_recbole_texts(folder: Path, name: str, kind: str, keys: Strings) -> list[str] | None:
    """Read NAME.item or NAME.user: per key its columns but the id, joined by blanks; "" for a key without a row.

    `kind` is "item" or "user"; None where there is no such file. MalformedRowError naming the line of a row that
    does not fit, or of a key that comes twice.
    """
    path = folder / name / f"{name}.{kind}"
    if not path.is_file():
        return None
    names, rows = _rows(path)
    if f"{kind}_id" not in names:
        raise MalformedRowError(f"{path} line 1: columns {', '.join(names)}; want {kind}_id:token")
    place, texts = names.index(f"{kind}_id"), dict[str, str]()
    for number, row in enumerate(rows, 2):
        if row[place] in texts:
            raise MalformedRowError(f"{path} line {number}: {kind} {row[place]!r} again; want one row each")
        texts[row[place]] = " ".join(row[:place] + row[place + 1 :])
    return [texts.get(str(key), "") for key in keys]


def _write_inter(path: Path, pairs: Interactions, user_keys: Strings, item_keys: Strings) -> None:
    columns: list[Iterable[object]] = [user_keys[pairs.users], item_keys[pairs.items]]
    header = ["user_id:token", "item_id:token"]
    if pairs.times is not None:
        columns.append(pairs.times)
        header.append("timestamp:float")
    _write(path, header, zip(*columns, strict=True))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(header) + "\n")
        for row in rows:
            fields = [str(field) for field in row]
            if any("\t" in field or "\n" in field for field in fields):
                raise UsageError(
                    f"{path.name}: key {fields[0]!r} with a tab or a line break; want keys without: rename"
                )
            file.write("\t".join(fields) + "\n")


def _plain(text: str) -> str:
    """Join the words of a text with single spaces: a tab or a line break would end the field."""
    return " ".join(text.split())


def _read_inter(path: Path) -> tuple[list[str], list[str], list[int] | None]:
    """Return the users, items and, when the file has them, seconds of an .inter file."""
    if not path.is_file():
        raise MissingFileError(f"{path}: not there; want RecBole's benchmark files: .train, .valid and .test.inter")
    names, rows = _rows(path)
    if not {"user_id", "item_id"} <= set(names):
        raise MalformedRowError(f"{path} line 1: columns {', '.join(names)}; want user_id:token and item_id:token")
    users, items = ([row[names.index(column)] for row in rows] for column in ("user_id", "item_id"))
    if "timestamp" not in names:
        return users, items, None
    place = names.index("timestamp")
    return users, items, [_seconds(path, number, row[place]) for number, row in enumerate(rows, 2)]


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the names of a file's columns and its rows."""
    header, *lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # keys may have U+2028
    names = [field.partition(":")[0] for field in header.split("\t")]
    return names, [_fields(path, number, line, len(names)) for number, line in enumerate(lines, 2)]


def _fields(path: Path, number: int, line: str, wanted: int) -> list[str]:
    fields = line.split("\t")
    if len(fields) != wanted:
        raise MalformedRowError(f"{path} line {number}: {len(fields)} fields; want {wanted}, as in the header")
    return fields


def _seconds(path: Path, number: int, field: str) -> int:
    try:
        return int(float(field))
    except (ValueError, OverflowError) as error:
        raise MalformedRowError(f"{path} line {number}: timestamp {field!r}; want seconds as a number") from error
