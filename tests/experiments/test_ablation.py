"""RecLM's Figure 2: the steps of the ablation, and its figures from scores that are there."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.errors import UsageError
from itdr_hf.experiments import Options, collect, experiment, plan

ONE = experiment("reclm-ablation")


def options(tmp_path: Path, **changes: object) -> Options:
    given = {"models": ("some/base",), "source": "mind", "raw": tmp_path / "raw", **changes}
    return Options(out=tmp_path / "out", **given)


def commands(tmp_path: Path, **changes: object) -> dict[str, str]:
    """The printed commands by title, without the folder they are in."""
    printed = plan(ONE, options(tmp_path, **changes)).commands()
    return {title: shlex.join(words).replace(f"{tmp_path}/", "") for title, words in printed}


def test_every_way_of_tuning_goes_on_from_the_stage_that_the_paper_says(tmp_path):
    found = commands(tmp_path)
    train = {title.rpartition(" ")[2]: words for title, words in found.items() if title.startswith("train")}
    home = "out/adapters/some--base"
    assert list(train) == ["distil", "naive", "mask", "reward", "full"]
    assert "--preset reclm-distil --config profile-mind --config itemprofile-mind" in train["distil"]
    assert train["naive"].startswith("itdr train out/built/reclm-single-turn ")
    assert train["mask"].startswith("itdr train out/built/reclm ")
    assert all(f"--start {home}/distil" in train[name] for name in ("naive", "mask", "reward"))
    assert f"--stage refine --start {home}/mask --reward {home}/reward" in train["full"]
    assert "--dialogue single-turn" in found["build reclm-single-turn"]
    assert f"--adapter {home}/naive" in found["profiles by naive"]
    assert "--profiles out/profiles/some--base/full/profiles.parquet" in found["recommend mind, profiles by full"]


def test_arms_that_are_left_out_take_their_stages_with_them(tmp_path):
    titles = commands(tmp_path, arms=("distil", "mask"), preset="tiny")
    assert [t for t in titles if t.startswith(("train", "build"))] == [
        "build reclm", "train some--base on distil", "train some--base on mask",
    ]  # fmt: skip
    assert "--preset tiny" in titles["train some--base on mask"]


@pytest.mark.parametrize(("changes", "message"), [
    ({"source": None}, "want --raw and --source"),
    ({"models": ("one", "two")}, "models one, two; want one to tune"),
    ({"models": ("baseline:popular",)}, "want one to tune"),
    ({"arms": ("masked",)}, "no arm of reclm-ablation 'masked'; did you mean mask"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        plan(ONE, options(tmp_path, **changes))


def test_the_figures_are_without_profiles_once_and_then_of_each_writer_with_its_change(tmp_path):
    with pytest.raises(UsageError, match="no scores of reclm-ablation"):
        collect(ONE, tmp_path)
    for name, value in (("distil", 0.2), ("full", 0.3)):
        write_scores(tmp_path / "recommend" / f"by-{name}" / "mind", value)
    lines = {line.arm: line for line in collect(ONE, tmp_path).lines}
    assert {arm: (line.value, line.change) for arm, line in lines.items()} == {
        "base": (0.1, None), "distil": (0.2, 0.1), "full": (0.3, 0.2),
    }  # fmt: skip
    assert {line.metric for line in lines.values()} == {"Recall@20, full-shot"}


def test_arms_of_one_figure_are_printed_as_one_table_without_empty_columns(tmp_path):
    for name, value in (("distil", 0.2), ("full", 0.3)):
        write_scores(tmp_path / "recommend" / f"by-{name}" / "mind", value)
    printed = CliRunner().invoke(app, ["experiment", "collect", "reclm-ablation", "--out", str(tmp_path)]).stdout
    table = printed.partition("mind Recall@20, full-shot ↑, n = 7\n")[2].splitlines()[:4]
    assert [line.split() for line in table] == [
        ["ours", "change"], ["base", ".100±.50"], ["distil", ".200±.50", ".100±.50"], ["full", ".300±.50", ".200±.50"],
    ]  # fmt: skip


def test_profiles_that_cannot_be_read_or_are_all_alike_are_told_with_the_figures(tmp_path):
    write_scores(tmp_path / "recommend/by-distil/mind", 0.2)
    written = {"profiles": 10, "parsed": 0.5, "distinct": 0.1}
    report = tmp_path / "profiles/base/distil/report.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"sides": {"user": {"profiles": written}, "item": {"references": written}}}))
    notes = collect(ONE, tmp_path).notes
    assert notes[0].startswith("simulated raw data (mind)")
    assert notes[1:] == ["profiles by distil: of 10 users 50% could be read and 10% are distinct"]


def write_scores(folder: Path, value: float) -> None:
    """A run of a recommender: base, augmented, and a variant that the figure does not have."""
    rows = [row("base", 0.1), row("without item profiles", 0.15), row("augmented", value)]
    change = {
        "what": "lightgcn, full-shot",
        "metric": "Recall@20",
        "difference": round(value - 0.1, 3),
        "low": 0.0,
        "high": 1.0,
    }
    folder.mkdir(parents=True)
    scores = {"data": {"name": "mind"}, "rows": rows, "differences": [change]}
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")


def row(variant: str, value: float) -> dict[str, object]:
    scored = {"metrics": {"Recall@20": {"value": value, "low": 0.0, "high": 1.0}}, "users": 7}
    return {"model": "lightgcn", "variant": variant, "full_shot": scored, "zero_shot": None, "seconds_per_epoch": None}
