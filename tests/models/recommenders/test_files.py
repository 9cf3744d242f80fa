"""Runs, qrels and RecBole's atomic files: what is written is read back, by us and by the field's tools."""

from __future__ import annotations

import ir_measures
import numpy as np
import pyarrow.parquet as pq
import pytest

from itdr_hf.errors import MalformedRowError, MissingFileError, UsageError
from itdr_hf.models.recommenders import Interactions, evaluate, rank, split_by_user
from itdr_hf.models.recommenders.recbole import read_recbole, write_recbole
from itdr_hf.models.recommenders.run_files import read_trec_run, write_parquet_run, write_qrels, write_trec_run
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.splits import Split

USERS = np.array([f"u{code}" for code in range(20)])
ITEMS = np.array([f"i{code:02}" for code in range(30)])


@pytest.fixture
def split() -> Split:
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(high, size=200) for name, high in (("users", 20), ("items", 30), ("times", 99))}
    return split_by_user(Interactions(**columns, user_count=20, item_count=30))


def a_ranking(split: Split, k: int = 10):
    """Rank with scores of which many are equal."""
    rng = np.random.default_rng(1)
    users, items = (rng.integers(2, size=(count, 3)).astype(np.float32) for count in (20, 30))
    scorer = DotScorer(user_vectors=users, item_vectors=items)
    return rank(scorer, np.unique(split.test.users), seen=split.seen, k=k)


def test_trec_files_scored_by_ir_measures_give_our_figures_although_scores_are_equal(split, tmp_path):
    ranking = a_ranking(split)
    write_trec_run(tmp_path / "run", ranking, USERS, ITEMS, tag="dot")
    write_qrels(tmp_path / "qrels", split.test, USERS, ITEMS)
    measures = {"Recall@10": ir_measures.R @ 10, "NDCG@10": ir_measures.nDCG @ 10, "MRR@10": ir_measures.RR @ 10}
    found = ir_measures.calc_aggregate(
        list(measures.values()),
        ir_measures.read_trec_qrels(str(tmp_path / "qrels")),
        ir_measures.read_trec_run(str(tmp_path / "run")),
    )
    ours = evaluate(ranking, split.test, ks=(10,))
    assert {name: found[measure] for name, measure in measures.items()} == pytest.approx(
        {name: ours.value(name) for name in measures}, abs=1e-12
    )


def test_a_run_read_back_is_the_ranking(split, tmp_path):
    ranking = a_ranking(split, k=29)
    write_trec_run(tmp_path / "run", ranking, USERS, ITEMS, tag="dot")
    back = read_trec_run(tmp_path / "run", USERS, ITEMS)
    depth = back.items.shape[1]
    assert np.array_equal(back.users, ranking.users)
    assert np.array_equal(back.items, ranking.items[:, :depth]) and (ranking.items[:, depth:] == -1).all()


def test_the_parquet_run_has_the_scores_of_the_model(split, tmp_path):
    ranking = a_ranking(split)
    write_parquet_run(tmp_path / "run.parquet", ranking, USERS, ITEMS)
    rows = pq.read_table(tmp_path / "run.parquet").to_pylist()
    assert len(rows) == (ranking.items >= 0).sum()
    first = {
        "user": USERS[ranking.users[0]],
        "item": ITEMS[ranking.items[0, 0]],
        "rank": 1,
        "score": ranking.scores[0, 0],
    }
    assert rows[0] == first


def test_a_key_with_a_space_is_refused_where_spaces_separate(split, tmp_path):
    items = np.array([f"item {code}" for code in range(30)])
    with pytest.raises(UsageError, match="item 'item 0'; want keys without spaces: write Parquet"):
        write_qrels(
            tmp_path / "qrels",
            split.test.take(split.test.items >= 0),
            USERS,
            np.where(np.arange(30) == split.test.items.min(), "item 0", items),
        )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u0 Q0 i01 1 2.0", "line 1: 5 fields; want 6"),
        ("u99 Q0 i01 1 2.0 x", "line 1: user 'u99' is unknown; want one of the 20"),
        ("u0 Q0 none 1 2.0 x", "line 1: item 'none' is unknown; want one of the 30"),
        ("u0 Q0 i01 first 2.0 x", "line 1: rank 'first', score '2.0'; want a whole number"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_with_its_line(line, message, tmp_path):
    (tmp_path / "run").write_text(line + "\n")
    with pytest.raises(UsageError, match=message):
        read_trec_run(tmp_path / "run", USERS, ITEMS)


def test_recboles_files_read_back_are_the_split(split, tmp_path):
    write_recbole(tmp_path, "ml", split, USERS, ITEMS, item_texts=[f"a\ttitle {i}" for i in range(30)])
    back, users, items = read_recbole(tmp_path, "ml")
    for side in ("train", "validation", "test"):
        ours, theirs = getattr(split, side), getattr(back, side)
        assert USERS[ours.users].tolist() == users[theirs.users].tolist()
        assert ITEMS[ours.items].tolist() == items[theirs.items].tolist()
        assert ours.times.tolist() == theirs.times.tolist()


def test_recboles_files_are_in_its_format(split, tmp_path):
    write_recbole(tmp_path, "ml", split, USERS, ITEMS, item_texts=["a\ttitle"] * 30, user_texts=["likes\nfilms"] * 20)
    folder = tmp_path / "ml"
    assert {path.name for path in folder.iterdir()} == {
        "ml.train.inter", "ml.valid.inter", "ml.test.inter", "ml.item", "ml.user",
    }  # fmt: skip
    assert (folder / "ml.train.inter").read_text().startswith("user_id:token\titem_id:token\ttimestamp:float\n")
    assert (folder / "ml.item").read_text().splitlines()[:2] == ["item_id:token\ttext:token_seq", "i00\ta title"]
    assert (folder / "ml.user").read_text().splitlines()[1] == "u0\tlikes films"


def test_files_without_times_are_read_as_interactions_without_times(split, tmp_path):
    bare = [Interactions(users=s.users, items=s.items, user_count=20, item_count=30) for s in (*split.seen, split.test)]
    write_recbole(tmp_path, "x", Split(train=bare[0], validation=bare[1], test=bare[2]), USERS, ITEMS)
    assert read_recbole(tmp_path, "x")[0].train.times is None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="x.train.inter: not there"):
        read_recbole(tmp_path, "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a:token\tb:token\n", "line 1: columns a, b; want user_id:token and item_id:token"),
        ("user_id:token\titem_id:token\nu1\n", "line 2: 1 fields; want 2, as in the header"),
        ("user_id:token\titem_id:token\ttimestamp:float\nu1\ti1\tnow\n", "line 2: timestamp 'now'; want seconds"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_its_line(content, message, split, tmp_path):
    write_recbole(tmp_path, "x", split, USERS, ITEMS)
    (tmp_path / "x" / "x.valid.inter").write_text(content)
    with pytest.raises(MalformedRowError, match=message):
        read_recbole(tmp_path, "x")
