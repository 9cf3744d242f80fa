"""Every kind of base, trained, asked, exported and put before the harness: each works, or says in one line why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("trl", reason="needs the extra [train]")

from models.bases import BROKEN, LOADED, make_base

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.errors import ModelError
from itdr_hf.models.predict.local import LocalModel
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.train.dry_run import estimate
from itdr_hf.models.train.export import export
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.sft import train

CONFIG = "rp-movielens32m"


@pytest.fixture(scope="module")
def itdr(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases") / "itdr"
    settings = Settings(raw=raw, warn=lambda text: None)
    build_folder(folder, settings, configs=(CONFIG,), changes={"num_examples": 20})
    return folder


def recipe(base: Path) -> TrainRecipe:
    return TrainRecipe(
        model=str(base), base_id="org/base", configs=(CONFIG,), limit=4, eval_limit=0, epochs=1, batch=2,
        accumulation=1, precision="fp32", evaluations=1,
    )  # fmt: skip


def texts(model: LocalModel, itdr: Path) -> list[str]:
    given: list[str] = []
    questions = read_questions(itdr, [CONFIG], "test", limit=2)
    model.answer(questions, lambda question, answered: given.append(answered.text))
    return given


@pytest.mark.parametrize("kind", LOADED)
def test_a_base_is_trained_and_asked_with_the_prompts_it_was_trained_on(itdr: Path, tmp_path: Path, kind: str):
    base = make_base(tmp_path / "base", kind)
    facts = train(itdr, recipe(base), tmp_path / "ad")
    asked = LocalModel(str(base), adapter=str(tmp_path / "ad"), max_tokens=6)
    assert facts["results"]["steps"] == 2 and asked.warnings == () and len(texts(asked, itdr)) == 2
    for name in ("form", "tokenizer", "template"):
        assert facts["prompt"].get(name) == asked.run.settings.get(name)
    assert len(texts(LocalModel(str(base), max_tokens=6), itdr)) == 2


@pytest.mark.parametrize("kind", BROKEN)
def test_a_base_that_cannot_be_used_is_one_line_for_training_and_asking(itdr: Path, tmp_path: Path, kind: str):
    base = make_base(tmp_path / "base", kind)
    for use in (lambda: train(itdr, recipe(base), tmp_path / "ad"), lambda: LocalModel(str(base))):
        with pytest.raises(ModelError) as told:
            use()
        assert BROKEN[kind] in str(told.value) and "\n" not in str(told.value)
    assert not (tmp_path / "ad").exists()


@pytest.mark.parametrize("kind", ["no-template", "dated"])
def test_an_export_names_its_base_by_a_path_that_is_right_from_anywhere(
    itdr: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
):
    base = make_base(tmp_path / "my models" / "base", kind)
    monkeypatch.chdir(tmp_path)
    relative = recipe(Path("my models/base"))
    export(itdr, Path("ex"), "trl", recipe=relative)
    assert yaml.safe_load((tmp_path / "ex/sft.yaml").read_text())["model_name_or_path"] == str(base)
    export(itdr, Path("sh"), "ms-swift", recipe=relative)
    assert f"--model '{base}'" in (tmp_path / "sh/sft.sh").read_text()


def test_a_plain_export_puts_no_template_around_the_prompts(itdr: Path, tmp_path: Path):
    export(itdr, tmp_path / "ex", "llama-factory", recipe=TrainRecipe(model="meta-llama/Llama-3.2-3B"), chat=False)
    assert yaml.safe_load((tmp_path / "ex/sft.yaml").read_text())["template"] == "empty"
    line = json.loads((tmp_path / "ex/data/train.jsonl").read_text().splitlines()[0])
    info = json.loads((tmp_path / "ex/data/dataset_info.json").read_text())["itdr_train"]["columns"]
    assert info == {"prompt": "prompt", "response": "completion"} and line["prompt"].endswith("\n")


def test_a_dry_run_counts_and_measures_and_writes_nothing(itdr: Path, tmp_path: Path):
    base = make_base(tmp_path / "base")
    found = estimate(itdr, recipe(base))
    assert (found.examples, found.steps) == (4, 2) and found.tokens > 4 and found.memory_bytes > 2**20
    assert 0 < found.seconds_a_step <= found.seconds and "2 steps of" in found.sentence()
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
