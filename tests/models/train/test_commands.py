"""train, export and push-adapter as they are typed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from models.train.made import write_adapter
from typer.testing import CliRunner

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from itdr_hf.errors import UsageError


def said(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no base model; want --model, --preset or --recipe"),
        (["--preset", "tiny", "--recipe", "r.yaml"], "want one of them"),
        (["--model", "org/x", "--weight", "nir"], "--weight nir: want config=number"),
        (["--model", "org/x", "--weight", "nir=much"], "--weight nir=much: want config=number"),
    ],
)
def test_a_train_command_that_does_not_fit_says_what_it_wants(itdr: Path, arguments: list[str], message: str):
    result = said("train", str(itdr), "--output", "x", *arguments)
    assert isinstance(result.exception, UsageError) and message in str(result.exception)


def test_without_the_extra_the_message_says_how_to_get_it(itdr: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    extra = importlib.import_module("itdr_hf.models.pretrained")
    monkeypatch.setattr(extra, "import_module", absent)
    result = said("train", str(itdr), "--model", "org/x", "--output", str(tmp_path / "x"))
    assert "transformers is not installed" in str(result.exception) and "[train]" in str(result.exception)


def test_export_writes_and_says_the_exact_command(itdr: Path, tmp_path: Path):
    out = tmp_path / "out"
    result = said("export", str(itdr), "--format", "llama-factory", "--out", str(out), "--config", "rp", "--limit", "7")
    assert result.exit_code == 0 and "7 train" in result.output and "llamafactory-cli train sft.yaml" in result.output
    assert json.loads((out / "export.json").read_text())["recipe"]["model"] == "meta-llama/Llama-3.2-3B"


def test_training_on_references_by_rule_is_warned_of_and_on_the_data_itself_is_not(
    raw: Path, itdr: Path, tmp_path: Path
):
    texts = tmp_path / "texts"
    build_folder(texts, Settings(raw=raw), configs=["tui-movielens32m"], changes={"num_examples": 20})
    by_rule, plain = (
        said("export", str(folder), "--format", "jsonl", "--out", str(tmp_path / "out" / folder.name))
        for folder in (texts, itdr)
    )
    assert "warning: references put together by rule (tui-" in by_rule.stderr and by_rule.exit_code == 0
    assert "warning" not in plain.stderr


def test_push_adapter_refuses_before_it_asks_any_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def connect(*_: Any) -> None:
        raise AssertionError("wanted to reach a Hub")

    monkeypatch.setattr("socket.socket.connect", connect)
    folder = write_adapter(tmp_path / "x", base="/models/llama")
    result = said("push-adapter", str(folder), "--repo-id", "org/x", "--dataset-id", "org/itdr")
    assert "is a path; want a Hub id" in str(result.exception)
