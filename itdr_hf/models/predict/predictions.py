"""The predictions file: raw answers of one model, appended one by one and then folded into one Parquet file.

While a run lasts its answers are lines of `<name>.journal`, each whole on disk before the next question is
counted as answered: a kill at any moment loses none, and the next run takes up where this one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from itdr_hf.errors import UsageError
from itdr_hf.runtime.files import full_disk_named

if TYPE_CHECKING:
    import pyarrow as pa

    from itdr_hf.models.predict.questions import Question


class Completion(NamedTuple):
    """What came back for one prompt; finish_reason is stop, length or refused, tokens are None if not counted."""

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


Keep = Callable[["Question", Completion], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Who answered, and how: answers of different runs never mix in one file."""

    model: str
    revision: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One row of the file."""

    id: str
    config: str
    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str
    revision: str
    prompt_hash: str


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """All answers of one run, by example id, in the order of config and id."""

    run: Run
    rows: Mapping[str, Prediction]


def read_predictions(path: Path) -> Predictions:
    """Return the answers of a file, finished or not. Raises UsageError when there are none."""
    found = _read(path)
    if found is None:
        raise UsageError(f"{path}: no predictions; want a file of `itdr predict`; check the name or make it first")
    return found


@contextmanager
def open_predictions(path: Path, run: Run) -> Iterator[tuple[Mapping[str, Prediction], Keep]]:
    """Go on with a file, or begin it: what is answered already, and the function that keeps one more answer.

    At the end, also after an error or Ctrl-C, the file holds everything kept. Raises UsageError when the file
    is of another model, revision or setting, or being written by another process.
    """
    with full_disk_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise UsageError(f"{path}: another run writes it; want one at a time; wait, or choose another --out") from error
    try:
        found = _read(path)
        if found is not None:
            _check_same(path, found.run, run)
        try:
            with full_disk_named(path), _journal(path).open("a", encoding="utf-8") as journal:
                _say(journal, {"run": asdict(run)})
                yield (found.rows if found else {}), _keeper(journal, run)
        finally:
            if _journal(path).is_file():
                _fold(path)
    finally:
        lock.release()


def _keeper(journal: IO[str], run: Run) -> Keep:
    def keep(question: Question, answered: Completion) -> None:
        text = answered.text.encode("utf-8", "replace").decode()  # a lone surrogate is no text
        row = Prediction(
            id=question.id,
            config=question.config,
            text=text,
            finish_reason=answered.finish_reason,
            prompt_tokens=answered.prompt_tokens,
            completion_tokens=answered.completion_tokens,
            model=run.model,
            revision=run.revision,
            prompt_hash=question.prompt_hash,
        )
        _say(journal, asdict(row))

    return keep


def _say(journal: IO[str], line: Mapping[str, Any]) -> None:
    journal.write("\n" if journal.tell() and line.keys() == {"run"} else "")  # ends what a kill left half written
    journal.write(json.dumps(line) + "\n")
    journal.flush()


def _read(path: Path) -> Predictions | None:
    run, rows = None, {}
    if path.is_file():
        table = _table(path)
        run = Run(**json.loads(table.schema.metadata[b"itdr"]))
        rows = {row["id"]: Prediction(**row) for row in table.to_pylist()}
    for line in _journal_lines(path):
        if "run" in line:
            run = Run(**line["run"])
        else:
            rows[line["id"]] = Prediction(**line)
    return None if run is None else Predictions(run=run, rows=_sorted(rows.values()))


def _table(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:  # the latter where it is damaged inside
        said = " ".join(str(error).split())
        raise UsageError(f"{path}: not a Parquet file, or damaged ({said}); want one of `itdr predict`") from error
    if b"itdr" not in (table.schema.metadata or {}) or table.schema.names != _schema().names:
        raise UsageError(f"{path}: columns {', '.join(table.schema.names)}; want {', '.join(_schema().names)}")
    return table


def _journal_lines(path: Path) -> Iterator[dict[str, Any]]:
    if not _journal(path).is_file():
        return
    for line in _journal(path).read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # the line a kill left half written: its question is asked again
            continue


def _fold(path: Path) -> None:
    """Put the journal's answers into the Parquet file; a kill in between leaves both, and reading takes either."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = _read(path)
    if found is None:
        return
    schema = _schema().with_metadata({"itdr": json.dumps(asdict(found.run))})
    draft = path.with_name(f".{path.name}.draft")
    with full_disk_named(path):
        pq.write_table(pa.Table.from_pylist([asdict(row) for row in found.rows.values()], schema), draft)
        draft.replace(path)
        _journal(path).unlink()


def _check_same(path: Path, have: Run, want: Run) -> None:
    for name in ("model", "revision", "settings"):
        if getattr(have, name) != getattr(want, name):
            raise UsageError(
                f"{path}: holds answers of {name} {getattr(have, name)!r}; want {getattr(want, name)!r}; "
                "choose another --out"
            )


def _sorted(rows: Iterable[Prediction]) -> dict[str, Prediction]:
    return {row.id: row for row in sorted(rows, key=lambda row: (row.config, row.id))}


def _schema() -> pa.Schema:
    import pyarrow as pa

    whole = {"prompt_tokens", "completion_tokens"}
    return pa.schema([(f.name, pa.int64() if f.name in whole else pa.string()) for f in fields(Prediction)])


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}.journal")
