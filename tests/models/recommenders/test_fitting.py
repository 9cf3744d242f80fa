"""Fitting by name: determinism, early stopping, features, and what is kept in a file."""

from __future__ import annotations

import dataclasses
import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders import (
    RECOMMENDERS,
    Features,
    Interactions,
    Settings,
    evaluate,
    fit,
    load_recommender,
    rank,
    save_recommender,
    split_by_user,
)
from itdr_hf.models.recommenders.checkpoints import read_tensors
from itdr_hf.models.recommenders.splits import Split

SMALL = Settings(dim=16, batch=256, epochs=6, learning_rate=0.02)


def a_world(users: int = 80, items: int = 60, groups: int = 4, seed: int = 0) -> tuple[Interactions, Features]:
    """Return a log in which each user prefers one group of items, and item texts that tell the group."""
    rng = np.random.default_rng(seed)
    taste, group = rng.integers(groups, size=users), rng.integers(groups, size=items)
    liked = rng.random((users, items)) < np.where(taste[:, None] == group, 0.6, 0.02)
    rows, columns = np.nonzero(liked)
    texts = np.eye(groups, dtype=np.float32)[group] + rng.normal(0, 0.1, (items, groups)).astype(np.float32)
    log = Interactions(
        users=rows, items=columns, times=rng.integers(999, size=len(rows)), user_count=users, item_count=items
    )
    return log, Features(item_texts=texts, user_profiles=np.eye(groups, dtype=np.float32)[taste])


def recall(scorer, split: Split, k: int = 5) -> float:
    return evaluate(rank(scorer, np.arange(split.train.user_count), seen=split.seen, k=k), split.test, ks=(k,)).value(
        f"Recall@{k}"
    )


needs_torch = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode != 0, reason="needs torch"
)
LEARNED = [pytest.param(name, marks=needs_torch) for name in RECOMMENDERS if name not in ("popularity", "item-knn")]


@pytest.mark.parametrize("name", LEARNED)
def test_each_recommender_beats_popularity_where_users_have_tastes(name):
    log, _ = a_world()
    split = split_by_user(log)
    fitted = fit(name, split.train, settings=SMALL.changed(epochs=15, contrast=0.01))
    assert recall(fitted.scorer, split) > 1.5 * recall(fit("popularity", split.train).scorer, split)


@pytest.mark.parametrize("name", LEARNED)
def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(name, tmp_path):
    log, features = a_world()
    paths = [tmp_path / f"{place}.safetensors" for place in range(3)]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        save_recommender(fit(name, log, features=features, settings=SMALL.changed(epochs=2, seed=seed)), path)
    first, same, other = (path.read_bytes() for path in paths)
    assert first == same
    assert read_tensors(paths[0])[0].keys() == read_tensors(paths[2])[0].keys()
    assert first != other


@needs_torch
def test_training_leaves_the_global_generator_as_it_was():
    import torch

    log, _ = a_world()
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    fit("sgl", log, settings=SMALL.changed(epochs=1))
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("name", ["popularity", "item-knn", *LEARNED])
def test_a_recommender_read_back_scores_as_it_did(name, tmp_path):
    log, _ = a_world()
    fitted = fit(name, log, settings=SMALL.changed(epochs=1))
    save_recommender(fitted, tmp_path / "model.safetensors")
    back = load_recommender(tmp_path / "model.safetensors")
    assert (back.name, back.settings) == (name, fitted.settings)
    users = np.arange(log.user_count)
    assert np.array_equal(back.scorer.score_users(users), fitted.scorer.score_users(users))


def test_the_file_is_safetensors_as_its_library_reads_it(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    log, _ = a_world()
    fitted = fit("item-knn", log)
    save_recommender(fitted, tmp_path / "model.safetensors")
    found = numpy.load_file(tmp_path / "model.safetensors")
    assert found.keys() == fitted.scorer.arrays().keys()
    assert all(np.array_equal(found[name], values) for name, values in fitted.scorer.arrays().items())


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 4, struct.pack("<Q", 1 << 40) + b"{}", struct.pack("<Q", 2) + b"{]", struct.pack("<Q", 2) + b"[]",
     struct.pack("<Q", 60) + json.dumps({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}).encode().ljust(60)],
)  # fmt: skip
def test_a_damaged_file_is_refused(content, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UsageError, match="want an undamaged safetensors file"):
        load_recommender(tmp_path / "model.safetensors")


@needs_torch
def test_training_stops_when_validation_stops_getting_better_and_keeps_the_best_epoch():
    log, _ = a_world()
    split = split_by_user(log)
    settings = SMALL.changed(epochs=60, patience=3, learning_rate=0.1)
    fitted = fit("biasmf", split.train, validation=split.validation, settings=settings)
    values = [epoch.validation for epoch in fitted.epochs]
    best = int(np.argmax(values)) + 1
    assert len(values) == best + 3 < 60
    assert fitted.best_epoch.number == best
    again = fit("biasmf", split.train, settings=settings.changed(epochs=best))
    assert np.array_equal(again.scorer.item_vectors, fitted.scorer.item_vectors)


@needs_torch
def test_training_cannot_see_the_test_set():
    """Whatever is in the test set, the fitted recommender is the same: there is no argument to hand it in."""
    log, _ = a_world()
    split = split_by_user(log)
    emptied = dataclasses.replace(split, test=split.test.take(np.arange(0)))
    fitted = [fit("biasmf", s.train, validation=s.validation, settings=SMALL) for s in (split, emptied)]
    assert np.array_equal(fitted[0].scorer.user_vectors, fitted[1].scorer.user_vectors)


@needs_torch
def test_progress_is_reported_after_each_epoch():
    log, _ = a_world()
    reports = []
    fit("biasmf", log, settings=SMALL.changed(epochs=2), progress=reports.append)
    assert [report[:4] for report in reports] == [("training", 1, 2, "epochs"), ("training", 2, 2, "epochs")]
    assert reports[0].detail.startswith("loss 0.")


@needs_torch
def test_texts_rank_items_that_training_never_saw():
    """Cold items of the user's group come first by their text; by their own vectors they are in no order."""
    log, features = a_world(items=100)
    cold = np.arange(100) >= 70
    train, test = log.take(~cold[log.items]), log.take(cold[log.items])
    empty = train.take(np.arange(0))
    split = Split(train=train, validation=empty, test=test)
    texts = Features(item_texts=features.item_texts)

    def zero_shot(features: Features) -> float:
        fitted = fit("lightgcn", train, features=features, settings=SMALL.changed(epochs=20))
        return evaluate(rank(fitted.scorer, np.arange(80), catalogue=split.unseen_items, k=5), test, ks=(5,)).value(
            "Recall@5"
        )

    assert zero_shot(texts) > 0.45 > 0.3 > zero_shot(Features())


def test_an_unknown_recommender_is_answered_with_those_there_are():
    with pytest.raises(
        UsageError, match="no recommender 'lightfm'; did you mean lightgcn. have: popularity, item-knn, biasmf"
    ):
        fit("lightfm", a_world()[0])


def test_training_without_interactions_is_refused():
    with pytest.raises(UsageError, match="popularity: no training interactions"):
        fit("popularity", Interactions(users=[], items=[], user_count=3, item_count=3))


def test_an_unknown_setting_is_answered_with_those_there_are():
    with pytest.raises(UsageError, match="no setting 'lr'; have: dim, layers, learning_rate"):
        SMALL.changed(lr=1)


@needs_torch
def test_a_loss_that_is_not_a_number_ends_training():
    from itdr_hf.errors import ModelError

    with pytest.raises(ModelError, match="want a number: lower learning_rate"):
        fit("biasmf", a_world()[0], settings=SMALL.changed(learning_rate=float("inf")))


def test_counting_ranking_and_scoring_work_without_torch_and_networks_say_what_to_install(tmp_path):
    code = """
import sys; sys.modules["torch"] = None
import numpy as np
from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders import *
log = Interactions(users=[0, 1, 1], items=[0, 1, 2], user_count=2, item_count=3)
print(evaluate(rank(fit("item-knn", log).scorer, np.arange(2), k=2), log, ks=(2,)).value("Recall@2"))
try: fit("lightgcn", log)
except UsageError as error: print(error)
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert float(lines[0]) > 0
    assert lines[1].startswith(
        "recommenders: torch is not installed; want the extra [recommend]; pip install 'itdr-hf[recommend]'"
    )
