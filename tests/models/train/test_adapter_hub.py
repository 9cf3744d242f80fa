"""An adapter on a stand-in Hub, as a visitor meets it: a clean process, peft alone, the same answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hubserver import READ
from hubserver.stage import Stage
from hubserver.visitor import run

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("trl", reason="needs the extra [train]")

from itdr_hf.hub import push_folder
from itdr_hf.hub.adapter import push_adapter
from itdr_hf.models.predict.local import LocalModel
from itdr_hf.models.predict.questions import read_questions

pytest_plugins = ("hubserver.plugin",)

CODE = """
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
torch.set_num_threads(1)
asked = json.loads({asked!r})
def said(model):
    texts = []
    for ids in asked:
        made = model.generate(input_ids=torch.tensor([ids]), max_new_tokens=12, do_sample=False)
        texts.append(tokenizer.decode(made[0, len(ids):], skip_special_tokens=True))
    return texts
tokenizer = AutoTokenizer.from_pretrained("org/x", revision="v1.0.0")
one = said(AutoPeftModelForCausalLM.from_pretrained("org/x", revision="v1.0.0"))
whole = AutoModelForCausalLM.from_pretrained("org/base")
two = said(PeftModel.from_pretrained(whole, "org/x", revision="v1.0.0"))
assert "itdr_hf" not in sys.modules
print(json.dumps([one, two]))
"""


def test_a_pushed_adapter_loads_in_a_clean_process_and_answers_as_before(
    stage: Stage, itdr: Path, base: Path, tuned: Path, tmp_path: Path
):
    shutil.copytree(base, tmp_path / "base")
    (tmp_path / "base" / "README.md").write_text("---\ntags: [itdr]\n---\n")
    push_folder(stage.api, tmp_path / "base", "org/base", repo_type="model", retry=stage.retry)
    shutil.copytree(tuned, tmp_path / "x")
    local = LocalModel(str(base), adapter=str(tmp_path / "x"), dtype="float32", max_tokens=12)
    questions = read_questions(itdr, ["uap"], "test", limit=3)
    told: dict[str, str] = {}
    local.answer(questions, lambda question, answered: told.update({question.id: answered.text}))
    push_adapter(stage.api, tmp_path / "x", "org/x", dataset_id="org/itdr", retry=stage.retry)
    asked = json.dumps([local.tokenizer(q.row["instruction"] + "\n" + q.input + "\n")["input_ids"] for q in questions])
    found = run(CODE.format(asked=asked), tmp_path / "home", stage.hub.url, token=READ)
    assert found == [[told[q.id] for q in questions]] * 2
