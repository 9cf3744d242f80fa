"""What must hold for every cell, declared once and walked over the whole catalogue."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Prepared, Settings, prepare
from itdr_hf.records import INSTRUCTION, SPLITS, Example
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.tasks.reading.folds import norm
from itdr_hf.tasks.templates import constants

CELLS = catalogue.published()


@pytest.fixture(scope="module")
def prepared(raw: Path) -> dict[str, Prepared]:
    with open_duckdb() as engine:
        cells = [catalogue.cell(name) for name in CELLS]
        return {c.name: prepare(c, c.recipe(), Settings(raw=raw, warn=lambda text: None), engine) for c in cells}


@pytest.fixture(scope="module")
def examples(prepared: dict[str, Prepared]) -> dict[str, dict[str, list[Example]]]:
    return {
        name: {s: [Example(**row) for batch in cell.batches(s) for row in batch.to_pylist()] for s in SPLITS}
        for name, cell in prepared.items()
    }


def everything(examples: dict[str, dict[str, list[Example]]], name: str) -> list[Example]:
    return [e for split in SPLITS for e in examples[name][split]]


def test_the_catalogue_has_the_papers_33_cells_and_195065_examples():
    assert len(CELLS) == 33
    assert sum(catalogue.cell(name).size for name in CELLS) == 195_065


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_has_examples_in_every_split_of_the_one_schema(name, prepared, examples):
    assert all(examples[name][split] for split in SPLITS)
    assert all(batch.schema == INSTRUCTION.schema for split in SPLITS for batch in prepared[name].batches(split))
    assert list(INSTRUCTION) == INSTRUCTION.schema.names == [f.name for f in fields(Example)]


@pytest.mark.parametrize("name", CELLS)
def test_ids_are_unique_and_carry_the_cell(name, examples):
    ids = [e.id for e in everything(examples, name)]
    assert len(ids) == len(set(ids))
    assert all(i.startswith(f"{name}-") for i in ids)


@pytest.mark.parametrize("name", CELLS)
def test_a_prompt_is_its_template_with_every_slot_filled(name, examples):
    """A title may itself read '{title}', so the prompt is matched against the template's own words."""
    cell = catalogue.cell(name)
    template = cell.source.wording.get(cell.task.answer, cell.task.templates["default"])
    known = constants(cell, cell.recipe())
    words = "".join(
        re.escape(text) + (re.escape(known[slot]) if slot in known else "(?s:.*)" if slot else "")
        for text, slot, _, _ in Formatter().parse(template)
    )
    for example in everything(examples, name):
        assert example.instruction == cell.task.description
        assert re.fullmatch(words, example.input), example.input
        assert example.output.strip() and example.targets
        assert example.input == example.input.strip()


@pytest.mark.parametrize("name", CELLS)
def test_parsing_the_output_gives_back_the_truth(name, examples):
    subtask = catalogue.cell(name).task
    for example in everything(examples, name):
        for strict in (True, False):
            answer = catalogue.cell(name).parse(example.output, example, strict=strict)
            assert answer.fault is None, (example.output, answer)
            if subtask.id == "rp":
                assert float(answer.values[0]) == float(example.targets[0])
            else:
                assert list(answer.values)[: len(example.targets)] == list(example.targets)


@pytest.mark.parametrize("name", CELLS)
def test_candidates_are_distinct_and_the_targets_are_among_them(name, examples):
    cell = catalogue.cell(name)
    for example in everything(examples, name):
        assert len(set(map(norm, example.candidates))) == len(example.candidates)
        if cell.task.id in ("tkr", "cdr", "nir"):
            assert set(example.targets) <= set(example.candidates)
            assert len(example.candidates) == cell.recipe().positives + cell.recipe().negatives
            assert not set(map(norm, example.candidates)) & set(map(norm, example.history))


def test_no_user_and_no_item_is_in_two_splits_of_a_source(prepared):
    import pyarrow.parquet as pq

    seen: dict[tuple[str, str, str], set[str]] = {}
    for name, cell in prepared.items():
        rows = pq.read_table(cell.rows.path, columns=["subject", "split"]).to_pydict()
        for subject, split in zip(rows["subject"], rows["split"], strict=True):
            key = (cell.cell.source.id, cell.cell.task.subject, str(subject))
            seen.setdefault(key, set()).add(split)
        assert name
    assert max(map(len, seen.values())) == 1


def test_counts_add_up_from_what_was_read_to_what_is_kept(prepared):
    for cell in prepared.values():
        steps = cell.tables.record["steps"]
        for table in {step["table"] for step in steps}:
            mine = {step["what"]: step["rows"] for step in steps if step["table"] == table}
            assert sum(n for what, n in mine.items() if what != "kept") == mine["kept"], (cell.cell.name, table, mine)
        counts = {step["what"]: step["rows"] for step in cell.rows.steps}
        assert sum(n for what, n in counts.items() if what != "examples") == counts["examples"], counts
        assert counts["examples"] == sum(cell.rows.counts.values())


@pytest.mark.parametrize("name", ["tkr-movielens32m", "uap-movielens1m"])
def test_another_seed_samples_other_users_but_moves_nobody_between_splits(name, raw, engine):
    import pyarrow.parquet as pq

    cell = catalogue.cell(name)
    rows = [
        pq.read_table(prepare(cell, cell.recipe(seed=s, num_examples=30), Settings(raw=raw), engine).rows.path)
        for s in (0, 1)
    ]
    one, two = (dict(zip(map(str, r["subject"].to_pylist()), r["split"].to_pylist(), strict=True)) for r in rows)
    assert set(one) != set(two)
    assert all(one[user] == two[user] for user in set(one) & set(two))


def test_with_description_off_only_the_instruction_goes(raw, engine):
    cell = catalogue.cell("rp-movielens32m")
    with_, without = (
        [
            r
            for b in prepare(cell, cell.recipe(with_description=w), Settings(raw=raw), engine).batches("test")
            for r in b.to_pylist()
        ]
        for w in (True, False)
    )
    assert [{**r, "instruction": ""} for r in with_] == without
    assert with_[0]["instruction"]


def test_the_number_of_processes_does_not_change_a_byte(prepared, monkeypatch):
    monkeypatch.setattr("itdr_hf.build.render.BATCH", 8)
    cell = prepared["tkr-movielens32m"]
    digests = {
        n: hashlib.sha256(b"".join(str(b.to_pydict()).encode() for b in cell.batches("train", n))).hexdigest()
        for n in (1, 2)
    }
    assert digests[1] == digests[2]
