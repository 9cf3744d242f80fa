"""inspect-ai's own runs: the same figures as `itdr score` on the same answers, and a benchmark that the Hub would take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from hubserver import READ, WRITE, Hub
from hubserver.visitor import run as visit

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.croissant import CROISSANT
from itdr_hf.dataset.eval_yaml import EVAL_YAML
from itdr_hf.models.predict.predictions import Completion, Run, open_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.prompts import asked_messages
from itdr_hf.score.inspection import write_inspect_tasks
from itdr_hf.score.score_file import Options, score_file

CONFIGS = ["nir-movielens32m", "tkr-movielens32m", "rp-movielens32m", "tui-movielens32m", "uap-movielens1m"]
SPLITS = {"name", "description", "evaluation_framework", "tasks"}


def some_line(prompt: str) -> str:
    """An answer that hits now and then, made of the prompt alone."""
    lines = [line.strip("- ") for line in prompt.split("\n") if line[:1].isdigit() or line.startswith("- ")]
    if "numbered list" in prompt:
        return "\n".join(lines[5:])
    return (lines or ["3"])[len(prompt) % max(1, len(lines))]


@pytest.mark.parametrize("config", CONFIGS)
def test_inspect_ai_gives_what_itdr_score_gives_on_the_same_answers(asked: Path, tmp_path: Path, config: str):
    pytest.importorskip("inspect_ai", reason="needs the extra [inspect]")
    from inspect_ai import eval as run
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from itdr_hf.score.inspection import cell_task

    out, prompts = tmp_path / "p.parquet", []
    with open_predictions(out, Run(model="m", revision="")) as (_, keep):
        for question in read_questions(asked, [config]):
            prompts.append(asked_messages(question)[0]["content"])
            keep(question, Completion(some_line(prompts[-1]), "stop"))
    [cell] = score_file(out, asked, Options(baselines=False)).ours.cells.values()
    met = []

    def reply(messages, tools, choice, config):
        met.append(messages[-1].text)
        made = ModelOutput.from_content("mockllm", some_line(messages[-1].text))
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it asks for a tokenizer
        return made

    model = get_model("mockllm/model", custom_outputs=reply)
    [log] = run(cell_task(asked, config), model=model, log_dir=str(tmp_path / "logs"), display="none")
    assert log.status == "success", log.error
    assert sorted(met) == sorted(prompts), "the same bytes are asked"
    found = {one.name: next(iter(one.metrics.values())).value for one in log.results.scores}
    for metric, figure in cell.figures.items():
        assert found[metric] == pytest.approx(figure.interval.value), metric
    for reading in ("strict", "lenient"):
        assert found[f"parsed_{reading}"] == pytest.approx(cell.parsed[reading])


def test_the_task_file_names_each_cell_and_loads_what_it_says(asked: Path, tmp_path: Path):
    names = write_inspect_tasks(asked, tmp_path / "tasks", CONFIGS[:2])
    assert sorted(names) == ["itdr_nir_movielens32m", "itdr_tkr_movielens32m"]
    text = (tmp_path / "tasks/itdr_tasks.py").read_text()
    compile(text, "itdr_tasks.py", "exec")
    write_inspect_tasks(asked, tmp_path / "hub", CONFIGS[:1], dataset="someone/itdr")
    assert f"PLACE = 'someone/itdr@v{Dataset.open(asked).version}'" in (tmp_path / "hub/itdr_tasks.py").read_text()
    pytest.importorskip("inspect_ai", reason="needs the extra [inspect]")
    listed = subprocess.run(
        [sys.executable, "-m", "inspect_ai", "list", "tasks", "tasks"], capture_output=True, text=True, cwd=tmp_path
    )
    assert all(name in listed.stdout for name in names), listed.stderr


def test_eval_yaml_is_what_the_hub_and_inspect_ai_take_and_asks_the_same(asked: Path):
    document = yaml.safe_load((asked / EVAL_YAML).read_text())
    assert document.keys() == SPLITS and document["evaluation_framework"] == "inspect-ai"
    assert [task["id"] for task in document["tasks"]] == ["nir-movielens32m"]
    pytest.importorskip("inspect_ai", reason="needs the extra [inspect]")
    from inspect_ai._eval.task.hf import HFTask, _record_to_sample_hf
    from inspect_ai._util.format import format_template

    task = HFTask.model_validate(document["tasks"][0])
    for question in read_questions(asked, ["nir"], "test", 5):
        row = next(row for row in Dataset.open(asked).rows(question.config, "test", ["id", "instruction", "input", "output"]) if row["id"] == question.id)  # fmt: skip
        sample = _record_to_sample_hf(row, task.field_spec)
        told = format_template(task.solvers[0].args["template"], {"prompt": sample.input, **sample.metadata})
        assert told == asked_messages(question)[0]["content"] and sample.target == row["output"]


VISIT = """
import datasets
from huggingface_hub import snapshot_download
datasets.config.USE_PARQUET_EXPORT = False
datasets.disable_progress_bars()
[name for name in datasets.get_dataset_config_names("org/itdr", revision=VERSION)]
rows = {name: list(datasets.load_dataset("org/itdr", name, revision=VERSION, split="test")) for name in CONFIGS}
assert not [name for name in sys.modules if name.startswith("itdr_hf")]
print(json.dumps([rows, snapshot_download("org/itdr", repo_type="dataset", revision=VERSION)]))
"""


def push(folder: Path, hub: Hub) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HF_TOKEN": WRITE, "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "itdr_hf", "push", str(folder), "--repo-id", "org/itdr"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_pushed_folder_is_a_benchmark_and_a_croissant_that_plain_clients_load(asked: Path, tmp_path: Path):
    mlc = pytest.importorskip("mlcroissant", reason="needs the extra [dev]")
    with Hub(tmp_path / "hub") as hub:  # which refuses an eval.yaml that the Hub would refuse
        done = push(asked, hub)
        assert done.returncode == 0, done.stderr
        version = f"v{Dataset.open(asked).version}"
        given = f"CONFIGS, VERSION = {CONFIGS!r}, {version!r}\n"
        rows, place = visit(given + VISIT, tmp_path / "home", hub.url, token=READ)
    for name in CONFIGS:
        [shard] = (asked / name).glob("test-*.parquet")
        assert rows[name] == pq.read_table(shard).to_pylist()

    fetched = Path(place)
    document = yaml.safe_load((fetched / EVAL_YAML).read_text())
    assert [(task["config"], task["split"]) for task in document["tasks"]] == [("nir-movielens32m", "test")]
    assert {*document["tasks"][0]["field_spec"]["metadata"], "input", "output"} <= rows["nir-movielens32m"][0].keys()

    text = (fetched / CROISSANT).read_text()
    base = f"https://huggingface.co/datasets/org/itdr/resolve/{version}/"
    files = [file["contentUrl"] for file in json.loads(text)["distribution"]]
    assert files and all(url.startswith(base) and (fetched / url.removeprefix(base)).is_file() for url in files)
    (fetched / "here.json").write_text(text.replace(base, ""))  # the same files, where they were fetched to
    records = mlc.Dataset(str(fetched / "here.json")).records("nir-movielens32m/test")
    ids = [record["nir-movielens32m/test/id"].decode() for record in records]
    assert ids == [row["id"] for row in rows["nir-movielens32m"]]
