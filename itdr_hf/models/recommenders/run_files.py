"""Rankings and truths as files of the field: TREC runs and qrels, and a run as Parquet.

run      user Q0 item rank score tag      one line per ranked item, rank from 1
qrels    user 0 item 1                    one line per test item
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.full_ranking import Ranking
from itdr_hf.models.recommenders.interactions import Interactions, Ints, Strings

RUN_FIELDS = 6


def write_trec_run(path: Path, ranking: Ranking, user_keys: Strings, item_keys: Strings, *, tag: str) -> None:
    """Write a ranking for trec_eval and its kin; UsageError for a key or a tag with a space in it.

    trec_eval goes by scores and breaks ties by name, so scores that are equal are written a little apart: the
    score column falls strictly, by the rank, and the model's own scores are in the Parquet file.
    """
    _without_spaces("tag", np.asarray([tag]))
    _without_spaces("user", user_keys[ranking.users])
    _without_spaces("item", item_keys[np.unique(ranking.items[ranking.items >= 0])])
    depth = ranking.items.shape[1]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for user, place, item in _ranked(ranking):
            file.write(f"{user_keys[user]} Q0 {item_keys[item]} {place + 1} {depth - place} {tag}\n")


def write_parquet_run(path: Path, ranking: Ranking, user_keys: Strings, item_keys: Strings) -> None:
    """Write a ranking as columns user, item (string), rank (int32, from 1), score (float32)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, places = np.nonzero(ranking.items >= 0)
    columns = {
        "user": pa.array(user_keys[ranking.users[rows]], pa.string()),
        "item": pa.array(item_keys[ranking.items[rows, places]], pa.string()),
        "rank": pa.array(places + 1, pa.int32()),
        "score": pa.array(ranking.scores[rows, places], pa.float32()),
    }
    pq.write_table(pa.table(columns), path)


def write_qrels(path: Path, test: Interactions, user_keys: Strings, item_keys: Strings) -> None:
    """Write the test items as qrels of relevance 1, by user and item code."""
    pairs = test.distinct()
    _without_spaces("user", user_keys[np.unique(pairs.users)])
    _without_spaces("item", item_keys[np.unique(pairs.items)])
    order = np.lexsort((pairs.items, pairs.users))
    lines = [f"{user_keys[pairs.users[place]]} 0 {item_keys[pairs.items[place]]} 1\n" for place in order]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_trec_run(path: Path, user_keys: Strings, item_keys: Strings) -> Ranking:
    """Read a run of any system over our keys, each user's items by falling score, equals by rank.

    UsageError naming the line for a wrong number of fields and for an unknown user or item.
    """
    users, items = ({str(key): code for code, key in enumerate(keys)} for keys in (user_keys, item_keys))
    lists: dict[int, list[tuple[float, int, int]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"), 1):
        where = f"{path} line {number}"
        fields = line.split()
        if len(fields) != RUN_FIELDS:
            raise UsageError(f"{where}: {len(fields)} fields; want 6 (user Q0 item rank score tag)")
        item = _code(items, fields[2], f"{where}: item")
        place, score = _numbers(where, fields[3], fields[4])
        lists.setdefault(_code(users, fields[0], f"{where}: user"), []).append((-score, place, item))
    return _ranking(lists)


def _ranking(lists: dict[int, list[tuple[float, int, int]]]) -> Ranking:
    depth = max(map(len, lists.values()), default=1)
    items = np.full((len(lists), depth), -1, dtype=np.int64)
    scores = np.full((len(lists), depth), -np.inf, dtype=np.float32)
    users: Ints = np.array(sorted(lists), dtype=np.int64)
    for row, user in enumerate(users):
        best = sorted(lists[user])
        items[row, : len(best)] = [item for _, _, item in best]
        scores[row, : len(best)] = [-score for score, _, _ in best]
    return Ranking(users=users, items=items, scores=scores)


def _ranked(ranking: Ranking) -> Iterator[tuple[int, int, int]]:
    for row, user in enumerate(ranking.users):
        for place, item in enumerate(ranking.items[row]):
            if item >= 0:
                yield int(user), place, int(item)


def _without_spaces(kind: str, keys: Strings) -> None:
    if spaced := [str(key) for key in keys if len(str(key).split()) != 1]:
        raise UsageError(f"TREC file: {kind} {spaced[0]!r}; want keys without spaces: write Parquet, or rename")


def _code(codes: dict[str, int], key: str, where: str) -> int:
    if key not in codes:
        raise UsageError(f"{where} {key!r} is unknown; want one of the {len(codes)} of this dataset")
    return codes[key]


def _numbers(where: str, place: str, score: str) -> tuple[int, float]:
    try:
        return int(place), float(score)
    except ValueError as error:
        raise UsageError(f"{where}: rank {place!r}, score {score!r}; want a whole number and a number") from error
