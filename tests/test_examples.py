"""The scripts under examples/ run as they stand, on tiny data."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from chatserver import asked, chat  # noqa: F401  the fixtures: a dataset folder, a server on loopback

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(name: str, *words: object, cwd: Path, **more: str) -> str:
    """What the script prints; it must end well."""
    environment = {**os.environ, "OPENAI_API_KEY": "none", **more}
    command = [sys.executable, str(EXAMPLES / name), *map(str, words)]
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return ran.stdout


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"evaluate_endpoint.py", "finetune_trl.py", "own_data.py"}


def test_the_evaluators_example_scores_a_server_and_resumes(asked, chat, tmp_path):  # noqa: F811
    pytest.importorskip("openai", reason="needs the extra [endpoint]")
    chat.answer = lambda prompt: (
        prompt.partition("\n- ")[2].partition("\n")[0].partition(" [")[0]
    )  # the first candidate
    words = [asked, "--config", "nir", "--endpoint", chat.url, "--model", "m", "--limit", 15, "--out", tmp_path / "e"]
    said = example("evaluate_endpoint.py", *words, cwd=tmp_path)
    assert "0 answers were there, 15 made" in said and "nir-movielens32m: 15 examples" in said
    scores = json.loads((tmp_path / "e/scores.json").read_text())
    assert scores["cells"]["nir-movielens32m"]["parsed"]["strict"] == 1.0
    assert "nir-movielens32m" in (tmp_path / "e/report.html").read_text()
    assert "15 answers were there, 0 made" in example("evaluate_endpoint.py", *words, cwd=tmp_path)
    assert len(chat.requests) == 15


def test_the_data_persons_example_builds_audits_and_reports_own_tables(tmp_path):
    shop = tmp_path / "raw/myshop"
    shop.mkdir(parents=True)
    draw = random.Random(0)
    with (shop / "items.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("item", "title", "brand"), *((f"i{n}", f"Thing {n}", f"b{n % 7}") for n in range(80))]
        )
    with (shop / "users.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("user", "country"), *((f"person{n}", f"land {n % 3}") for n in range(60))])
    with (shop / "interactions.csv").open("w", newline="") as file:
        rows = (
            (f"person{u}", f"i{i}", t, draw.randint(1, 5))
            for u in range(60)
            for t, i in enumerate(draw.sample(range(80), 16))
        )
        csv.writer(file).writerows([("user", "item", "timestamp", "rating"), *rows])
    said = example("own_data.py", shop, "--out", tmp_path / "mine", "--salt", "mine", cwd=tmp_path)
    assert "it can feed: rp-myshop, tkr-myshop" in said and "0 breaches" in said
    ledger = json.loads((tmp_path / "mine/ledger.json").read_text())
    assert set(ledger["cells"]) >= {"rp-myshop", "tkr-myshop", "nir-myshop", "uap-myshop"}
    page = (tmp_path / "mine.html").read_text()
    assert "tkr-myshop" in page and "person1" not in page  # no raw id


CHAT_TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"


@pytest.mark.parametrize(
    ("template", "options", "form"),
    [("", [], "plain"), (CHAT_TEMPLATE, [], "chat"), (CHAT_TEMPLATE, ["--plain"], "plain")],
)
def test_the_fine_tuners_adapter_is_asked_as_it_was_taught(template, options, form, asked, tmp_path):  # noqa: F811
    for package in ("torch", "trl", "peft"):
        pytest.importorskip(package, reason="needs the extra [train]")
    from transformers import AutoTokenizer

    from itdr_hf.models.predict.local import LocalModel
    from itdr_hf.models.train.recipe import TINY, changed
    from itdr_hf.models.train.tiny import TinyShape, make_base

    shape = TinyShape(vocabulary=600, hidden=32, inner=64, heads=2, batch_tokens=600, learning_rate=0.01)
    make_base(asked, tmp_path / "base", changed(TINY, {"configs": ["nir-movielens32m"], "limit": 40}), shape)
    if template:
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
        tokenizer.chat_template = template
        tokenizer.save_pretrained(tmp_path / "base")
    words = [asked, "nir-movielens32m", "--model", tmp_path / "base", "--out", tmp_path / "adapter", "--steps", 2]
    words += options
    said = example("finetune_trl.py", *words, cwd=tmp_path, CUDA_VISIBLE_DEVICES="")
    assert "2 steps" in said and (tmp_path / "adapter/adapter_model.safetensors").is_file()
    assert json.loads((tmp_path / "adapter/recipe.json").read_text()) == {"prompt": {"form": form}}
    model = LocalModel(str(tmp_path / "base"), adapter=str(tmp_path / "adapter"))
    assert model.run.settings["form"] == form
