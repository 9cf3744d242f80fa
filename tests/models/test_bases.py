"""Every kind of base, trained, asked, exported and put before the harness: each is right, or one line says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
from itdr_hf.score.harness import write_tasks
from itdr_hf.score.harness_model import harness_model

CONFIG = "rp-movielens32m"
SHORT = 6  # tokens of an answer
USES = ("train", "predict", "export", "harness")


@pytest.fixture(scope="module")
def itdr(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases") / "itdr"
    settings = Settings(raw=raw, warn=lambda text: None)
    build_folder(folder, settings, configs=(CONFIG,), changes={"num_examples": 20, "history": 4})
    return folder


def recipe(base: Path) -> TrainRecipe:
    return TrainRecipe(
        model=str(base), base_id="org/base", configs=(CONFIG,), limit=4, eval_limit=0, epochs=1, batch=2,
        accumulation=1, precision="fp32", evaluations=1, gradient_checkpointing=False,
    )  # fmt: skip


class Row:
    """One row of the matrix: a base of some kind, made once, and what its cells share."""

    def __init__(self, kind: str, home: Path, itdr: Path) -> None:
        self.kind, self.home, self.itdr = kind, home, itdr

    @cached_property
    def base(self) -> Path:
        return make_base(self.home / "base", self.kind)

    @cached_property
    def facts(self) -> dict[str, Any]:
        return train(self.itdr, recipe(self.base), self.home / "ad")

    @cached_property
    def asked(self) -> LocalModel:
        return LocalModel(str(self.base), max_tokens=SHORT)

    @cached_property
    def texts(self) -> dict[str, str]:
        """What the base answers to two questions."""
        return texts(self.asked, self.itdr)

    @property
    def chats(self) -> bool:
        return bool(self.asked.tokenizer.chat_template)

    def train(self) -> None:
        """Trained in two steps, on the prompts that it is asked with."""
        assert self.facts["results"]["steps"] == 2
        for name in ("form", "tokenizer", "template"):
            assert self.facts["prompt"].get(name) == self.asked.run.settings.get(name)

    def predict(self) -> None:
        """Alone and with its adapter it answers, and nothing is doubtful about the pair."""
        assert self.facts and len(self.texts) == 2
        tuned = LocalModel(str(self.base), adapter=str(self.home / "ad"), max_tokens=SHORT)
        assert tuned.warnings == () and len(texts(tuned, self.itdr)) == 2

    def export(self) -> None:
        """The trainer finds the base from anywhere, and asks in the form and with the date of `predict`."""
        export(self.itdr, self.home / "ex", "trl", recipe=recipe(self.base))
        config = yaml.safe_load((self.home / "ex/sft.yaml").read_text())
        line = json.loads((self.home / "ex/data/train.jsonl").read_text().splitlines()[0])
        assert config["model_name_or_path"] == str(self.base)
        if self.kind in BROKEN:  # quantised: a trainer may have the library that is wanting here
            return
        assert isinstance(line["prompt"], list) is self.chats
        pinned = self.home / "ex/chat_template.jinja"
        assert pinned.is_file() is (config.get("chat_template_path") == pinned.name) is (self.kind == "dated")
        assert not pinned.is_file() or pinned.read_text() == self.asked.tokenizer.chat_template

    def harness(self) -> None:
        """lm_eval with the printed arguments asks with the very tokens of `predict`, and gets the same answers."""
        made = harness_model(str(self.base), self.home / "tasks")
        if find_spec("lm_eval") is None:
            pytest.skip("needs lm_eval: make test-train")
        names = write_tasks(self.itdr, self.home / "tasks", [CONFIG], plain=not made.chat)
        assert answered_by_lm_eval(self.home / "tasks", names, made.arguments, made.generation, made.chat) == list(
            self.texts.values()
        )


def texts(model: LocalModel, itdr: Path) -> dict[str, str]:
    given: dict[str, str] = {}
    questions = read_questions(itdr, [CONFIG], "test", limit=2)
    model.answer(questions, lambda question, answered: given.update({question.id: answered.text}))
    return {question.id: given[question.id] for question in questions}


def answered_by_lm_eval(tasks: Path, names: list[str], arguments: str, generation: str, chat: bool) -> list[str]:
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    given = ",".join(filter(None, (generation, f"max_gen_toks={SHORT}")))
    with patch("lm_eval.evaluator.add_env_info"):  # which asks every tool on the machine for its version
        found = simple_evaluate(
            model="hf", model_args=arguments, tasks=names, task_manager=manager, limit=2, device="cpu", batch_size=1,
            gen_kwargs=given, apply_chat_template=chat, log_samples=True, bootstrap_iters=0, verbosity="ERROR",
        )  # fmt: skip
    return [sample["filtered_resps"][0] for sample in found["samples"][names[0]]]


@pytest.fixture(scope="module")
def rows(itdr: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Row]:
    made: dict[str, Row] = {}

    def row(kind: str) -> Row:
        if kind not in made:
            made[kind] = Row(kind, tmp_path_factory.mktemp(kind), itdr)
        return made[kind]

    return row


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", [*LOADED, *BROKEN])
def test_each_kind_of_base_is_used_rightly_or_refused_in_one_line(rows: Callable[[str], Row], kind: str, use: str):
    row = rows(kind)
    cell = getattr(row, use)
    if kind in LOADED or (kind, use) == ("quantised", "export"):
        return cell()
    with pytest.raises(ModelError) as told:
        cell()
    assert BROKEN[kind] in str(told.value) and "\n" not in str(told.value) and "; want " in str(told.value)
    assert [path.name for path in row.home.iterdir() if path.name not in ("base", "ex")] == []


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
