"""What a log has to train on when the last of each user is asked for: everything but that, worked out from the files."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path

import pandas as pd
import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.catalogue import current
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.recommenders.log import Log, read_log
from itdr_hf.models.recommenders.log_baselines import LogBaseline
from itdr_hf.score.score_file import Options, score_file
from itdr_hf.simulate import simulate

CELLS = ["seqrec-amazon2018", "search-amazon2018"]


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw release, and InstructRec built from it."""
    home = tmp_path_factory.mktemp("products")
    simulate(home / "raw", sources=["amazon2018"], scale=0.03, seed=5)
    settings = Settings(raw=home / "raw", warn=lambda text: None)
    build_folder(home / "instructrec", settings, configs=CELLS, family="instructrec")
    return home


def titles_by_user(log: Log) -> dict[str, set[str]]:
    """The titles of each user, by the hash that stands for the user in a dataset."""
    users = [blake2b(f"amazon2018|{key}".encode(), key=b"itdr", digest_size=8).hexdigest() for key in log.user_keys]
    titles: dict[str, set[str]] = defaultdict(set)
    for user, item in zip(log.interactions.users, log.interactions.items, strict=True):
        titles[users[user]].add(log.titles[item])
    return titles


def rows(folder: Path, cell: str, split: str) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, (folder / "instructrec" / cell).glob(f"{split}-*")))


def test_leave_one_out_leaves_no_answer_of_test_and_validation_in_the_log_and_little_else_out(products):
    source = current().source("amazon2018")
    everything = titles_by_user(read_log(source, products / "raw"))
    trained = titles_by_user(read_log(source, products / "raw", without_answers_of="leave-one-out"))
    for split in ("validation", "test"):
        asked = rows(products, CELLS[0], split)
        assert len(asked) and set(asked.user) <= set(everything)
        assert all(row.targets[0] in everything[row.user] for row in asked.itertuples())
        assert not [row.id for row in asked.itertuples() if row.targets[0] in trained.get(row.user, ())]
    lost = {user: len(titles - trained.get(user, set())) for user, titles in everything.items()}
    assert max(lost.values()) <= 12  # two of all, of what is rated and of the core, in each of two orders
    named = [row for row in rows(products, CELLS[0], "train").itertuples() if row.targets[0] in everything[row.user]]
    assert any(lost[row.user] == 2 for row in named)
    assert all(row.targets[0] in trained[row.user] for row in named if lost[row.user] == 2)


def test_every_interaction_of_a_log_is_one_of_the_files(products):
    log = read_log(current().source("amazon2018"), products / "raw")
    known = set()
    for path in (products / "raw").rglob("*.json.gz"):
        if not path.name.startswith("meta"):
            reviews = map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())
            known |= {(review["reviewerID"], review["asin"]) for review in reviews}
    users = log.user_keys[log.interactions.users]
    items = [key.rpartition("/")[2] for key in log.item_keys[log.interactions.items]]
    assert set(zip(users, items, strict=True)) <= known


@pytest.mark.parametrize("name", ["popular-log", "bm25", "co-occurrence-log", "item-knn"])
def test_recommenders_answer_instructions_with_and_without_a_user(products, name, tmp_path):
    folder = products / "instructrec"
    baseline = LogBaseline(name=name, dataset=folder, raw=products / "raw")
    predict_into(tmp_path / "p.parquet", read_questions(folder), baseline)
    report = score_file(tmp_path / "p.parquet", folder, Options(baselines=False))
    assert set(report.ours.cells) == set(CELLS)
    assert all(cell.parsed["strict"] == 1.0 for cell in report.ours.cells.values())


def test_a_log_cut_by_time_is_refused(products):
    with pytest.raises(UsageError, match="amazon2018: no log without the answers of time; have: user, leave-last"):
        read_log(current().source("amazon2018"), products / "raw", without_answers_of="time")
