"""The record shapes of datasets, with one Arrow schema each, from which all other representations are derived.

The shapes have the names that trainers use: an instruction with its answer, a conversation whose turns may or may not be
trained on, a preference between two answers. This module reads no files and depends on no engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

SPLITS = ("train", "validation", "test")

_MESSAGES = "list<struct<role: string, content: string>>"


class Turn(NamedTuple):
    """One message of a conversation; `loss` is true if a model is trained on it."""

    role: str
    content: str
    loss: bool = False


@dataclass(frozen=True)
class Shape:
    """The columns of a kind of row: name -> type, in a notation that `_TYPES` translates."""

    name: str
    columns: Mapping[str, str] = field(hash=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.columns)

    @property
    def instructs(self) -> bool:
        """True if its rows are instructions, with all columns of INSTRUCTION and possibly more."""
        return set(INSTRUCTION.columns) <= set(self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return _schema(self.name, tuple(self.columns.items()))

    def empty(self, column: str) -> Any:
        """Return the empty value of a column: an empty list or an empty text."""
        return [] if self.columns[column].startswith("list") else ""

    def sql_type(self, column: str) -> str:
        """Return the type of a column in DuckDB's notation."""
        return _sql(self.schema.field(column).type)

    def feature(self, column: str) -> dict[str, Any]:
        """Return a column in the notation of `dataset_info` in a dataset card."""
        return {"name": column, **_feature(self.schema.field(column).type)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


INSTRUCTION = Shape(
    "instruction",
    {
        "id": "string",  # <config>-<16 hex digits>, a hash of the content, stable across builds
        "subtask": "string",
        "source": "string",
        "domain": "string",  # Amazon's category, or "A > B" for cross-domain; else ""
        "instruction": "string",  # the task description; "" if built without it
        "input": "string",  # the prompt
        "output": "string",  # the reference answer
        "history": "list<string>",  # titles of the history, in the order shown
        "history_ratings": "list<double>",  # RP: the rating of each title; else empty
        "candidates": "list<string>",
        "targets": "list<string>",  # RP the rating, TKR/CDR the positives, NIR the item, UAP values, IR/TUI text
        "target_names": "list<string>",  # UAP: the attribute that each target is a value of
        "user": "string",  # salted hash, never the raw id; "" for TUI
        "template": "string",  # the wording of the prompt
        "reference_by": "string",  # the author of the output: data, extractive, or <model>@<version of the teacher prompt>
    },
)
FACETED = Shape(
    "faceted",
    {
        **INSTRUCTION.columns,
        "preference": "string",  # known of the user in the prompt: P0 nothing, P1 titles, P2 a text, P1P2 both
        "intention": "string",  # the stated wish: I0 none, I1 vague, I2 categories, P2 a preference
        "task_form": "string",  # the question: T0 a judgement, T2 an item, T3 a choice, or an inverted form
    },
)
CONVERSATION = Shape(
    "conversation",
    {
        "id": "string",
        "task": "string",
        "source": "string",
        "user": "string",
        "messages": _MESSAGES,
        "loss": "list<bool>",  # for each message, whether a model is trained on it
        "targets": "list<string>",
        "template": "string",
        "reference_by": "string",
    },
)
PREFERENCE = Shape(
    "preference",
    {
        "id": "string",
        "task": "string",
        "source": "string",
        "user": "string",
        "prompt": _MESSAGES,
        "chosen": _MESSAGES,
        "rejected": _MESSAGES,
        "rejected_kind": "string",  # how the rejected answer was made
        "reference_by": "string",
    },
)
SHAPES = {shape.name: shape for shape in (INSTRUCTION, FACETED, CONVERSATION, PREFERENCE)}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One instruction, as in a Parquet row; fields as in INSTRUCTION."""

    id: str
    subtask: str
    source: str
    domain: str
    instruction: str
    input: str
    output: str
    history: list[str]
    history_ratings: list[float]
    candidates: list[str]
    targets: list[str]
    target_names: list[str]
    user: str
    template: str
    reference_by: str


@cache
def _schema(name: str, columns: tuple[tuple[str, str], ...]) -> pa.Schema:
    import pyarrow as pa

    messages = pa.struct([("role", pa.string()), ("content", pa.string())])
    types = {
        "string": pa.string(),
        "list<string>": pa.list_(pa.field("item", pa.string())),
        "list<double>": pa.list_(pa.field("item", pa.float64())),
        "list<bool>": pa.list_(pa.field("item", pa.bool_())),
        _MESSAGES: pa.list_(pa.field("item", messages)),
    }
    return pa.schema([(column, types[kind]) for column, kind in columns])


def _sql(kind: pa.DataType) -> str:
    import pyarrow.types as of

    if of.is_list(kind):
        return f"{_sql(kind.value_type)}[]"
    if of.is_struct(kind):
        return f"STRUCT({', '.join(f'{part.name} {_sql(part.type)}' for part in kind)})"
    return {"string": "VARCHAR", "double": "DOUBLE", "bool": "BOOLEAN"}[str(kind)]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return a type as `datasets` writes features into a card; a list of structs is represented by its fields."""
    import pyarrow.types as of

    if of.is_struct(kind):
        return {"struct": [{"name": part.name, **_feature(part.type)} for part in kind]}
    if of.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("struct") or inner["dtype"]}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}
