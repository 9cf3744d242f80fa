"""Closed models: asked through a server, next to the published figures of the same model."""

from __future__ import annotations

import pytest
from chatserver import chat  # noqa: F401  the fixture: a server on loopback

from itdr_hf.experiments import Options, collect, experiment, plan, run


def test_a_model_behind_a_server_stands_next_to_the_published_one_of_its_name(asked, chat, tmp_path):  # noqa: F811
    pytest.importorskip("openai", reason="needs the extra [endpoint]")
    chat.answer = lambda prompt: prompt.partition("\n- ")[2].partition("\n")[0].partition(" [")[0]
    cells = ("nir-movielens32m",)
    given = {"models": ("gemini-2.5-flash",), "configs": cells, "sampled": 0.5, "replicates": 40}
    chosen = Options(folder=asked, out=tmp_path, endpoint=chat.url, **given)
    planned = plan(experiment("itdr-closed"), chosen)
    assert list(run(planned).values()) == ["done"] * 3
    line = next(line for line in collect(experiment("itdr-closed"), tmp_path).lines if line.config == cells[0])
    assert (line.paper_model, line.arm, line.metric) == ("Gemini-2.5-Flash", "no-ft", "H@1")
    requests = len(chat.requests)
    assert requests == line.n > 0
    assert set(run(planned).values()) == {"kept"} and len(chat.requests) == requests
