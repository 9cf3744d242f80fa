"""`itdr build --dry-run`: nothing is written, rows are right, time goes by what builds took here, and errors are named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.build.estimate import DEFAULT, RATES, Rate, estimate_build, estimate_cell, read_rates
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app

CONFIGS = ["nir-movielens32m", "uap-movielens1m"]
BEFORE = Rate(
    raw_bytes=100_000_000, tables_seconds=4.0, cell_seconds=2.0, examples=100, asked=100, bytes=50_000, peak_memory_mb=300,
    estimated_seconds=2.2, seconds=2.0,
)  # fmt: skip


@pytest.fixture
def settings(raw: Path, tmp_path: Path) -> Settings:
    return Settings(raw=raw, cache=tmp_path / "cache", warn=lambda text: None)


def test_before_the_first_build_default_rates_are_said_to_be_ones_and_nothing_is_built(settings, tmp_path):
    found = estimate_build(tmp_path / "itdr", settings, configs=CONFIGS)
    assert {one.basis for one in found} == {"default rates"} and not (tmp_path / "itdr").exists()
    assert all(one.rows and one.bytes and one.seconds and one.peak_memory_mb and one.error is None for one in found)


def test_no_more_memory_is_estimated_than_the_limit(settings, tmp_path):
    one, *others = estimate_build(tmp_path / "itdr", replace(settings, memory_limit="700MB"), configs=CONFIGS)
    assert DEFAULT.peak_memory_mb > 700 == one.peak_memory_mb and all(other.peak_memory_mb <= 700 for other in others)


def test_after_a_build_the_estimate_is_of_what_it_took(settings, tmp_path):
    build_folder(tmp_path / "itdr", settings, configs=CONFIGS)
    again = estimate_build(tmp_path / "itdr", settings, configs=CONFIGS)
    assert {one.state for one in again} == {"unchanged"} and not sum(one.seconds for one in again)
    elsewhere = estimate_build(tmp_path / "other", settings, configs=CONFIGS)
    built = build_folder(tmp_path / "other", settings, configs=CONFIGS)
    for one, outcome in zip(elsewhere, built, strict=True):
        assert one.basis == "this config" and one.rows == sum(outcome.counts.values())
        sizes = [path.stat().st_size for path in (tmp_path / "itdr" / one.cell).iterdir()]
        assert one.bytes == pytest.approx(sum(sizes), rel=0.01) and one.tables_seconds == 0
    assert all(rate.estimated_seconds and rate.seconds for rate in read_rates(settings).values())
    assert all(one.error is not None for one in estimate_build(tmp_path / "third", settings, configs=CONFIGS))


def test_time_goes_with_the_release_and_bytes_with_the_rows():
    cell, rates = catalogue.cell("nir-movielens32m"), {"nir-movielens32m": BEFORE}
    same = estimate_cell(cell, replace(cell.recipe(), num_examples=100), 100_000_000, True, rates)
    assert (same.rows, same.bytes, same.tables_seconds, same.cell_seconds) == (100, 50_000, 4.0, 2.0)
    assert same.error == pytest.approx(0.1) and same.basis == "this config"
    large = estimate_cell(cell, replace(cell.recipe(), num_examples=1000), 1_000_000_000, True, rates)
    assert (large.bytes, large.tables_seconds, large.cell_seconds) == (500_000, 40.0, 20.0)
    assert same.peak_memory_mb < large.peak_memory_mb < 10 * same.peak_memory_mb
    alike = estimate_cell(catalogue.cell("nir-pixelrec"), cell.recipe(), 100_000_000, False, rates)
    assert alike.basis == "1 configs of its task" and alike.tables_seconds == 0
    assert estimate_cell(cell, cell.recipe(), DEFAULT.raw_bytes, True, {}).seconds == pytest.approx(10.5)


def test_a_damaged_file_of_rates_counts_as_none(settings, tmp_path):
    (tmp_path / "cache").mkdir()
    for text in ("{", "[]", '{"x": {"y": 1}}', '{"x": 3}'):
        (tmp_path / "cache" / RATES).write_text(text)
        assert read_rates(settings) == {}


def test_the_command_prints_cells_and_a_total_and_writes_no_folder(raw, tmp_path):
    words = [
        "build",
        "--raw",
        str(raw),
        "--out",
        str(tmp_path / "itdr"),
        "--cache",
        str(tmp_path / "cache"),
        "--dry-run",
    ]
    done = CliRunner().invoke(app, [*words, "--config", ",".join(CONFIGS)])
    assert done.exit_code == 0 and "to build: 2 configs" in " ".join(done.output.split()), done.output
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert len(found) == 33 and {"cell", "rows", "bytes", "seconds", "peak_memory_mb"} <= found[0].keys()
    assert not (tmp_path / "itdr").exists()
