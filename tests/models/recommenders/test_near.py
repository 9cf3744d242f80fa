"""Neighbours by the vectors of LightGCN, and through an index: what is found, what is kept, what a ledger says."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

pytest.importorskip("torch", reason="needs the extra [recommend]")

from itdr_hf import catalogue
from itdr_hf.bench.neighbours import simulated_vectors
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.errors import BuildError
from itdr_hf.models.recommenders import approximate, near
from itdr_hf.models.recommenders.near import keep_for, keep_neighbours, near_key
from itdr_hf.models.recommenders.settings import Settings as Fitting
from itdr_hf.models.recommenders.threads import one_thread
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.simulate import simulate
from itdr_hf.tables.cache import ensure_tables
from itdr_hf.tasks.planning.context import PlanContext
from itdr_hf.tasks.planning.neighbours import given_path, logs
from itdr_hf.tasks.planning.similarity import nearest_dense

QUICK = Fitting(dim=8, epochs=2)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A simulated Netflix."""
    one_thread()
    home = tmp_path_factory.mktemp("near")
    simulate(home / "raw", sources=["netflix"], scale=0.1, seed=5)
    return Settings(raw=home / "raw", cache=home / "cache", warn=lambda text: None)


@pytest.fixture(scope="module")
def plan(build: Settings):
    """The plan of a cell whose recipe names such neighbours, which are not made yet."""
    cell = catalogue.cell("dialogue-netflix")
    with open_duckdb() as engine:
        tables = ensure_tables(cell.source, build.raw, engine=engine.reader, cache=build.cache)
        yield PlanContext(engine=engine, tables=tables, recipe=cell.recipe(near=near_key(QUICK)))


def test_neighbours_are_those_nearest_by_vectors_that_train_alone_has_taught(plan: PlanContext, monkeypatch):
    seen = {}
    fitted = keep_neighbours.__globals__["fit"]

    def spy(name, train, **options):
        seen["pairs"], seen["scorer"] = train, fitted(name, train, **options)
        assert options.get("validation") is None
        return seen["scorer"]

    monkeypatch.setitem(keep_neighbours.__globals__, "fit", spy)
    made = keep_neighbours(plan, QUICK)
    ((_, log),) = list(logs(plan))
    assert len(seen["pairs"]) == len(log.pairs[0])  # the train part, and nothing later
    for side, vectors in (("user", seen["scorer"].scorer.user_vectors), ("item", seen["scorer"].scorer.item_vectors)):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        cosine = np.round((unit @ unit.T).astype(np.float64), 6)
        np.fill_diagonal(cosine, -9)
        ids = (log.users if side == "user" else log.items).to_pylist()
        table = pq.read_table(made[side]).to_pandas()
        table = table[table["by"] == "lightgcn"]
        for subject, mine in list(table.groupby("subject"))[:50]:
            scores = np.sort(cosine[ids.index(subject)])[::-1][:5]
            assert np.allclose(mine.sort_values("rank")["score"], scores, atol=2e-6)


def test_a_cell_is_built_with_them_and_its_ledger_says_so(build: Settings, plan: PlanContext):
    cell = catalogue.cell("dialogue-netflix")
    with pytest.raises(BuildError, match="neighbours lightgcn-none: not in .*; want them made beforehand"):
        prepare(cell, cell.recipe(near="lightgcn-none"), build)
    keep_neighbours(plan, QUICK)
    derived = prepare(cell, plan.recipe, build).rows.derived
    assert derived["user neighbours"] == f"{plan.recipe.near}, exact"
    assert derived["user neighbours by lightgcn"] == pq.read_table(given_path(plan, "user")).num_rows


def test_what_is_there_is_not_made_again_and_the_same_settings_give_the_same_bytes(
    build: Settings, plan: PlanContext, monkeypatch
):
    made = keep_neighbours(plan, QUICK)
    before = {side: path.read_bytes() for side, path in made.items()}
    monkeypatch.setitem(keep_neighbours.__globals__, "fit", None)
    keep_neighbours(plan, QUICK)
    keep_for([catalogue.cell("rp-netflix"), catalogue.cell("dialogue-netflix")], {"near": plan.recipe.near}, build)
    monkeypatch.undo()
    for path in made.values():
        path.unlink()
    assert {side: path.read_bytes() for side, path in keep_neighbours(plan, QUICK).items()} == before


def test_batches_grow_with_the_log_up_to_a_limit_and_the_learning_rate_with_their_root():
    pairs = {number: near._sized(near.SETTINGS, number) for number in (500, 50_000, 200_000, 600_000, 2_000_000)}
    assert [settings.batch for settings in pairs.values()] == [64, 2048, 2048, 4500, 8192]
    rates = [settings.learning_rate / near.SETTINGS.learning_rate for settings in pairs.values()]
    assert rates == pytest.approx([1, 1, 1, (4500 / 2048) ** 0.5, 2])


def test_an_index_finds_nearly_what_the_exact_search_finds_and_says_how_nearly():
    pytest.importorskip("faiss", reason="needs the extra [neighbours]")
    vectors = simulated_vectors(6_000, 16)
    found = approximate.nearest_indexed(vectors, 5)
    exact = nearest_dense(vectors, vectors, 5, np.arange(len(vectors)))
    share = np.mean(
        [len(np.intersect1d(one, other)) / 5 for one, other in zip(found.nearest.rows, exact.rows, strict=True)]
    )
    assert found.recall >= approximate.WANTED and share > approximate.WANTED - 0.01
    assert not (found.nearest.rows == np.arange(len(vectors))[:, None]).any()  # nobody is near to themselves
    assert f"recall {found.recall:.4f}" in found.facts and found.probes < found.cells
    again = approximate.nearest_indexed(vectors, 5)
    assert (again.nearest.rows == found.nearest.rows).all()
