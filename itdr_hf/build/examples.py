"""Make examples from rows, by record shape: the parts that a task makes of each row, and the common columns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

from itdr_hf.build.fitting import fitted
from itdr_hf.build.ids import example_digits, user_hashes
from itdr_hf.errors import unknown
from itdr_hf.records import FACETED, Turn
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell, ExampleParts, Parts, TaskContext
from itdr_hf.tasks.templates import HELD_OUT, MIXED, compile_template, constants, template_text, wording_of

Columns = dict[str, Sequence[Any]]
Filler = tuple[str, Callable[[Mapping[str, str]], str]]  # a template's id, and the function that fills its slots


def make_examples(cell: Cell, recipe: Recipe, rows: pa.Table) -> pa.RecordBatch:
    """Return the examples of rows of a cell's plan, with the columns of the cell's shape."""
    schema = cell.task.shape.schema
    made = MAKERS[cell.task.shape.name](cell, recipe, rows)
    return pa.RecordBatch.from_arrays([pa.array(made[field.name], field.type) for field in schema], schema=schema)


def template_ids(cell: Cell, recipe: Recipe) -> list[str]:
    """Return the ids of the templates used by a cell: one, or for "mixed" all but the one held out.

    If a task's templates come in several wordings (`A7/P1-I0-T3:plain`), they are those of one wording, or of all.
    Raises UsageError for a template that the task does not have.
    """
    templates = cell.task.templates
    if cell.task.shape == FACETED:  # a cell sent to another process has a copy of it
        return _worded(templates, recipe.template)
    if recipe.template not in (*templates, MIXED):
        raise unknown("template", recipe.template, (*templates, MIXED))
    return [t for t in templates if t != HELD_OUT] if recipe.template == MIXED else [recipe.template]


def _worded(templates: Iterable[str], wording: str) -> list[str]:
    """Return the templates of one wording, or for "mixed" of all wordings but the one held out."""
    named = {template: wording_of(template) for template in templates}
    if wording not in (*named.values(), MIXED):
        raise unknown("template", wording, (*dict.fromkeys(named.values()), MIXED))
    return [t for t, one in named.items() if one == wording or (wording == MIXED and one != HELD_OUT)]


def fillers(cell: Cell, recipe: Recipe) -> list[Filler]:
    """Return the compiled templates of a cell. Raises UsageError for an unknown template or slot."""
    known = constants(cell, recipe)
    return [(t, compile_template(template_text(cell, t), known, cell.task.slots)) for t in template_ids(cell, recipe)]


def _instructions(cell: Cell, recipe: Recipe, rows: pa.Table) -> Columns:
    columns, parts = _parts(cell, rows, lambda subject: TaskContext(source=cell.source, recipe=recipe))
    made: Columns = dict(zip(ExampleParts._fields, zip(*parts, strict=True), strict=True))
    subjects, compiled = list(map(str, columns["subject"])), fillers(cell, recipe)
    instruction = cell.task.description if recipe.with_description else ""
    made |= _repeated(len(parts), subtask=cell.task.id, source=cell.source.id, instruction=instruction)
    made |= {"domain": columns["domain"], "user": user_hashes(cell, recipe, subjects)}

    digits = example_digits(made["domain"], made["user"] if cell.task.subject == "user" else subjects, made)
    chosen = [compiled[int(one, 16) % len(compiled)] for one in digits]
    made["id"] = [f"{cell.name}-{one}" for one in digits]
    made["template"] = [template for template, _ in chosen]
    made["input"] = [fill(slots) for (_, fill), slots in zip(chosen, made["slots"], strict=True)]
    return made


def _faceted(cell: Cell, recipe: Recipe, rows: pa.Table) -> Columns:
    """Make instructions whose kind is the row's `form`; the wording is chosen by the subject and the kind."""
    context = TaskContext(source=cell.source, recipe=recipe)
    columns, parts = _parts(cell, rows, lambda subject: context)
    made: Columns = dict(zip(ExampleParts._fields, zip(*parts, strict=True), strict=True))
    subjects, wordings = list(map(str, columns["subject"])), _by_form(fillers(cell, recipe))
    instruction = cell.task.description if recipe.with_description else ""
    made |= _repeated(len(parts), subtask=cell.task.id, source=cell.source.id, instruction=instruction)
    made |= {"domain": columns["domain"], "user": user_hashes(cell, recipe, subjects)}

    asked = zip(subjects, columns["form"], made["slots"], made["history"], strict=True)
    filled = [_filled(wordings[form], recipe, subject, slots, past) for subject, form, slots, past in asked]
    made["template"], made["input"], made["history"] = zip(*filled, strict=True)
    facets = {t: t.partition(":")[0].partition("/")[2].split("-", 2) for t in set(made["template"])}
    told = [facets[template] for template in made["template"]]
    made["preference"], made["intention"], made["task_form"] = zip(*told, strict=True)
    owners = subjects if cell.task.subject == "item" else made["user"]
    return made | {"id": _ids(cell, {**made, "user": owners}, ("domain", "input", "output", "candidates"))}


def _by_form(compiled: Sequence[Filler]) -> dict[str, list[Filler]]:
    """Group compiled templates by the kind of instruction."""
    wordings: dict[str, list[Filler]] = {}
    for template, fill in compiled:
        wordings.setdefault(template.partition(":")[0], []).append((template, fill))
    return wordings


def _filled(
    wordings: Sequence[Filler], recipe: Recipe, subject: str, slots: Mapping[str, str], history: Sequence[str]
) -> tuple[str, str, Sequence[str]]:
    """Return the template, the prompt, and the titles of the history that fit into it."""
    template, fill = wordings[_number(recipe.seed, f"{subject}|{wordings[0][0]}") % len(wordings)]
    return template, *fitted(fill, slots, history, recipe.max_prompt)


def _conversations(cell: Cell, recipe: Recipe, rows: pa.Table) -> Columns:
    made, parts = _chat_columns(cell, recipe, rows)
    made["messages"] = [_messages(part.turns) for part in parts]
    made["loss"] = [[turn.loss for turn in part.turns] for part in parts]
    made["targets"] = [list(part.targets) for part in parts]
    return made | {"id": _ids(cell, made, ("messages", "targets"))}


def _preferences(cell: Cell, recipe: Recipe, rows: pa.Table) -> Columns:
    made, parts = _chat_columns(cell, recipe, rows)
    for name in ("prompt", "chosen", "rejected"):
        made[name] = [_messages(getattr(part, name)) for part in parts]
    made["rejected_kind"] = [part.rejected_kind for part in parts]
    return made | {"id": _ids(cell, made, ("prompt", "chosen", "rejected"))}


MAKERS: dict[str, Callable[[Cell, Recipe, pa.Table], Columns]] = {
    "instruction": _instructions,
    "faceted": _faceted,
    "conversation": _conversations,
    "preference": _preferences,
}


def _chat_columns(cell: Cell, recipe: Recipe, rows: pa.Table) -> tuple[Columns, list[Any]]:
    """Return the common columns of conversations and preferences, and the parts; the subject chooses the template."""
    templates = template_ids(cell, recipe)
    contexts = [TaskContext(source=cell.source, recipe=recipe, template=template) for template in templates]
    columns, parts = _parts(cell, rows, lambda subject: contexts[_number(recipe.seed, subject) % len(contexts)])
    subjects = list(map(str, columns["subject"]))
    made = _repeated(len(parts), task=cell.task.id, source=cell.source.id)
    made["user"] = user_hashes(cell, recipe, subjects)
    made["template"] = [templates[_number(recipe.seed, subject) % len(templates)] for subject in subjects]
    made["reference_by"] = [part.reference_by for part in parts]
    return made, parts


def _parts(
    cell: Cell, rows: pa.Table, context: Callable[[str], TaskContext]
) -> tuple[dict[str, list[Any]], list[Parts]]:
    names = rows.column_names
    columns = dict(zip(names, map(_values, rows.columns), strict=True))
    values = zip(*columns.values(), strict=True)
    if cell.task.shape.instructs:
        shared = context("")
        return columns, [cell.task.example(dict(zip(names, row, strict=True)), shared) for row in values]
    made = (dict(zip(names, row, strict=True)) for row in values)
    return columns, [cell.task.example(row, context(str(row["subject"]))) for row in made]


def _messages(turns: Sequence[Turn]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _ids(cell: Cell, made: Columns, names: Sequence[str]) -> list[str]:
    """Return an id for each example, a hash of its content as for instructions: <config>-<16 hex digits>."""
    contents = zip(made["user"], made["template"], *(made[name] for name in names), strict=True)
    return [f"{cell.name}-{hashlib.md5(repr(content).encode()).hexdigest()[:16]}" for content in contents]


def _number(seed: int, subject: str) -> int:
    return int.from_bytes(hashlib.md5(f"template|{seed}|{subject}".encode()).digest()[:8], "big")


def _repeated(count: int, **values: str) -> Columns:
    """Return columns that have the same value in all examples of a cell."""
    return {name: [value] * count for name, value in values.items()}


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values; a list column is sliced from its flat values, twice as fast as `to_pylist`."""
    if not pa.types.is_list(column.type) or column.null_count:
        return column.to_pylist()  # type: ignore[no-any-return]
    return [value for chunk in column.chunks for value in _lists(chunk)]


def _lists(chunk: pa.ListArray) -> Iterator[list[Any]]:
    places = chunk.offsets.to_pylist()
    values = chunk.values.slice(places[0], places[-1] - places[0]).to_pylist()
    return (values[a - places[0] : b - places[0]] for a, b in pairwise(places))
