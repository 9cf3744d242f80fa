"""RecLM's tables: plain profiles, then recommenders, next to the published figures."""

from __future__ import annotations

import json

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.experiments import Options, collect, experiment, plan, run
from itdr_hf.simulate import simulate


def options(tmp_path, **changes):
    given = {"models": ("lightgcn",), "source": "movielens1m", **changes}
    return Options(raw=tmp_path / "raw", out=tmp_path / "out", **given)


def test_options_that_recommenders_need_are_asked_for(tmp_path):
    with pytest.raises(UsageError, match="want --raw and --source"):
        plan(experiment("reclm-tables"), options(tmp_path, source=None))
    with pytest.raises(UsageError, match="no recommender of the experiment 'bert'"):
        plan(experiment("reclm-tables"), options(tmp_path, models=("bert",)))


def test_a_recommender_is_fitted_in_every_variant_next_to_the_papers_arms(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra [recommend]")
    from itdr_hf.models.recommenders import settings

    quick = {name: one.changed(epochs=2, dim=8) for name, one in settings.DEFAULTS.items()}
    monkeypatch.setattr(settings, "DEFAULTS", quick)
    simulate(tmp_path / "raw", sources=["movielens1m"], scale=0.02, seed=1)
    planned = plan(experiment("reclm-tables"), options(tmp_path))
    assert [step.title for step in planned.steps] == ["profiles movielens1m", "recommend movielens1m"]
    assert set(run(planned).values()) == {"done"}
    found = collect(experiment("reclm-tables"), tmp_path / "out")
    assert {line.arm for line in found.lines} == {
        f"lightgcn {variant}" for variant in ("base", "without user profiles", "without item profiles", "augmented")
    }
    assert all(line.doubted and line.difference is None for line in found.lines)
    assert json.loads((tmp_path / "out/recommend/movielens1m/scores.json").read_text())["data"]["simulated"] is True
    assert set(run(planned).values()) == {"kept"}
    assert sum(figure.table == 1 for _, figure in found.published) == 240
