"""What leaves: Markdown, CSV, JSON, model-index, plots, and tasks of lm-evaluation-harness."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from huggingface_hub.repocard_data import model_index_to_eval_results

from itdr_hf.dataset.caveats import Caveats
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.recommenders.baselines import Baseline
from itdr_hf.score.exports import as_csv, as_json, model_index, write_exports
from itdr_hf.score.harness import aggregate, results, write_tasks
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import read_examples
from itdr_hf.score.score_file import Options, Report, score_file
from itdr_hf.score.table import markdown, number, print_report
from itdr_hf.tasks.itdr import paper


@pytest.fixture(scope="module")
def report(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Chance scored, with baselines and the paper beside, compared with itself at another seed."""
    home = tmp_path_factory.mktemp("predictions")

    for seed in (0, 1):
        baseline = Baseline(name="random", dataset=asked, seed=seed)
        predict_into(home / f"{seed}.parquet", read_questions(asked), baseline)
    options = Options(resampling=Resampling(replicates=100))
    return score_file(home / "0.parquet", asked, options, against=home / "1.parquet")


def test_the_table_fits_eighty_columns_and_shows_ours_and_the_baselines_each_once(report, capsys):
    print_report(report)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    at = lines.index(next(line for line in lines if line.startswith("tkr-movielens32m: ")))
    block = "\n".join(lines[at : at + 9])
    for name in ("N@10", "H@1", "P@5", "read", "↑", "baseline:random", "popular", "co-occurrence", "title-overlap"):
        assert name in block
    assert block.count("random") == 2, "the two files; chance is one of them and has no row of its own"
    assert "100/100" in block and "±" in block


def test_markdown_states_rules_and_signatures_and_of_real_data_every_row_of_the_paper(report):
    page = markdown(replace(report, caveats=Caveats(extractive=(), simulated=())))
    assert "farthest from the truth" in page and "`H@1|itdr-hf:" in page and "read:lenient" in page
    assert all(f"paper: {r.model} {r.variant}" in page for r in paper.results("nir-movielens32m") if r.variant == "ft")
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables if "RMSE" in line} <= {5, 7} and len(tables) > 30


def test_simulated_data_and_references_by_rule_are_named_and_no_published_figure_is_shown(report):
    page = markdown(report)
    assert (
        "simulated raw data (rp-movielens32m, " in page and "references put together by rule (tui-movielens32m)" in page
    )
    assert "paper: " not in page and "template-copy" in page
    assert as_json(report)["caveats"]["extractive"] == ["tui-movielens32m"]


def test_a_table_says_which_way_is_better_and_how_sure_a_difference_is(report):
    page = markdown(report)
    assert "N@10 ↑" in page and "RMSE ↓" in page and "| p | p (Holm) |" in page
    assert all(p >= report.differences[key].p or math.isnan(p) for key, p in report.corrected.items())
    best = report.differences["tkr-movielens32m", "H@1"]
    floored = replace(report, differences={("tkr-movielens32m", "H@1"): replace(best, p=best.floor)})
    assert f"| ≤ {number(best.floor)} | ≤ {number(best.floor)} |" in markdown(floored)


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_systems_name_is_no_formula_in_a_spreadsheet(report, name):
    lines = list(csv.DictReader(io.StringIO(as_csv(replace(report, ours=replace(report.ours, name=name))), newline="")))
    assert {line["system"] for line in lines} >= {f"'{name}"} and name not in {line["system"] for line in lines}


def test_csv_has_one_line_per_figure_and_no_value_is_nan(report):
    lines = list(csv.DictReader(as_csv(report).splitlines()))
    assert len(lines) == len(report.rows())
    assert {line["kind"] for line in lines} == {"ours", "other", "baseline"}
    assert not any(value in ("nan", "inf", "-inf") for line in lines for value in line.values())
    ours = [line for line in lines if line["kind"] == "ours" and line["config"] == "tkr-movielens32m"]
    assert all(float(line["low"]) <= float(line["value"]) <= float(line["high"]) and line["signature"] for line in ours)
    assert all(line["parsed_strict"] == line["parsed_lenient"] == "1.0" for line in ours)


def test_json_is_json_and_the_model_index_is_what_the_hub_reads(report):
    data = json.loads(json.dumps(as_json(report), allow_nan=False))
    assert set(data["cells"]) == set(report.ours.cells) and data["differences"]
    entry = json.loads(json.dumps(model_index(report, "someone/itdr", "v1.0.0"), allow_nan=False))[0]
    results = model_index_to_eval_results([entry])[1]
    found = {(r.dataset_config, r.metric_type): r.metric_value for r in results}
    figure = report.ours.cells["tkr-movielens32m"].figures["H@1"].interval.value
    assert found[("tkr-movielens32m", "H@1")] == pytest.approx(figure, abs=1e-6)
    assert {r.dataset_revision for r in results} == {"v1.0.0"}


def test_a_plot_per_subtask_is_written_beside_the_tables(report, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    paths = write_exports(report, tmp_path, plots=True)
    names = {path.name for path in paths}
    assert names == {"scores.md", "scores.csv", "scores.json", "model-index.json"} | {
        f"{c.partition('-')[0]}.png" for c in report.ours.cells
    }
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths if path.suffix == ".png")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)


def test_harness_tasks_give_every_metric_as_itdr_score_does(asked, tmp_path, report):
    """The functions that the tasks name, called as the harness calls them: per document, then aggregated."""
    assert write_tasks(asked, tmp_path / "tasks") == [f"itdr_{name}" for name in report.ours.cells]
    for config, cell in report.ours.cells.items():
        text = (tmp_path / "tasks" / f"itdr_{config}.yaml").read_text()
        baseline, said = Baseline(name="random", dataset=asked), {}
        baseline.answer(read_questions(asked, [config]), lambda q, a, said=said: said.__setitem__(q.id, a.text))
        items: dict[str, list] = {}
        for example in read_examples(asked, config, "test"):
            for metric, part in results(vars(example), [said[example.id]]).items():
                items.setdefault(metric, []).append(part)
        for metric, parts in items.items():
            assert f'"{metric}"' in text
            pooled = aggregate(parts) if isinstance(parts[0], tuple) else sum(parts) / len(parts)
            wanted = 1.0 if metric.startswith("parsed") else cell.figures[metric].interval.value
            assert pooled == pytest.approx(wanted, abs=1e-12), (config, metric)


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="needs lm_eval: make test-train")
def test_lm_eval_itself_gives_what_itdr_score_gives_on_the_same_answers(asked, chat, tmp_path):
    """Both ask one server that answers by the prompt alone."""
    chat.answer = _some_line
    configs = ["nir-movielens32m", "tkr-movielens32m", "rp-movielens32m", "tui-movielens32m", "uap-movielens1m"]
    names = write_tasks(asked, tmp_path / "tasks", configs)
    out = tmp_path / "p.parquet"
    words = ["predict", str(asked), "--endpoint", chat.url, "--model-name", "tiny", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "itdr_hf", *words], check=True, capture_output=True)
    made = score_file(out, asked, Options(baselines=False)).ours
    mine = chat.prompts()
    chat.requests.clear()
    arguments = f"model=tiny,base_url={chat.url}/chat/completions,num_concurrent=4,max_retries=3"
    words = ["--model", "local-chat-completions", "--model_args", arguments, "--apply_chat_template"]
    words += ["--include_path", str(tmp_path / "tasks"), "--tasks", ",".join(names), "--output_path", str(tmp_path)]
    run = [sys.executable, "-m", "lm_eval", *words]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OPENAI_API_KEY": "none"})
    assert done.returncode == 0, done.stderr[-3000:]
    assert set(chat.prompts()) == set(mine), "the harness asks the same bytes"
    found = json.loads(next(tmp_path.rglob("results_*.json")).read_text())["results"]
    for config, cell in made.cells.items():
        assert found[f"itdr_{config}"]["parsed_lenient,none"] == pytest.approx(cell.parsed["lenient"])
        for metric, figure in cell.figures.items():
            assert found[f"itdr_{config}"][f"{metric},none"] == pytest.approx(figure.interval.value), (config, metric)


def _some_line(prompt: str) -> str:
    """An answer that hits now and then: one of the prompt's own lines, or all of them."""
    lines = [line.strip("- ") for line in prompt.split("\n") if line[:1].isdigit() or line.startswith("- ")]
    if "numbered list" in prompt:
        return "\n".join(lines[5:])
    return (lines or ["3"])[len(prompt) % max(1, len(lines))]
