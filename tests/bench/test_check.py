"""`make bench-check`: a ratio 25 % above the one that is kept is named, and every part has one."""

from __future__ import annotations

import json

from itdr_hf.bench import check
from itdr_hf.bench.yardsticks import our_ranking, our_reading, plain_ranking, plain_reading, plain_texts


def test_a_ratio_a_quarter_above_the_kept_one_is_too_high_and_a_lower_one_is_not():
    kept = {"build": 1.0, "render": 2.0, "likelihood": 0.5}
    assert check.slower({"build": 1.25, "render": 0.1}, kept) == []
    [sentence] = check.slower({"build": 1.26, "render": 2.4}, kept)
    assert sentence.startswith("build: 1.260 times its yardstick; want at most 1.250")


def test_every_part_has_a_ratio_that_is_kept():
    kept = json.loads(check.KEPT.read_text())
    assert kept.keys() == {*check.PAIRS, "likelihood"} and all(0 < ratio < 100 for ratio in kept.values())


def test_yardsticks_do_the_same_work():
    assert our_ranking()()["first"] == plain_ranking()()["first"]
    assert 0 < our_reading(20)()["N@10"] <= 1 and plain_reading(20)()["gain"] > 0
    assert plain_texts(3)()["bytes"] > 3 * 500


def test_the_command_fails_where_something_became_slower(monkeypatch, capsys):
    kept = json.loads(check.KEPT.read_text())
    monkeypatch.setattr(check, "measure", lambda work, rounds: {**kept, "score": kept["score"] * 1.3})
    assert check.main([]) == 1
    assert "score: " in capsys.readouterr().err
    monkeypatch.setattr(check, "measure", lambda work, rounds: dict(kept))
    assert check.main([]) == 0
