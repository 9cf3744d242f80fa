"""The paper's experiments as one-liners: counts, nesting, what stays whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import datasets
import pytest
from hubserver import WRITE, Hub
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.ablations import FRACTIONS, fraction, leave_out, paper_protocol, save, without_descriptions
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.errors import OutputError, UsageError
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.planning.sampling import fill
from itdr_hf.tasks.planning.splits import SHARES

SPLITS = tuple(SHARES)


@pytest.fixture(scope="module")
def published() -> datasets.DatasetDict:
    """As many examples as the paper has, of nothing but ids; Amazon's over 12 domains."""
    columns: dict[str, dict[str, list[str]]] = {
        s: {c: [] for c in ("id", "subtask", "source", "domain")} for s in SPLITS
    }
    for name in catalogue.published():
        subtask, _, source = name.partition("-")
        sizes = fill(dict.fromkeys(SPLITS, 10**6), SHARES, catalogue.cell(name).size)
        for split, size in sizes.items():
            rows = columns[split]
            rows["id"] += [f"{name}-{split}-{n}" for n in range(size)]
            rows["subtask"] += [subtask] * size
            rows["source"] += [source] * size
            rows["domain"] += [f"domain {n % 12}" if source == "amazon2023" else "" for n in range(size)]
    made = {split: datasets.Dataset.from_dict({**rows, "instruction": rows["id"]}) for split, rows in columns.items()}
    return datasets.DatasetDict(made)


def cells(part: datasets.Dataset) -> Counter[str]:
    return Counter(f"{a}-{b}" for a, b in zip(part["subtask"][:], part["source"][:], strict=True))


@pytest.mark.parametrize("by", ["user", "example"])
def test_the_papers_protocol_gives_its_counts_per_cell(published, by):
    made = paper_protocol(published, by=by)
    assert (len(made["train"]), len(made["test"])) == (pytest.approx(31_250, abs=33), 7_811)
    tests, trains = cells(made["test"]), cells(made["train"])
    for name, size in paper.test_sizes().items():
        assert tests[name] == size
        assert abs(trains[name] - 4 * size) <= 1
    assert not set(made["train"]["id"]) & set(made["test"]["id"])


def test_the_whole_is_sampled_when_asked_for_and_an_impossible_share_is_refused(published):
    made = paper_protocol(published, by="example", sampled=1.0)
    assert len(made["train"]) + len(made["test"]) == pytest.approx(195_065, abs=33)
    assert len(made["test"]) == pytest.approx(0.2 * 195_065, abs=33)
    with pytest.raises(UsageError, match=r"sampled: 1.5; want a share above 0"):
        paper_protocol(published, sampled=1.5)


def test_by_user_train_comes_from_train_and_test_from_the_rest(published):
    made = paper_protocol(published)
    assert all("-train-" in name for name in made["train"]["id"])
    assert not any("-train-" in name for name in made["test"]["id"])


def test_a_domain_has_its_share_of_the_sample(published):
    test = paper_protocol(published)["test"].filter(
        lambda row: row["source"] == "amazon2023" and row["subtask"] == "tui"
    )
    counts = [test["domain"].count(domain) for domain in set(test["domain"])]
    assert len(counts) == 12 and max(counts) - min(counts) <= 1


def test_the_seed_decides_the_sample_and_the_order_of_the_rows_does_not(published):
    small = datasets.DatasetDict(
        {s: part.shuffle(seed=1).select(range(len(part) // 10)) for s, part in published.items()}
    )
    shuffled = datasets.DatasetDict({s: part.shuffle(seed=3) for s, part in small.items()})
    picked = [set(paper_protocol(ds, seed=seed)["train"]["id"]) for ds, seed in ((small, 0), (shuffled, 0), (small, 1))]
    assert picked[0] == picked[1] != picked[2]


def test_each_fraction_holds_the_smaller_ones_and_every_cell_has_its_share(published):
    whole = published["train"]
    parts = [fraction(published, share)["train"] for share in FRACTIONS]
    sets = [set(part["id"]) for part in (*parts, whole)]
    assert all(a < b for a, b in pairwise(sets))
    of_whole = cells(whole)
    for share, part in zip(FRACTIONS, parts, strict=True):
        of_part = cells(part)
        for name in ("rp-bookcrossing", "uap-lastfm1k", "ir-steam"):
            assert of_part[name] == round(share * of_whole[name])


def test_a_fraction_leaves_test_whole_and_an_impossible_one_is_refused(published):
    assert len(fraction(published, 0.25)["test"]) == len(published["test"])
    for share in (0, 1.5, -1):
        with pytest.raises(UsageError, match="want a share above 0"):
            fraction(published, share)


def test_left_out_subtasks_and_roots_are_gone_from_train_and_stay_in_test(published):
    without = leave_out(published, "tkr", "uiu")
    assert set(without["train"]["subtask"]) == {"rp", "cdr", "nir"} == set(without["validation"]["subtask"])
    assert set(without["test"]["subtask"]) == set(catalogue.family().task_ids)
    assert set(leave_out(published["test"], "rp")["subtask"]) == set(catalogue.family().task_ids) - {"rp"}
    with pytest.raises(UsageError, match="no subtask or root task 'ranking'; have: uii, uiu, rp"):
        leave_out(published, "ranking")


def test_without_descriptions_only_the_instruction_is_empty(published):
    small = published["test"].select(range(50))
    bare = without_descriptions(small)
    assert set(bare["instruction"]) == {""}
    assert bare.remove_columns("instruction")[:] == small.remove_columns("instruction")[:]


def test_a_folder_that_holds_something_is_not_written_into(published, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty; want a new folder"):
        save(published, tmp_path)


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=["tkr-movielens32m", "uap-movielens1m"])
    return out


@pytest.fixture(scope="module")
def experiment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved half of the training examples, without descriptions."""
    out = tmp_path_factory.mktemp("experiment") / "half"
    parts = [datasets.load_dataset("parquet", data_files=files(built, cell)) for cell in Dataset.open(built).names]
    whole = datasets.DatasetDict({s: datasets.concatenate_datasets([part[s] for part in parts]) for s in SPLITS})
    save(without_descriptions(fraction(whole, 0.5), train_only=True), out, of=built)
    return out


def files(folder: Path, cell: str) -> dict[str, str]:
    return {split: str(folder / cell / f"{split}-*.parquet") for split in SPLITS}


def test_a_saved_experiment_has_a_ledger_that_says_what_was_left_out(built, experiment):
    whole, made = Dataset.open(built), Dataset.open(experiment)
    assert made.names == whole.names and made.version == whole.version
    for name, cell in made.cells.items():
        original = whole.cells[name]
        assert cell.counts == {**original.counts, "train": round(original.counts["train"] / 2)}
        assert cell.raw == original.raw and cell.recipe == original.recipe
        assert cell.key != original.key and cell.content != original.content
        assert [(s.what, s.rows) for s in cell.steps[-2:]] == [
            ("left out by the experiment", cell.examples - original.examples),
            ("examples", cell.examples),
        ]
    assert not audit(experiment, only=["the-ledger-adds-up", "files-as-built", "ledger-as-written"]).breaches
    assert {row["instruction"] for row in made.rows("tkr-movielens32m", "train", ["instruction"])} == {""}
    assert "" not in {row["instruction"] for row in made.rows("tkr-movielens32m", "test", ["instruction"])}


@pytest.mark.parametrize("command", [
    ("ledger",), ("stats",), ("export", "--format", "llama-factory"), ("report", "--out"),
])  # fmt: skip
def test_a_saved_experiment_goes_where_a_built_folder_goes(experiment, tmp_path, command):
    words = [command[0], str(experiment), *command[1:]]
    words += ["--out", str(tmp_path / "out")] if command[0] == "export" else []
    words += [str(tmp_path / "page")] if command[0] == "report" else []
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output


def test_a_saved_experiment_is_pushed_after_its_audit(experiment, tmp_path):
    with Hub(tmp_path / "hub") as hub:
        words = [sys.executable, "-m", "itdr_hf", "push", str(experiment), "--repo-id", "org/half", "--dry-run"]
        place = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": WRITE,
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path),
        }
        said = subprocess.run(words, capture_output=True, text=True, env=place)
    assert said.returncode == 0, said.stderr
    assert "tkr-movielens32m/train-00000-of-00001.parquet" in said.stdout


def test_an_experiment_of_another_folder_is_refused(published, built, tmp_path):
    with pytest.raises(UsageError, match="no cell cdr-amazon2023, ir-amazonbooks.*; want the folder that the examples"):
        save(published, tmp_path / "out", of=built)


def test_the_papers_protocol_keeps_a_validation_split_that_shares_nobody(published):
    users = {s: datasets.Dataset.from_dict({**part[:], "user": [f"{s} {n // 2}" for n in range(len(part))]})
             for s, part in published.items()}  # fmt: skip
    made = paper_protocol(datasets.DatasetDict(users))
    assert list(made) == list(SPLITS)
    assert len(made["validation"]) == pytest.approx(7_811, rel=0.02)
    seen = [set(made[split]["user"]) for split in SPLITS]
    assert not seen[0] & seen[1] and not seen[0] & seen[2] and not seen[1] & seen[2]
    drawn = paper_protocol(published, by="example")
    ids = [name for part in drawn.values() for name in part["id"][:]]
    assert len(ids) == len(set(ids)) and len(drawn["validation"]) == len(drawn["test"])
