"""The audit on clean data, on an example-stratified split, and at the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import datasets
import pytest

from itdr_hf import catalogue
from itdr_hf.ablations import leakage, paper_protocol, save
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.audit.candidates import tail
from itdr_hf.errors import UsageError

RANKING = ["tkr-movielens32m", "nir-movielens32m"]
LEAKS = ["users-in-one-split", "answers-not-in-train"]


@pytest.fixture(scope="module")
def built(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=catalogue.published())
    return out


def load(folder: Path, cells: list[str]) -> datasets.DatasetDict:
    parts = [datasets.load_dataset(str(folder), cell) for cell in cells]
    return datasets.DatasetDict({s: datasets.concatenate_datasets([p[s] for p in parts]) for s in parts[0]})


def test_all_simulated_cells_are_clean(built):
    report = audit(built)
    assert list(report.cells) == catalogue.published()
    assert report.breaches == []


@pytest.mark.parametrize("change", [{"split_protocol": "leave-last"}, {"split_protocol": "time"}, {"template": "mixed"},
                                    {"negative_sampling": "popularity"}, {"negative_sampling": "hard"}], ids=str)  # fmt: skip
def test_what_the_options_build_is_clean_too(raw, tmp_path, change):
    cells = [name for name in catalogue.published() if name.endswith(("-movielens32m", "-microlens"))]
    build_folder(tmp_path / "itdr", Settings(raw=raw, warn=lambda text: None), configs=cells, changes=change)
    assert audit(tmp_path / "itdr").breaches == []


def test_an_example_stratified_split_leaks_most_answers_and_ours_none(built):
    found = leakage(str(built), *RANKING, "rp-movielens32m")  # asks for what NIR asks for, of the same user
    assert set(found["as built"].values()) == set(found["paper's sample, by user"].values()) == {0.0}
    shares = found["80/20 by example"]
    assert set(shares) == {*RANKING, "rp-movielens32m"}
    assert all(share > 0.6 for share in shares.values())  # four of five users of a test example are in train


def test_the_papers_protocol_leaks_by_example_and_not_by_user(built, tmp_path):
    ds = load(built, ["tkr-microlens", "nir-microlens", *RANKING])
    for by in ("example", "user"):
        save(paper_protocol(ds, by=by, seed=1), tmp_path / by)
    assert audit(tmp_path / "example", only=LEAKS).breaches
    assert audit(tmp_path / "user", only=LEAKS).findings == []


@pytest.mark.parametrize(
    ("statistic", "freedom", "p"), [(3.84, 1, 0.05), (16.92, 9, 0.05), (27.88, 9, 0.001), (0, 4, 1)]
)
def test_the_tail_of_a_chi_square_is_that_of_the_tables(statistic, freedom, p):
    assert tail(statistic, freedom) == pytest.approx(p, rel=0.1)


def test_a_folder_that_is_no_dataset_and_an_unknown_check_are_named(tmp_path, built):
    with pytest.raises(UsageError, match=r"no <config>/<split>-\*.parquet"):
        audit(tmp_path)
    with pytest.raises(UsageError, match="no check 'spelling'; have: schema"):
        audit(built, only=["spelling"])


def itdr(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "itdr_hf", *map(str, arguments)], capture_output=True, text=True)


def test_the_command_exits_with_1_on_a_breach_and_its_table_fits_80_columns(built, tmp_path):
    import shutil

    shutil.copytree(built, tmp_path / "itdr")
    checks = ("--check", "files-as-built", "--check", "schema")
    good = itdr("audit", tmp_path / "itdr", *checks)
    assert good.returncode == 0 and "no breach" in good.stdout
    path = next((tmp_path / "itdr/rp-movielens32m").glob("test-*"))
    path.write_bytes(next((tmp_path / "itdr/rp-movielens32m").glob("train-*")).read_bytes())
    bad = itdr("audit", tmp_path / "itdr", *checks, "--json", "--out", tmp_path / "report.json")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["breaches"] == 1 == json.loads((tmp_path / "report.json").read_text())["breaches"]
    assert all(len(line) <= 80 for line in good.stdout.splitlines())
