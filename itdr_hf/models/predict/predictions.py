"""The predictions file: raw answers of one model, appended one by one and then folded into one Parquet file.

While a run lasts its answers are lines of `<name>.journal`, each written whole before the next question is
counted as answered: a kill at any moment loses none, and the next run takes up where this one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.reply import encodable, token_count
from itdr_hf.models.provenance import differing
from itdr_hf.runtime.files import full_disk_named
from itdr_hf.runtime.journal import Journal, read_record

if TYPE_CHECKING:
    import pyarrow as pa

    from itdr_hf.models.predict.questions import Question


class Completion(NamedTuple):
    """What came back for one prompt; finish_reason is stop, length or refused, tokens are None if not counted."""

    text: str
    finish_reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


# Settings that say who answers, not how; and those that only one of two runs may have.
NAMES = {"adapter", "adapter_revision", "adapter_content", "at", "tokenizer", "template", "prompt_date"}
WAYS = {"by", "normalise", "shots"}
Keep = Callable[["Question", Completion], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Who answered, and how: answers of different runs never mix in one file.

    `adapted` says which settings the server did not take, and what was sent instead.
    """

    model: str
    revision: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    adapted: str = ""


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
    """All answers of one run, by example id, in the order of config and id; `damaged` lines could not be read."""

    run: Run
    rows: Mapping[str, Prediction]
    damaged: int = 0


def read_predictions(path: Path) -> Predictions:
    """Return the answers of a file, finished or not. Raises UsageError when there are none."""
    with _journal_of(path) as journal:
        found = _read(path, journal)
    if found is None:
        raise UsageError(f"{path}: no predictions; want a file of `itdr predict`; check the name or make it first")
    return found


class Keeper:
    """Keeps one more answer when it is called; `damaged` lines of the journal it goes on with could not be read."""

    def __init__(self, journal: Journal, run: Run, damaged: int) -> None:
        self._journal, self._run, self.damaged = journal, run, damaged
        journal.append({"run": asdict(run)})

    def __call__(self, question: Question, completion: Completion) -> None:
        row = Prediction(
            id=question.id,
            config=question.config,
            text=encodable(completion.text),
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            model=self._run.model,
            revision=self._run.revision,
            prompt_hash=question.prompt_hash,
        )
        self._journal.append(asdict(row))

    def note(self, adapted: str) -> None:
        """Record how the server was asked otherwise than the settings say."""
        if adapted and adapted != self._run.adapted:
            self._run = replace(self._run, adapted=adapted)
            self._journal.append({"run": asdict(self._run)})


@contextmanager
def open_predictions(path: Path, run: Run) -> Iterator[tuple[Mapping[str, Prediction], Keeper]]:
    """Go on with a file, or begin it: what is answered already, and what keeps one more answer.

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
        with _journal_of(path) as journal:
            found = _read(path, journal)
            if found is not None:
                check_same(path, found.run, run)
                run = replace(run, adapted=found.run.adapted)
            try:
                with full_disk_named(path):
                    journal.cut_torn()
                    yield (found.rows if found else {}), Keeper(journal, run, found.damaged if found else 0)
            finally:
                if journal.path.is_file():
                    _fold(path)
    finally:
        lock.release()


@contextmanager
def _journal_of(path: Path) -> Iterator[Journal]:
    journal = Journal(path.with_name(f"{path.name}.journal"))
    try:
        yield journal
    finally:
        journal.close()


def _read(path: Path, journal: Journal) -> Predictions | None:
    """Return what the file and the lines of its journal hold; None when there is neither."""
    run, rows, damaged = None, {}, 0
    if path.is_file():
        table = _table(path)
        run = Run(**json.loads(table.schema.metadata[b"itdr"]))
        rows = _rows_of(path, table, run)
    for line in journal.new_lines():
        try:
            read = _read_line(line.data)
        except ValueError:  # bytes that a damaged disk or another program left: the question is asked again
            damaged += bool(line.data.strip())
            continue
        if isinstance(read, Run):
            if run is not None:
                check_same(path, run, read)
            run = read
        else:
            rows[read.id] = read
    if run is None and (rows or damaged):
        raise UsageError(
            f"{journal.path}: no line that says who answered, and how; want the journal of one run of `itdr predict`; "
            "move it away to ask anew, or repair its first line"
        )
    return None if run is None else Predictions(run=run, rows=_sorted(rows.values()), damaged=damaged)


def _rows_of(path: Path, table: pa.Table, run: Run) -> dict[str, Prediction]:
    """Return the rows of a file by id. Raises UsageError for files of several runs put together."""
    rows = [Prediction(**row) for row in table.to_pylist()]
    for row in rows:
        check_same(path, run, replace(run, model=row.model, revision=row.revision))
    found = {row.id: row for row in rows}
    if len(found) < len(rows):
        raise UsageError(
            f"{path}: {len(rows) - len(found):,} examples are answered twice; want one answer each; "
            "score the files it was put together from"
        )
    return found


def _read_line(data: bytes) -> Run | Prediction:
    """Return what a line of the journal holds, repaired where an earlier version kept what a server made up.

    Raises ValueError for a line that is neither a run nor an answer.
    """
    fields_of = read_record(data)
    try:
        if "run" in fields_of:
            return Run(**fields_of["run"])
        row = Prediction(**fields_of)
    except TypeError as error:
        raise ValueError(f"not an answer: {error}") from error
    if not all(isinstance(v, str) for v in (row.id, row.config, row.text, row.model, row.revision, row.prompt_hash)):
        raise ValueError("not an answer: a text is none")
    return replace(
        row,
        text=encodable(row.text),
        finish_reason=row.finish_reason if isinstance(row.finish_reason, str) else "stop",
        prompt_tokens=token_count(row.prompt_tokens),
        completion_tokens=token_count(row.completion_tokens),
    )


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


def _fold(path: Path) -> None:
    """Put the journal's answers into the Parquet file; a kill in between leaves both, and reading takes either."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _journal_of(path) as journal:
        found = _read(path, journal)
    if found is None:
        return
    schema = _schema().with_metadata({"itdr": json.dumps(asdict(found.run))})
    draft = path.with_name(f".{path.name}.draft")
    with full_disk_named(path):
        pq.write_table(pa.Table.from_pylist([asdict(row) for row in found.rows.values()], schema), draft)
        draft.replace(path)
        journal.path.unlink()


def asked_otherwise(one: Run, other: Run) -> list[str]:
    """Return in which fields two systems were not asked alike, apart from what each is; nothing for a baseline."""
    mine, theirs = (_identity(run)["settings"] for run in (one, other))
    if "temperature" not in mine or "temperature" not in theirs:
        return []
    both = sorted({*mine.keys() & theirs.keys(), *WAYS} - NAMES)
    found = differing({name: mine.get(name) for name in both}, {name: theirs.get(name) for name in both})
    return [f"{name} {a!r} (against {b!r})" for name, a, b in found]


def check_same(path: Path, have: Run, want: Run, wanted: str = "want one run a file; choose another --out") -> None:
    """Raise UsageError, naming every field that differs, unless two runs ask the same model in the same way."""
    one, two = _identity(have), _identity(want)
    if found := [f"{name} {a!r} (now {b!r})" for name, a, b in differing(one, two)]:
        raise UsageError(f"{path}: holds answers of {', '.join(found)}; {wanted}")


def _identity(run: Run) -> dict[str, Any]:
    return {"model": run.model, "revision": run.revision, "settings": json.loads(json.dumps(dict(run.settings)))}


def _sorted(rows: Iterable[Prediction]) -> dict[str, Prediction]:
    return {row.id: row for row in sorted(rows, key=lambda row: (row.config, row.id))}


def _schema() -> pa.Schema:
    import pyarrow as pa

    whole = {"prompt_tokens", "completion_tokens"}
    return pa.schema([(f.name, pa.int64() if f.name in whole else pa.string()) for f in fields(Prediction)])
