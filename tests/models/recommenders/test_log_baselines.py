"""Recommenders on a dataset's own examples: what they are trained on, whom they know, and what they refuse."""

from __future__ import annotations

import dataclasses
import shutil
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.catalogue import current
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.recommenders import Interactions, fit
from itdr_hf.models.recommenders.candidates import CandidateScorer
from itdr_hf.models.recommenders.counting import cosines_with
from itdr_hf.models.recommenders.fold_in import fold_in
from itdr_hf.models.recommenders.interactions import Histories
from itdr_hf.models.recommenders.log import read_log
from itdr_hf.models.recommenders.log_baselines import LOG_BASELINES, LogBaseline
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.settings import DEFAULTS
from itdr_hf.records import SPLITS
from itdr_hf.runtime.progress import ignore
from itdr_hf.score.score_file import Options, score_file
from itdr_hf.tasks.planning.split_protocols import PROTOCOLS

CELLS = ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m"]


@pytest.fixture(scope="module")
def folder(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rec") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=CELLS)
    return out


def predicted(name: str, folder: Path, raw: Path, path: Path) -> Path:
    settings = DEFAULTS[name].changed(epochs=2, dim=8) if name in DEFAULTS else None
    baseline = LogBaseline(name=name, dataset=folder, raw=raw, settings=settings)
    predict_into(path, read_questions(folder), baseline)
    return path


def needs(name: str) -> None:
    if name in DEFAULTS:
        pytest.importorskip("torch")


@pytest.mark.parametrize("name", LOG_BASELINES)
def test_every_baseline_answers_rankings_choices_and_ratings_in_the_form_asked_for(name, folder, raw, tmp_path):
    needs(name)
    report = score_file(predicted(name, folder, raw, tmp_path / "p.parquet"), folder, Options(baselines=False))
    assert set(CELLS) <= set(report.ours.cells)
    assert all(not report.ours.cells[cell].faults["strict"] for cell in CELLS)


def test_no_user_of_the_test_or_validation_split_is_in_the_log_and_no_answer_of_theirs(folder, raw):
    """Worked out with pandas and hashlib alone, from the files: who asks, what they chose, and what is trained on."""
    log = read_log(current().source("movielens32m"), raw, train_users_only=True)
    ratings = pd.read_csv(raw / "ml-32m" / "ratings.csv", dtype={"userId": str, "movieId": str})
    ratings["hash"] = [
        blake2b(f"movielens32m|{user}".encode(), key=b"itdr", digest_size=8).hexdigest() for user in ratings.userId
    ]
    trained = set(log.user_keys)
    for cell in CELLS:
        rows = {split: pd.concat(map(pd.read_parquet, (folder / cell).glob(f"{split}-*"))) for split in SPLITS}
        asked = {split: set(ratings[ratings.hash.isin(rows[split].user)].userId) for split in SPLITS}
        assert all(len(asked[split]) == rows[split].user.nunique() > 0 for split in SPLITS)
        assert asked["train"] <= trained and not trained & (asked["validation"] | asked["test"])
    pairs = set(zip(log.user_keys[log.interactions.users], log.item_keys[log.interactions.items], strict=True))
    read = ratings[ratings.userId.isin(trained)]
    assert pairs == set(zip(read.userId, read.movieId, strict=True))


@pytest.mark.parametrize("name", ["popular-log", "co-occurrence-log", "item-knn", "biasmf"])
def test_answers_do_not_depend_on_what_test_users_did(name, folder, raw, tmp_path):
    """The release without the rows of test and validation users gives the same scores: they were never in the log."""
    needs(name)
    source = current().source("movielens32m")
    train = read_log(source, raw, train_users_only=True)
    shutil.copytree(raw / "ml-32m", tmp_path / "ml-32m")
    header, *rows = (raw / "ml-32m" / "ratings.csv").read_text().splitlines(keepends=True)
    kept = [row for row in rows if row.partition(",")[0] in set(train.user_keys)]
    assert 0 < len(kept) < len(rows)
    (tmp_path / "ml-32m" / "ratings.csv").write_text(header + "".join(kept))
    fewer = read_log(source, tmp_path, train_users_only=True)

    questions = read_questions(folder, ["tkr-movielens32m"])
    settings = DEFAULTS[name].changed(epochs=1, dim=8) if name in DEFAULTS else None
    first, second = (CandidateScorer.fit(name, log, settings, ignore).scores(questions) for log in (train, fewer))
    assert first == second


def test_a_folded_user_of_training_is_near_the_vector_that_training_gave(folder):
    """Where users are a linear function of their items, folding in finds that function."""
    rng = np.random.default_rng(0)
    rows, columns = np.nonzero(rng.random((60, 40)) < 0.3)
    log = Interactions(users=rows, items=columns, user_count=60, item_count=40)
    items = rng.standard_normal((40, 5)).astype(np.float32)
    means = np.stack([items[log.histories[user]].mean(axis=0) for user in range(60)])
    users = (means @ rng.standard_normal((5, 5)) + 1).astype(np.float32)
    folded = fold_in(DotScorer(user_vectors=users, item_vectors=items), log, log.histories)
    assert np.allclose(folded.user_vectors, users, atol=1e-4)


def test_a_user_without_known_items_is_the_average_one():
    log = Interactions(users=[0, 0, 1], items=[0, 1, 2], user_count=2, item_count=3)
    empty = Histories(starts=np.array([0, 0]), items=np.array([], dtype=np.int64))
    found = fold_in(fit("popularity", log).scorer, log, empty)
    assert np.allclose(found.user_vectors, [[1.0]])


def test_cosines_with_items_shown_agree_with_a_naive_loop():
    rng = np.random.default_rng(1)
    rows, columns = np.nonzero(rng.random((30, 12)) < 0.3)
    log = Interactions(users=rows, items=columns, user_count=30, item_count=12)
    shown = Histories(starts=np.array([0, 3, 4]), items=np.array([0, 3, 5, 2]))
    users, items = np.array([0, 1, 0]), np.array([7, 2, 1])
    have = [set(rows[columns == item]) for item in range(12)]

    def cosine(a: int, b: int) -> float:
        return len(have[a] & have[b]) / np.sqrt(len(have[a]) * len(have[b]))

    wanted = [sum(cosine(item, past) for past in shown[user]) for user, item in zip(users, items, strict=True)]
    assert cosines_with(log, shown, users, items) == pytest.approx(wanted, rel=1e-5)


def test_an_item_that_no_train_user_has_comes_last(folder, raw):
    question = read_questions(folder, ["tkr-movielens32m"], limit=1)[0]
    candidates = ["No Such Film (1901)", *question.candidates]
    stranger = dataclasses.replace(question, candidates=candidates)
    scorer = CandidateScorer.fit("popular-log", read_log(current().source("movielens32m"), raw), None, ignore)
    scores = scorer.scores([stranger])[0]
    assert scores[0] == -np.inf and np.isfinite(scores[1:]).all()


def test_a_dataset_split_otherwise_is_refused_since_its_answers_are_in_the_logs(raw, tmp_path):
    other = next(name for name in PROTOCOLS if name != "user")
    build_folder(
        tmp_path, Settings(raw=raw, warn=lambda text: None), configs=CELLS[1:2], changes={"split_protocol": other}
    )
    baseline = LogBaseline(name="popular-log", dataset=tmp_path, raw=raw)
    with pytest.raises(UsageError, match=f"tkr-movielens32m: split by {other}, so that the logs hold its answers"):
        baseline.answer(read_questions(tmp_path), lambda question, answered: None)


def test_other_raw_files_than_the_dataset_was_built_from_are_refused(folder, raw, tmp_path):
    shutil.copytree(raw / "ml-32m", tmp_path / "ml-32m")
    with (tmp_path / "ml-32m" / "ratings.csv").open("ab") as file:
        file.write(b"1,1,5.0,1000000000\n")
    baseline = LogBaseline(name="popular-log", dataset=Dataset.open(folder), raw=tmp_path)
    with pytest.raises(UsageError, match="built from another ratings.csv than the one under --raw"):
        baseline.answer(read_questions(folder), lambda question, answered: None)


def test_a_question_has_no_answer_in_it():
    assert not {"output", "targets"} & {field.name for field in dataclasses.fields(Question)}
