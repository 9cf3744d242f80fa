"""Tokens: refused, missing, without rights; and never told."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
from hubserver import OTHER, STRANGER, WRITE
from hubserver.stage import STEPS, Stage

from itdr_hf.errors import HubError
from itdr_hf.hub import HubAnswer

pytest_plugins = ("hubserver.plugin",)


def test_an_invalid_token_is_said_to_be_one(stage: Stage) -> None:
    with pytest.raises(HubAnswer, match=r"401 .*; wanted a valid token; run `hf auth login`"):
        stage.push(stage.old, api=stage.client("hf_nobodysTOKEN"))


def test_no_token_is_said_to_be_missing(stage: Stage) -> None:
    with pytest.raises(HubAnswer, match="creating it: the Hub answered 401"):
        stage.push(stage.old, api=stage.client(False))


def test_a_token_without_rights_to_the_namespace_cannot_push(released: Stage) -> None:
    with pytest.raises(HubAnswer, match="creating it: the Hub answered 403"):
        released.push(released.new, api=released.client(STRANGER))
    released.assert_finishes()


def test_no_token_appears_in_an_error_a_log_or_a_file(
    released: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_DEBUG", True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    body = f'{{"error": "token {WRITE} is bad, {OTHER} is not, Bearer {WRITE}; {released.hub.url}/x?sig={WRITE}"}}'.encode()
    told = []
    with caplog.at_level(logging.DEBUG):
        for step in STEPS:
            released.hub.faults.clear()
            released.fault(*STEPS[step], status=403, times=100, body=body)
            try:
                released.push(released.new)
            except HubError as error:
                told.append("".join(traceback.format_exception(error)))
    assert len(told) == len(STEPS) and sum("<token>" in text for text in told) >= 8
    assert WRITE not in "".join(told) and OTHER not in "".join(told)
    assert WRITE not in caplog.text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or WRITE.encode() not in path.read_bytes()
