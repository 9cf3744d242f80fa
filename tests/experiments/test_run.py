"""A run without torch: baselines through every step; what is done is kept, what was killed goes on."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.experiments import Options, collect, experiment, experiments, plan, run
from itdr_hf.experiments.exports import write_results
from itdr_hf.experiments.options import read_settings

CELLS = ("tkr-movielens32m", "uap-movielens1m")
MODELS = ("baseline:co-occurrence", "baseline:majority")
WORDS = ["--config", ",".join(CELLS), "--sampled", "1", "--replicates", "60"]
WORDS += [word for model in MODELS for word in ("--model", model)]


def itdr(*words: object) -> str:
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code == 0, said.output
    return said.output


def options(asked: Path, out: Path, **changes: object) -> Options:
    given = {"models": MODELS, "configs": CELLS, "sampled": 1.0, "replicates": 60, **changes}
    return Options(folder=asked, out=out, **given)


@pytest.fixture(scope="module")
def whole(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of itdr-leave-out without a stop."""
    out = tmp_path_factory.mktemp("run") / "experiments"
    itdr("experiment", "run", "itdr-leave-out", "--folder", asked, "--out", out, *WORDS)
    return out


def lines(out: Path) -> list[dict[str, str]]:
    with (out / "results/itdr-leave-out/results.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_run_ends_in_tables_with_the_papers_figures_and_plots(whole):
    folder = whole / "results/itdr-leave-out"
    assert {"report.md", "results.csv", "results.json"} <= {path.name for path in folder.iterdir()}
    ours = [row for row in lines(whole) if row["system"]]
    assert {row["arm"] for row in ours} == {"ft", "ft-without-TKR", "ft-without-UAP"}
    full = next(r for r in ours if (r["arm"], r["config"], r["metric"]) == ("ft", "tkr-movielens32m", "N@10"))
    assert (full["paper_model"], full["paper"]) == ("GLM-4-9B", "0.989")
    assert float(full["low"]) < float(full["value"]) < float(full["high"]) and float(full["chance"]) < 0.85
    assert full["doubted"] == "True" and full["difference"] == ""  # simulated: no difference to the paper is taken


def test_tables_say_how_many_examples_they_are_of_and_what_stands_in_them(whole):
    printed = itdr("experiment", "collect", "itdr-leave-out", "--out", whole)
    assert re.search(r"^tkr-movielens32m N@10 ↑, n = \d+$", printed, re.M)
    words = " ".join(printed.split())
    assert (
        "paper: GLM-4-9B, on test examples of its own, without intervals; in brackets: ours are of simulated data"
        in words
    )
    assert "several seeds" not in words  # there are none
    report = (whole / "results/itdr-leave-out/report.md").read_text()
    heads = [line for line in report.splitlines() if line.startswith("| cell | metric | ours | 95 % | n | read |")]
    assert heads and not any("seeds" in line for line in heads)


def test_without_examples_of_a_task_a_system_that_learns_from_them_loses(whole):
    found = {(r["arm"], r["config"], r["metric"]): r for r in lines(whole) if r["system"] == "baseline:majority"}
    lost = found["ft-without-UAP", "uap-movielens1m", "ACC(gender)"]
    assert float(lost["change"]) < 0 and float(lost["value"]) == 0.0
    assert float(lost["paper_change"]) == pytest.approx(0.5375 - 0.7708)
    kept = found["ft-without-TKR", "uap-movielens1m", "ACC(gender)"]
    assert float(kept["change"]) == 0.0


def test_published_figures_of_cells_that_were_not_run_are_in_the_exports(whole):
    published = json.loads((whole / "results/itdr-leave-out/results.json").read_text())["paper"]
    one = experiment("itdr-leave-out")
    assert len(published) == sum(len(list(one.published(arm))) for arm in one.arms)
    assert [r["paper"] for r in lines(whole) if (r["arm"], r["config"]) == ("ft-without-RP", "rp-yelp")] == ["2.2282"]


def test_a_second_run_keeps_everything_and_the_results_are_the_same(asked, whole):
    before = (whole / "results/itdr-leave-out/results.json").read_bytes()
    made = run(plan(experiment("itdr-leave-out"), options(asked, whole)))
    assert set(made.values()) == {"kept"}
    write_results(collect(experiment("itdr-leave-out"), whole), whole)
    assert (whole / "results/itdr-leave-out/results.json").read_bytes() == before


def test_another_experiment_in_the_same_folder_keeps_the_arms_that_they_share(asked, whole):
    made = run(plan(experiment("itdr-scale"), options(asked, whole, arms=("ft", "ft-25%"))))
    assert made["data sample"] == "kept" and made["data sample-25-percent"] == "done"
    assert {state for title, state in made.items() if " sample, " in title and "score" not in title} == {"kept"}


def test_other_inputs_are_made_again_and_nothing_else_is(asked, tmp_path):
    first = options(asked, tmp_path, arms=("ft",), models=MODELS[1:], configs=CELLS[1:])
    one = experiment("itdr-leave-out")
    assert set(run(plan(one, first)).values()) == {"done"}
    more = options(asked, tmp_path, arms=("ft",), models=MODELS[1:], configs=CELLS[1:], replicates=61)
    assert list(run(plan(one, more)).values()) == ["kept", "kept", "done"]
    part = options(asked, tmp_path, arms=("ft",), models=MODELS[1:], configs=CELLS[1:], sampled=0.5)
    assert set(run(plan(one, part)).values()) == {"done"}


def test_a_run_that_was_killed_goes_on_and_ends_the_same(asked, whole, tmp_path):
    out = tmp_path / "killed"
    words = [sys.executable, "-m", "itdr_hf", "experiment", "run", "itdr-leave-out", "--folder", str(asked)]
    process = subprocess.Popen(
        [*words, "--out", str(out), *WORDS], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(out.glob("answers/*/*/*.parquet*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "results").exists()
    made = run(plan(experiment("itdr-leave-out"), options(asked, out)))
    assert "kept" in made.values() and "done" in made.values()
    write_results(collect(experiment("itdr-leave-out"), out), out)
    assert lines(out) == lines(whole)


def test_the_printed_commands_do_the_same(asked, whole, tmp_path):
    out = tmp_path / "printed"
    words = ["--folder", asked, "--out", out, "--arms", "ft,ft-without-UAP", *WORDS]
    printed = itdr("experiment", "run", "itdr-leave-out", *words, "--print")
    assert not out.exists()
    commands = [shlex.split(line) for line in printed.splitlines() if not line.startswith("#")]
    assert commands[-1][:3] == ["itdr", "experiment", "collect"]
    for command in commands:
        itdr(*command[1:])
    both = {"ft", "ft-without-UAP"}
    assert [r for r in lines(out) if r["system"]] == [r for r in lines(whole) if r["system"] and r["arm"] in both]


@pytest.mark.parametrize("name", experiments())
def test_the_command_that_show_ends_in_has_all_that_a_run_needs(asked, raw, tmp_path, name):
    here = {"itdr/": str(asked), "raw/": str(raw), "mind": "movielens1m"}
    words = [here.get(word, word) for word in shlex.split(itdr("experiment", "show", name).splitlines()[-1])]
    assert words[:3] == ["itdr", "experiment", "run"]
    assert f"itdr experiment collect {name}" in itdr(*words[1:], "--out", tmp_path, "--print")


def test_the_sample_by_example_is_measured_next_to_the_one_by_user(asked, tmp_path):
    both = ("tkr-movielens32m", "nir-movielens32m")
    chosen = options(asked, tmp_path, arms=("ft", "ft-by-example"), configs=both, models=MODELS[:1])
    run(plan(experiment("itdr-main"), chosen))
    found = collect(experiment("itdr-main"), tmp_path)
    assert set(found.leaks) == {"sample", "sample-by-example"}
    assert found.leaks["sample"] == dict.fromkeys(both, 0.0)
    assert found.leaks["sample-by-example"]["tkr-movielens32m"] > 0.5  # NIR's train prompts show them
    assert {(line.arm, line.split) for line in found.lines} == {("ft", "user"), ("ft-by-example", "example")}


def test_scores_of_data_that_has_changed_are_left_out_and_said_to_be(asked, tmp_path):
    few = options(asked, tmp_path, arms=("ft",), models=MODELS[1:], configs=CELLS[1:])
    run(plan(experiment("itdr-leave-out"), few))
    data = tmp_path / "data/sample"
    itdr("experiment", "data", "itdr-leave-out", "--arm", "ft", "--folder", asked, "--out", data, "--sampled", "0.5")
    with pytest.raises(UsageError, match="no scores of itdr-leave-out"):
        collect(experiment("itdr-leave-out"), tmp_path)


def test_arms_that_would_change_nothing_are_named_and_not_run(asked, tmp_path):
    found = plan(experiment("itdr-leave-out"), options(asked, tmp_path))
    assert {trial.arm.name for trial in found.trials} == {"ft", "ft-without-TKR", "ft-without-UAP"}
    assert found.left_out[0] == "ft-without-RP: no cell of rp, so it would be the same as ft"
    alone = options(asked, tmp_path, configs=CELLS[:1], arms=("ft-without-TKR",))
    with pytest.raises(UsageError, match="no arm to run: ft-without-TKR: no cell of another task than tkr"):
        plan(experiment("itdr-leave-out"), alone)


@pytest.mark.parametrize(("changes", "message"), [
    ({"models": ()}, "no model; want --model"),
    ({"by": "time"}, "want user or example"),
    ({"ways": ("guess",)}, "no way 'guess'"),
    ({"sampled": 0.0}, "want a share above 0"),
    ({"models": ("m",)}, "--sampled 1 leaves nothing to validate on"),
    ({"endpoint": "http://127.0.0.1:1/v1"}, "arms that are tuned, and --endpoint"),
])  # fmt: skip
def test_options_that_do_not_fit_are_refused(asked, tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        plan(experiment("itdr-leave-out"), options(asked, tmp_path, **changes))


def test_closed_models_want_a_server_and_data_of_another_family_is_refused(asked, tmp_path):
    with pytest.raises(UsageError, match="models without a server; want --endpoint"):
        plan(experiment("itdr-closed"), options(asked, tmp_path, models=("gpt-3.5-turbo",)))
    with pytest.raises(UsageError, match="cells of the family itdr; want instructrec"):
        plan(experiment("instructrec-main"), options(asked, tmp_path, configs=()))


def test_a_folder_that_is_built_otherwise_wants_the_raw_releases(asked, tmp_path):
    one = experiment("instructrec-hard")
    with pytest.raises(UsageError, match="no data; want --folder"):
        Options(out=tmp_path, models=("m",))
    planned = plan(one, Options(raw=tmp_path / "raw", out=tmp_path, models=("m",)))
    builds = [shlex.join(words) for _, words in planned.commands() if words[1] == "build"]
    assert len(builds) == 2 and any("--negative-sampling co-occurrence" in words for words in builds)


def test_settings_are_those_of_train_and_nothing_else():
    assert read_settings(["learning_rate=4e-3", "packing=true", "precision=fp32"]) == {
        "learning_rate": 0.004, "packing": True, "precision": "fp32",
    }  # fmt: skip
    for text, message in (("rate=1", "want NAME=VALUE"), ("limit", "want NAME=VALUE"), ("packing=false", "by default"),
                          ("limit=[1]", "want a number")):  # fmt: skip
        with pytest.raises(UsageError, match=message):
            read_settings([text])


def test_every_setting_is_an_option_of_train():
    from itdr_hf.cli.listing import all_commands
    from itdr_hf.experiments.options import SETTINGS

    known = {name for parameter in all_commands(app)["train"].params for name in parameter.opts}
    assert {f"--{name.replace('_', '-')}" for name in SETTINGS} <= known


def test_without_a_run_there_is_nothing_to_collect(tmp_path):
    with pytest.raises(UsageError, match="no scores of itdr-main; want those that its steps make"):
        collect(experiment("itdr-main"), tmp_path)


def test_a_folder_of_an_arm_says_in_its_ledger_what_it_is_of(whole, asked):
    made = Dataset.open(whole / "data/sample-without-tkr")
    assert made.cells["tkr-movielens32m"].counts["train"] == 0 < made.cells["tkr-movielens32m"].counts["test"]
    assert made.version == Dataset.open(asked).version
