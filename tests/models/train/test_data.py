"""From rows to tokens, with a tokenizer of words made by hand: no torch is needed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.train.data import IGNORED, dataset_facts, encode, encode_row, mixed_rows
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.prompts import token_ids

RECIPE = TrainRecipe(model="x", configs=("rp", "nir"))


class Letters:
    """A tokenizer whose tokens are characters; with a template, turns end in token 2, which is not its end-of-text."""

    eos_token_id = 1
    all_special_ids = (1, 2)

    def __init__(self, chat_template: str | None = None) -> None:
        self.chat_template = chat_template

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        bos = [0] if add_special_tokens else []
        return {"input_ids": bos + [2 if letter == "\x02" else ord(letter) + 10 for letter in text]}

    def apply_chat_template(self, turns: Any, tokenize: bool, add_generation_prompt: bool = False) -> str:
        written = "".join(f"<{turn['role']}>{turn['content']}\x02\n" for turn in turns)
        return written + ("<assistant>" if add_generation_prompt else "")


ROW = {"id": "a", "instruction": "Do.", "input": "What?", "output": "4.5"}


def text(ids: list[int]) -> str:
    return "".join(chr(token - 10) for token in ids if token >= 10)


def test_the_prompt_is_tokenised_as_prediction_does_and_the_answer_ends_in_end_of_text(itdr: Path):
    question = read_questions(itdr, ["rp"], "train", limit=1)[0]
    row = next(row for row in mixed_rows(itdr, "train", RECIPE)["rp-movielens32m"] if row["id"] == question.id)
    for tokenizer in (Letters(), Letters("a template")):
        asked, answer = encode_row(row, tokenizer)
        assert asked == token_ids(tokenizer, question)
        assert answer[-1] == tokenizer.eos_token_id and text(answer) == row["output"]


def test_a_templates_own_end_of_turn_is_kept_and_what_follows_it_is_not_taught():
    asked, answer = encode_row(ROW, Letters("a template"))
    assert text(asked) == "<user>Do.\nWhat?" + "\n<assistant>"
    assert answer[-2:] == [2, 1] and text(answer[:-2]) == "4.5"


def test_only_the_answer_carries_the_loss():
    made = encode({"rp": [ROW]}, Letters(), RECIPE, 10_000)
    (ids,), (labels,) = made.input_ids, made.labels
    trained = [token for token, label in zip(ids, labels, strict=True) if label != IGNORED]
    assert text(trained) == "4.5" and trained[-1] == 1
    assert made.facts["answer_tokens"] == 4 and made.facts["tokens"] == len(ids) == made.facts["longest"]


def test_a_length_overflow_says_how_many_which_and_what_to_do():
    rows = [ROW, {**ROW, "id": "long", "input": "What?" * 20}]
    with pytest.raises(
        UsageError, match=r"1 of 2 examples are longer than 50 tokens, long most with 110;.*--allow-cut"
    ):
        encode({"rp": rows}, Letters(), TrainRecipe(model="x", max_length=50), 10_000)


def test_what_may_be_cut_loses_the_beginning_of_its_prompt_and_is_counted():
    rows = [ROW, {**ROW, "id": "long", "input": "What?" * 20}]
    made = encode({"rp": rows}, Letters(), TrainRecipe(model="x", max_length=50, allow_cut=True), 10_000)
    assert made.cut == 1 and len(made.input_ids) == 2 and len(made.input_ids[1]) == 50
    assert text(made.input_ids[1]).endswith("What?\n4.5")


def test_an_answer_that_does_not_fit_is_an_error_even_where_prompts_may_be_cut():
    recipe = TrainRecipe(model="x", max_length=3, allow_cut=True)
    with pytest.raises(UsageError, match="4 tokens from the first answer on; want less than 3"):
        encode({"rp": [ROW]}, Letters(), recipe, 10_000)


def test_the_models_own_limit_holds_where_it_is_lower():
    with pytest.raises(UsageError, match="longer than 10 tokens"):
        encode({"rp": [ROW]}, Letters(), RECIPE, 10)


def test_weights_take_a_fixed_part_or_repeat_whole(itdr: Path):
    plain = mixed_rows(itdr, "train", RECIPE)
    mix = mixed_rows(itdr, "train", TrainRecipe(model="x", configs=("rp", "nir"), weights={"rp": 0.5, "nir-*": 2.5}))
    size = {name: len(rows) for name, rows in plain.items()}
    assert len(mix["rp-movielens32m"]) == round(size["rp-movielens32m"] / 2)
    assert len(mix["nir-movielens32m"]) == 2 * size["nir-movielens32m"] + round(size["nir-movielens32m"] / 2)
    again = mixed_rows(itdr, "train", TrainRecipe(model="x", configs=("rp", "nir"), weights={"rp": 0.5, "nir-*": 2.5}))
    assert again == mix


def test_validation_is_never_weighted(itdr: Path):
    weighted = TrainRecipe(model="x", configs=("rp",), weights={"rp": 0.0}, eval_limit=5)
    assert [len(rows) for rows in mixed_rows(itdr, "validation", weighted).values()] == [5]


def test_a_weight_of_a_cell_without_validation_is_no_error_of_validation(itdr: Path, monkeypatch: pytest.MonkeyPatch):
    whole = Dataset.has
    monkeypatch.setattr(
        Dataset, "has", lambda self, name, split: split == "train" or ("rp" in name and whole(self, name, split))
    )
    weighted = TrainRecipe(model="x", configs=("rp", "nir"), weights={"nir": 0.5}, eval_limit=5)
    assert list(mixed_rows(itdr, "validation", weighted)) == ["rp-movielens32m"]


def test_a_weight_of_a_config_outside_the_mix_is_an_error(itdr: Path):
    with pytest.raises(UsageError, match="weight of uap: none of the mix"):
        mixed_rows(itdr, "train", TrainRecipe(model="x", configs=("rp",), weights={"uap": 2.0}))


def test_a_missing_column_is_named_with_its_file(itdr: Path, tmp_path: Path):
    shutil.copytree(itdr, tmp_path / "itdr")
    path = next((tmp_path / "itdr" / "rp-movielens32m").glob("train-*"))
    pq.write_table(pq.read_table(path).drop(["output"]), path)
    with pytest.raises(UsageError, match=r"train-.*: no column output; want the one schema; build the cell again"):
        mixed_rows(tmp_path / "itdr", "train", RECIPE)


def test_a_file_that_is_not_the_ledgers_is_refused(itdr: Path, tmp_path: Path):
    shutil.copytree(itdr, tmp_path / "itdr")
    path = next((tmp_path / "itdr" / "nir-movielens32m").glob("validation-*"))
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(UsageError, match=r"validation-.*sha256 .*as in ledger.json; build it again"):
        dataset_facts(tmp_path / "itdr", RECIPE)
    assert set(dataset_facts(itdr, RECIPE)["cells"]) == {"rp-movielens32m", "nir-movielens32m"}


def test_the_content_of_a_mix_depends_on_its_cells_alone(itdr: Path):
    facts = dataset_facts(itdr, RECIPE)
    assert facts["cells"]["rp-movielens32m"]["content"] == Dataset.open(itdr).cells["rp-movielens32m"].content
    assert facts["content"] == dataset_facts(itdr, TrainRecipe(model="y", configs=("nir", "rp")))["content"]
    assert facts["content"] != dataset_facts(itdr, TrainRecipe(model="y", configs=("nir",)))["content"]
    assert facts["simulated"] and facts["version"] == Dataset.open(itdr).version


def test_a_tokenizer_without_an_end_cannot_teach_one():
    tokenizer = Letters()
    tokenizer.eos_token_id = None  # type: ignore[assignment]
    with pytest.raises(UsageError, match="no end-of-text token"):
        encode_row(ROW, tokenizer)


def test_a_template_that_asks_otherwise_than_it_teaches_is_refused():
    class Odd(Letters):
        def apply_chat_template(self, turns: Any, tokenize: bool, add_generation_prompt: bool = False) -> str:
            return f"{len(turns)}{super().apply_chat_template(turns, tokenize, add_generation_prompt)}"

    with pytest.raises(UsageError, match="chat template: with the answer it does not begin as it does when it asks"):
        encode_row(ROW, Odd("a template"))
