"""The bench, at a size that says nothing: that everything is measured, shown and written. Times are not looked at."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.bench import releases
from itdr_hf.bench.report import findings
from itdr_hf.bench.run import FOUR, Sizes, run


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    sizes = [
        "--pairs",
        "2000",
        "--vectors",
        "4000",
        "--ratings",
        "20000",
        "--reviews",
        "10000",
        "--blocks",
        "20000",
        "--rounds",
        "1",
    ]
    command = [sys.executable, "-m", "itdr_hf", "bench", "--out", folder, *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return folder, done.stdout, json.loads((folder / "bench.json").read_text())


def test_the_table_sets_every_figure_beside_what_is_wanted(measured):
    _, printed, found = measured
    assert "parse s" in printed and "pandas/build" in printed
    measured_with_torch = 7 + bool(find_spec("torch_geometric")) if find_spec("torch") else 0
    of_likelihood = 2 if find_spec("torch") and find_spec("transformers") else 0
    of_neighbours = 2 + 2 * bool(find_spec("faiss"))
    assert len(found["findings"]) == 16 + measured_with_torch + of_likelihood + of_neighbours
    for finding in found["findings"]:
        assert finding["wanted"][0] in "≤≥1"
        assert finding["wanted"] in printed


def test_ours_and_the_script_make_as_many_examples_of_each_cell(measured):
    movielens = measured[2]["rows"][0]["results"]
    ours, script = movielens["build"]["examples"], movielens["pandas"]["examples"]
    assert set(ours) == {f"{subtask}-movielens32m" for subtask in FOUR}
    # The script leaves out users whose window has two titles alike, ours draws others in their place.
    assert all(0.9 * ours[f"{subtask}-movielens32m"] <= script[catalogue.task(subtask).answer] for subtask in FOUR)


def test_all_cells_of_both_sources_are_built_and_all_rows_parsed(measured):
    movielens, amazon, netflix = (row["results"] for row in measured[2]["rows"])
    assert netflix["parse"]["rows"] > 20_000 and netflix["build"]["examples"]["tkr-netflix"] > 0
    assert netflix["build split"]["examples"] == netflix["build"]["examples"], "a file a movie: the same ratings"
    assert movielens["parse"]["rows"] == 20_000
    assert amazon["parse"]["rows"] >= 10_000  # reviews, and products
    assert set(amazon["build"]["examples"]) == {c for c in catalogue.published() if c.endswith("-amazon2023")}
    assert all(n > 0 for row in (movielens, amazon) for n in row["build"]["examples"].values())


def test_the_plot_is_drawn_and_the_releases_are_kept_for_the_next_time(measured):
    folder = measured[0]
    assert (folder / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "work" / "movielens32m-20000" / "complete").is_file()


def test_a_single_part_can_be_measured(tmp_path):
    found = run(tmp_path, Sizes(blocks=(20_000,), rounds=1).only(["netflix"]))
    assert [row.source for row in found.rows] == ["netflix"] and found.once == {}
    assert len(findings(found)) == 3
    with (tmp_path / "netflix-20000/netflix/combined_data_1.txt").open("rb") as file:
        movies = sum(line.endswith(b":\n") for line in file)
    files = sorted((tmp_path / "netflix-20000-split/netflix/training_set").iterdir())
    assert b"".join(path.read_bytes() for path in files[:movies]) == Path(file.name).read_bytes()


def test_a_release_of_amazon_weighs_packs_and_is_shared_out_as_the_published_one(tmp_path):
    written = releases.amazon(tmp_path, 20_000).parsed
    files = {"meta": [path for path in written if path.name.startswith("meta_")]}
    files["reviews"] = [path for path in written if path not in files["meta"]]
    lines = {path: gzip.decompress(path.read_bytes()).splitlines(keepends=True) for path in written}
    weight = {kind: sum(len(line) for path in paths for line in lines[path]) for kind, paths in files.items()}
    packed = {kind: sum(path.stat().st_size for path in paths) for kind, paths in files.items()}
    reviews, products = (sum(len(lines[path]) for path in files[kind]) for kind in ("reviews", "meta"))
    assert weight["reviews"] / reviews == pytest.approx(releases.REVIEW_BYTES, rel=0.1)
    assert weight["meta"] / products == pytest.approx(releases.PRODUCT_BYTES, rel=0.1)
    assert weight["reviews"] / packed["reviews"] == pytest.approx(releases.REVIEWS_PACK, rel=0.1)
    assert weight["meta"] / packed["meta"] == pytest.approx(releases.PRODUCTS_PACK, rel=0.1)
    assert reviews / products == pytest.approx(releases.REVIEWS / releases.PRODUCTS, rel=0.1)
    people = Counter((path.name, json.loads(line)["user_id"]) for path in files["reviews"] for line in lines[path])
    assert reviews / len(people) == pytest.approx(releases.REVIEWS / releases.USERS_OF_CATEGORIES, rel=0.1)
    assert sum(number < 5 for number in people.values()) / len(people) == pytest.approx(releases.CASUAL, abs=0.02)


def test_a_release_of_another_shape_is_written_anew(tmp_path):
    first = releases.movielens(tmp_path, 2_000)
    mark, ratings = first.raw / "complete", first.parsed[0]
    mark.write_text("{}")
    ratings.write_text("of an older version")
    assert releases.movielens(tmp_path, 2_000) == first and ratings.stat().st_size > 10_000
    ratings.write_text("kept")
    assert releases.movielens(tmp_path, 2_000) == first and ratings.read_text() == "kept"
