"""What the cells of a source share beside its tables: what it holds, that it is made once, that nothing hangs on it."""

from __future__ import annotations

from collections import Counter
from hashlib import md5
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build import rows
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.simulate import amazon2023, simulate
from itdr_hf.tasks.planning import derived

RANKING = ("tkr-amazon2023", "nir-amazon2023")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    simulate(folder, sources=["amazon2023"], scale=0.05)
    return folder


def planned(config: str, raw: Path, cache: Path) -> Path:
    cell = catalogue.cell(config)
    return prepare(cell, cell.recipe(), Settings(raw=raw, cache=cache, warn=lambda text: None)).rows.path


def files(cache: Path, pattern: str) -> list[Path]:
    return sorted(cache.glob(f"tables/amazon2023/*/{pattern}.parquet"))


def test_a_second_cell_reads_what_the_first_has_made(raw, tmp_path):
    planned(RANKING[0], raw, tmp_path)
    made = {path: path.stat().st_mtime_ns for path in files(tmp_path, "*-*")}
    planned(RANKING[1], raw, tmp_path)
    assert [path.name.partition("-")[0] for path in made] == ["calendar", "catalogue", "users"]
    assert made == {path: path.stat().st_mtime_ns for path in files(tmp_path, "*-*")}


def test_the_catalogue_is_in_md5_order_and_knows_titles_that_several_records_have(raw, tmp_path):
    planned(RANKING[0], raw, tmp_path)
    [path] = files(tmp_path, "catalogue-*")
    items = pq.read_table(path).to_pylist()
    titles = Counter(item["norm"] for item in items)
    assert max(titles.values()) > 1
    assert all(item["alike"] == titles[item["norm"]] for item in items)
    for domain in {item["domain"] for item in items}:
        mine = sorted((item for item in items if item["domain"] == domain), key=lambda item: item["place"])
        assert [item["place"] for item in mine] == list(range(len(mine)))
        digests = [md5(f"shelf|{item['item']}".encode()).hexdigest() for item in mine]
        assert digests == sorted(digests)


def test_users_are_in_sampling_order(raw, tmp_path):
    planned(RANKING[0], raw, tmp_path)
    [path] = files(tmp_path, "users-*")
    people = pq.read_table(path).to_pylist()
    seed = catalogue.cell(RANKING[0]).recipe().seed
    assert [p["order"] for p in people] == sorted(p["order"] for p in people)
    for person in people[::50]:
        keys = f"sample|{seed}|amazon2023|{person['domain']}|{person['user']}"
        assert person["order"] == md5(keys.encode()).hexdigest()


def test_the_chosen_are_the_same_when_too_few_come_early_in_the_order(raw, tmp_path, monkeypatch):
    early = pq.read_table(planned(RANKING[0], raw, tmp_path / "early"))
    monkeypatch.setattr(rows, "AMPLE", 0.1)
    monkeypatch.setattr(rows, "SPARE", 1)
    assert early.num_rows > 200
    assert pq.read_table(planned(RANKING[0], raw, tmp_path / "late")).equals(early)


def test_whoever_did_little_is_found_by_a_recipe_that_asks_for_little(tmp_path):
    amazon2023.write(tmp_path / "raw" / amazon2023.FOLDER, users=600, items=60, interactions=4_000, casual=0.8)
    cell = catalogue.cell(RANKING[0])
    few = cell.recipe(history=1, positives=1, negatives=1)
    prepared = prepare(cell, few, Settings(raw=tmp_path / "raw", cache=tmp_path, warn=lambda text: None))
    active = pq.read_table(prepared.tables.path("activity")).to_pylist()
    [eligible] = [step for step in prepared.rows.steps if step["what"] == "eligible"]
    assert eligible["rows"] == sum(person["interactions"] >= 3 for person in active)
    assert any(3 <= person["interactions"] < derived.ENOUGH for person in active)
