"""What is trained on is counted with a model's own tokenizer, and an adapter is asked with the prompts it was tuned on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.adapters import open_adapter
from itdr_hf.models.train.data import count_masks, mixed_rows
from itdr_hf.models.train.masks import MaskCounts
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.same_prompts import check_prompts
from itdr_hf.models.train.turns import Piece

CONFIG = "uap-movielens1m"
BEGIN, END = 1, 2


class Marks:
    """A tokenizer as far as counting goes."""

    bos_token_id = BEGIN
    all_special_ids = (BEGIN, END)


def counted(*pieces: Piece, most: int = 10) -> MaskCounts:
    counts = MaskCounts()
    counts.add("a", pieces, Marks(), most)
    return counts


def test_every_fault_of_a_row_is_counted_and_the_first_row_named():
    assert counted(Piece([BEGIN, 5], False), Piece([6, END], True)).faults == []
    silent = counted(Piece([BEGIN, 5], False), Piece([6, END], False))
    assert silent.all_masked == 1 and "1 of 1 rows have no token to train on, a first" in silent.sentence()
    assert counted(Piece([BEGIN, 5], False), Piece([6, 7], True)).no_end == 1
    assert counted(Piece([BEGIN, BEGIN, 5], False), Piece([6, END], True)).double_begin == 1
    long = counted(Piece([5] * 9, False), Piece([6, END], True))
    assert (long.cut, long.answer_cut) == (1, 1)
    with pytest.raises(UsageError, match="have no token to train on, a first; want none"):
        silent.refuse()
    with pytest.raises(UsageError, match="begin with two tokens that begin a text"):
        counted(Piece([BEGIN, BEGIN], False), Piece([END], True)).refuse()


def test_trained_tokens_are_counted_turn_by_turn():
    counts = counted(Piece([5], False), Piece([6, END], True), Piece([5], False), Piece([6, 6, END], True))
    counts.add("b", [Piece([5], False), Piece([6, 6, 6, END], True)], Marks(), 10)
    assert counts.facts["turns"] == [[2, 3.0, 4], [3, 3.0, 3]] and counts.facts["rows"] == 2


def test_the_counts_are_those_that_training_keeps(itdr: Path, base: Path, recipe: TrainRecipe, tuned: Path):
    from itdr_hf.models.pretrained import load_tokenizer

    kept = json.loads((tuned / "recipe.json").read_text())["data"]["train"]["masks"]
    mix = mixed_rows(Dataset.open(itdr), "train", replace(recipe, model=str(base)))
    assert count_masks(mix, load_tokenizer(str(base)), recipe.max_length).facts == kept
    assert kept["rows"] == 48 and kept["all_masked"] == kept["no_end"] == kept["double_begin"] == 0


def test_an_export_says_what_a_models_tokenizer_would_have_it_trained_on(itdr: Path, base: Path, tmp_path: Path):
    words = ["export", str(itdr), "--format", "trl", "--out", str(tmp_path / "out"), "--config", CONFIG, "--plain"]
    words += ["--check-with", str(base)]
    done = subprocess.run([sys.executable, "-m", "itdr_hf", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "rows, trained tokens turn 1: " in " ".join(done.stdout.split())


def test_an_adapter_is_not_asked_with_other_prompts_unless_told(itdr: Path, tuned: Path, tmp_path: Path):
    from itdr_hf.models.pretrained import load_tokenizer

    dataset, tokenizer = Dataset.open(itdr), load_tokenizer(str(tuned))
    check_prompts(dataset, [CONFIG, "rp-movielens32m"], open_adapter(str(tuned)), tokenizer)
    other = Path(shutil.copytree(tuned, tmp_path / "other"))
    facts = json.loads((other / "recipe.json").read_text())
    facts["prompt"]["cells"][CONFIG] = "0" * 16
    (other / "recipe.json").write_text(json.dumps(facts))
    with pytest.raises(UsageError, match=f"other: was tuned on {CONFIG} with prompts 0000.* --other-prompts"):
        check_prompts(dataset, [CONFIG], open_adapter(str(other)), tokenizer)
    check_prompts(dataset, ["rp-movielens32m"], open_adapter(str(other)), tokenizer)


@pytest.fixture
def otherwise(tuned: Path, tmp_path: Path) -> Path:
    """An adapter that was tuned on other words of the cell."""
    folder = Path(shutil.copytree(tuned, tmp_path / "otherwise"))
    facts = json.loads((folder / "recipe.json").read_text())
    facts["prompt"]["cells"][CONFIG] = "0" * 16
    (folder / "recipe.json").write_text(json.dumps(facts))
    return folder


def test_predict_and_an_experiment_refuse_other_prompts_alike_unless_told(
    itdr: Path, base: Path, otherwise: Path, tmp_path: Path
):
    from typer.testing import CliRunner

    from itdr_hf.cli.app import app
    from itdr_hf.experiments.systems import Asking, open_system

    words = [
        "predict",
        str(itdr),
        "--model",
        str(base),
        "--adapter",
        str(otherwise),
        "--config",
        CONFIG,
        "--limit",
        "1",
    ]
    words += ["--max-tokens", "2", "--out", str(tmp_path / "p.parquet")]
    refused = CliRunner().invoke(app, words)
    asking = Asking(model=str(base), adapter=otherwise)
    with pytest.raises(UsageError, match=r"with --other-prompts") as told:
        open_system(asking, Dataset.open(itdr), [CONFIG])
    assert str(refused.exception) == str(told.value)
    assert CliRunner().invoke(app, [*words, "--other-prompts"]).exit_code == 0
    allowed = replace(asking, other_prompts=True)
    assert open_system(allowed, Dataset.open(itdr)).run.settings["adapter"] == "otherwise"
    assert "--other-prompts" in allowed.words() and "--other-prompts" not in asking.words()


def test_prompts_without_their_task_description_are_other_prompts(itdr: Path, base: Path, tmp_path: Path):
    """As in the arm that is tuned without descriptions and asked with them."""
    from itdr_hf.experiments.declaration import Data
    from itdr_hf.experiments.folders import write_data
    from itdr_hf.models.pretrained import load_tokenizer
    from itdr_hf.models.train.data import prompt_facts

    data = Data(name="bare", protocol="whole", blanked="train", configs=(CONFIG,))
    bare, tokenizer = write_data(data, itdr, tmp_path / "bare", sampled=1.0), load_tokenizer(str(base))
    found = {
        split: prompt_facts(bare, [CONFIG], tokenizer, split=split)["cells"][CONFIG] for split in ("train", "test")
    }
    whole = prompt_facts(itdr, [CONFIG], tokenizer)["cells"][CONFIG]
    assert found["test"] == whole != found["train"]
