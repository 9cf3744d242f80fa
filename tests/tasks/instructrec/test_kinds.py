"""The 39 kinds of instruction: slots, order and target as the paper has them, whole prompts pinned, read back.

The pinned prompts are of one made-up row. After an intended change run with ITDR_GOLDEN=write, and read the diff.
"""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path
from string import Formatter

import pytest

from itdr_hf import catalogue
from itdr_hf.build.examples import template_ids
from itdr_hf.records import Example
from itdr_hf.tasks.instructrec.kinds import Kind, Variant, facets, variants
from itdr_hf.tasks.instructrec.writing import ALL_KINDS, example
from itdr_hf.tasks.task import Cell
from itdr_hf.tasks.templates import HELD_OUT, compile_template, constants

HERE = Path(__file__).parent
SCENARIOS = {"A": "seqrec", "B": "search", "C": "persearch"}
LETTERS = {"history": "H", "preference": "P", "query": "Q", "title": "X", "candidates": "C"}
ROW = {
    "history": ["Star Harbor", "Kart Rally 2", "Dune Runner", "Farm Days", "Night Puzzle", "Castle of Glass"],
    "target": "Moon Miner", "categories": "PC, Simulation", "negatives": [f"Other {n}" for n in range(1, 10)],
    "general": "The user prefers Racing and Puzzle, often from Lumen.", "long": "The user has kept coming back to Racing.",
    "short": "The user has lately turned to Puzzle.", "wish_user": "I want something slow to play after work.",
    "wish_item": "I want something that is calm and looks good.", "texts_by": "rule", "order": "0" * 32, "split": "test", "subject": "u",
}  # fmt: skip
EVERY = [variant for kind in ALL_KINDS.values() for variant in variants([kind])]


def cell_of(kind: Kind) -> Cell:
    return catalogue.cell(f"{SCENARIOS[kind.id[0]]}-amazon2018")


def made(variant: Variant, wording: str = "default") -> Example:
    """The example of a variant, as a build makes it of ROW."""
    cell = cell_of(variant.kind)
    template = variant.id + ("" if wording == "default" else f":{wording}")
    parts = example({**ROW, "form": variant.id}, cell.context)
    fill = compile_template(cell.task.templates[template], constants(cell, cell.recipe()), cell.task.slots)
    return Example(
        id="x", subtask=cell.task.id, source="amazon2018", domain="", instruction="", input=fill(parts.slots),
        output=parts.output, history=list(parts.history), history_ratings=[], candidates=list(parts.candidates),
        targets=list(parts.targets), target_names=list(parts.target_names), user="", template=template,
        reference_by=parts.reference_by,
    )  # fmt: skip


def test_there_are_39_kinds_and_as_many_of_each_form_as_in_the_paper():
    assert [sum(name.startswith(letter) for name in ALL_KINDS) for letter in "ABC"] == [17, 9, 13]
    forms = [kind.form for kind in ALL_KINDS.values()]
    assert (forms.count("T2"), forms.count("T3"), forms.count("T0")) == (15, 12, 2)
    assert sum(form.startswith("reverse") for form in forms) == 7
    assert (forms.count("relatedness"), forms.count("cot")) == (2, 1)


@pytest.mark.parametrize("kind", ALL_KINDS.values(), ids=ALL_KINDS)
def test_every_wording_has_the_slots_of_its_kind_in_their_order(kind):
    assert set(kind.wordings) == {"default", "plain", HELD_OUT}
    for text in kind.wordings.values():
        fields = [field for _, field, _, _ in Formatter().parse(text) if field in LETTERS]
        assert "".join(LETTERS[field] for field in fields) == kind.order, text
        assert not re.search(r"\b[Aa]n? \{item\}", text), "an anime, a movie: no article fits all sources"


@pytest.mark.parametrize("kind", ALL_KINDS.values(), ids=ALL_KINDS)
def test_the_prompt_and_answer_of_a_kind_are_the_pinned_ones(kind):
    shown = [made(variant) for variant in variants([kind])]
    text = "\n".join(f"[{e.template} by {e.reference_by}]\n{e.input}\n[answer]\n{e.output}\n" for e in shown)
    path = HERE / "golden" / f"{kind.id}.txt"
    if os.environ.get("ITDR_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("variant", EVERY, ids=lambda variant: variant.id)
def test_a_kind_reads_its_own_output_back(variant):
    for wording in variant.kind.wordings:
        shown = made(variant, wording)
        for strict in (True, False):
            answer = cell_of(variant.kind).parse(shown.output, shown, strict=strict)
            assert (answer.fault, list(answer.values)) == (None, shown.targets), (shown.template, strict)


def test_a_ranking_of_all_candidates_is_read_as_one_and_its_first_is_the_choice():
    shown = made(next(v for v in EVERY if v.id == "A7/P1-I0-T3"))
    listed = [*shown.candidates[1:], shown.candidates[0]]
    text = "\n".join(f"{n}. {title}" for n, title in enumerate(listed, 1))
    assert list(cell_of(ALL_KINDS["A7"]).parse(text, shown).values) == listed


def test_a_stated_preference_is_left_out_without_a_trace_and_never_told_twice():
    without = made(next(v for v in EVERY if v.id == "A7/P1-I0-T3"))
    assert "taste:" not in without.input and "[[" not in without.input and "\n\n" not in without.input
    for variant in EVERY:
        shown = made(variant)
        assert "[[" not in shown.input and "]]" not in shown.input
        assert shown.input.count(ROW["general"]) == (variant.preference != "P1" and variant.preference != "P0") + (
            variant.intention == "P2"
        )


def test_all_instructions_of_a_subject_offer_the_same_candidates_in_the_same_order():
    offered = {tuple(made(v).candidates) for v in EVERY if v.kind.form == "T3"}
    assert len(offered) == 1 and len(next(iter(offered))) == 10


def test_a_template_id_says_what_the_columns_say():
    assert facets("C10/P1-I1-T3:plain") == ("C10", "P1", "I1", "T3", "plain")
    assert facets("A14/P1-I0-reverse-preference") == ("A14", "P1", "I0", "reverse-preference", "default")
    assert all(re.fullmatch(r"[ABC]\d+/P(0|1|2|1P2)-(I[012]|P2)-[\w-]+", variant.id) for variant in EVERY)


@pytest.mark.parametrize("name", [*catalogue.published("instructrec"), "preference-amazon2018", "intention-amazon2018"])
def test_a_cell_that_is_sent_to_another_process_is_worded_there_as_here(name):
    cell = catalogue.cell(name)
    sent = pickle.loads(pickle.dumps(cell))
    wordings = template_ids(cell, cell.recipe())
    assert sent.name == name and template_ids(sent, cell.recipe()) == wordings
    assert wordings and not any(HELD_OUT in wording for wording in wordings)
