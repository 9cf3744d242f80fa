"""Dataset folders that came to harm: the audit reports what is damaged and goes on, the rest name the file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.diff import diff
from itdr_hf.dataset.statistics import statistics
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.train.data import mixed_rows
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.report.samples import blocks
from itdr_hf.score.parsed import read_examples

CELLS = ["nir-movielens32m", "tui-movielens32m"]  # of the fixtures
TEST = f"{CELLS[0]}/test-00000-of-00001.parquet"


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def of_another_type(path: Path) -> None:
    table = pq.read_table(path)
    place = table.column_names.index("candidates")
    joined = pa.array([", ".join(titles) for titles in table["candidates"].to_pylist()])
    pq.write_table(table.set_column(place, "candidates", joined), path)


def without_columns(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["instruction", "subtask"]), path)


def damaged_inside(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[500 : len(whole) // 4] = bytes(len(whole) // 4 - 500)
    path.write_bytes(whole)


DAMAGES = [cut_short, emptied, of_another_type, without_columns, damaged_inside]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_audit_reports_a_damaged_file_and_still_checks_the_other_cell(folder, damage):
    damage(folder / TEST)
    report = audit(folder)
    assert TEST in {finding.where for finding in report.breaches if finding.check == "files-as-built"}
    if damage is not damaged_inside:
        assert TEST in {finding.where for finding in report.breaches if finding.check == "schema"}
    assert CELLS[1] in report.cells and not [f for f in report.breaches if f.where.startswith(CELLS[1])]


@pytest.mark.parametrize("damage", DAMAGES)
def test_statistics_and_differences_name_the_damaged_cell(folder, whole, damage):
    damage(folder / TEST)
    if damage is not of_another_type:
        with pytest.raises(UsageError, match=CELLS[0]):
            statistics(folder)
    if damage is not without_columns:
        with pytest.raises(UsageError, match=CELLS[0]):
            diff(whole, folder)


READERS = {
    "show": lambda folder: Dataset.open(folder).example(CELLS[0], "test", 0),
    "predict": lambda folder: read_questions(folder, CELLS[:1]),
    "score": lambda folder: read_examples(folder, CELLS[0], "test"),
    "train, export": lambda folder: mixed_rows(folder, "test", TrainRecipe(model="any", configs=(CELLS[0],))),
    "push": lambda folder: write_card(Dataset.open(folder)),
    "report": lambda folder: blocks(Dataset.open(folder), CELLS[:1]),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage is not of_another_type])
def test_whoever_reads_a_damaged_file_names_it_and_says_what_to_do(folder, damage, reader):
    damage(folder / TEST)
    with pytest.raises(UsageError, match=rf"^{TEST}: .*; want .*; build the cell again$"):
        READERS[reader](folder)


def test_a_check_that_meets_damaged_data_is_a_breach_and_the_checks_after_it_run(folder):
    damaged_inside(folder / TEST)
    found = audit(folder, only=["answers-parse-to-the-truth", "files-as-built"]).breaches
    assert [f.check for f in found] == ["answers-parse-to-the-truth", "files-as-built"]
    assert "could not be done" in found[0].message


def test_a_folder_of_nothing_but_damaged_files_is_named(folder):
    shutil.rmtree(folder / CELLS[1])
    for path in (folder / CELLS[0]).iterdir():
        emptied(path)
    with pytest.raises(
        UsageError, match=r"nir-movielens32m/train-.* want a dataset folder with files that can be read"
    ):
        audit(folder)


def test_a_ledger_that_is_no_json_is_named(folder):
    (folder / "ledger.json").write_text("{")
    for look in (audit, lambda damaged: diff(damaged, damaged)):
        with pytest.raises(UsageError, match=r"ledger\.json: .*; want the ledger that `itdr build` wrote"):
            look(folder)


def test_the_card_shows_no_audit_of_files_that_are_not_those_it_is_about(folder):
    before = (folder / "README.md").read_bytes()
    cut_short(folder / TEST)
    command = [sys.executable, "-m", "itdr_hf", "audit", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert (folder / "README.md").read_bytes() == before
