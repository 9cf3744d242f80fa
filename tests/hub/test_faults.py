"""Publishing when a step fails: every fault has a known outcome, and running again finishes.

After each fault main holds the old release or the whole new one, a tag points to nothing else, and the
next run ends with one commit for the release.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hubserver import WRITE
from hubserver.folders import contents
from hubserver.stage import REPO, STEPS, Stage
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import default_client_factory

from itdr_hf.errors import HubError
from itdr_hf.hub import HubAnswer, RetryPolicy, connect, push_folder

pytest_plugins = ("hubserver.plugin",)

WRITING = ("preupload", "lfs batch", "lfs put", "commit", "tag")
ONCE: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"Retry-After": "7"}},
    "500": {"status": 500},
    "504": {"status": 504},
    "drop": {"kind": "drop"},
    "reset": {"kind": "reset"},
    "lost reply": {"kind": "lose reply"},
    "cut": {"kind": "cut body"},
    "reset body": {"kind": "reset body"},
}


EVERYWHERE = ("429", "500", "drop", "reset", "lost reply")
PAIRS = [(step, fault) for step in STEPS for fault in EVERYWHERE]
PAIRS += [
    (step, fault) for step in ("info", "commit", "verify get", "tag") for fault in ONCE if fault not in EVERYWHERE
]


@pytest.mark.parametrize(("step", "fault"), PAIRS)
def test_one_fault_at_a_step_does_not_stop_a_release(released: Stage, step: str, fault: str) -> None:
    injected = released.fault(*STEPS[step], **ONCE[fault])
    release = released.push(released.new, verify="download" if step.startswith("verify") else "tree")
    assert injected.fired == 1
    assert release.tag == "v2.0.0"
    released.assert_finishes()


@pytest.mark.parametrize("fault", ["500", "drop", "429"])
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_that_stays_is_an_error_after_bounded_tries(released: Stage, step: str, fault: str) -> None:
    injected = released.fault(*STEPS[step], times=10_000, **ONCE[fault])
    with pytest.raises(HubAnswer) as caught:
        released.push(released.new)
    assert injected.fired <= 300 and len(released.naps) <= 40
    assert str(caught.value).startswith(REPO) and "; wanted " in str(caught.value)
    released.assert_old_or_new()
    released.assert_finishes()


@pytest.mark.parametrize("status", [401, 403, 409, 412])
@pytest.mark.parametrize("step", WRITING)
def test_a_refusal_that_stays_is_an_error(released: Stage, step: str, status: int) -> None:
    injected = released.fault(*STEPS[step], status=status, times=10_000)
    with pytest.raises(HubError, match=f"{REPO}: .*"):
        released.push(released.new)
    assert injected.fired <= 45
    released.assert_old_or_new()
    released.assert_finishes()


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("step", ["preupload", "lfs batch", "commit", "tag"])
def test_a_refused_token_is_not_tried_twice(released: Stage, step: str, status: int) -> None:
    injected = released.fault(*STEPS[step], status=status, times=10_000)
    with pytest.raises(HubAnswer, match=f"the Hub answered {status} .*; wanted a (valid )?token") as caught:
        released.push(released.new)
    assert injected.fired == 1 and released.naps == [] and caught.value.status == status


@pytest.mark.parametrize("fault", [*ONCE, "409"])
def test_one_fault_at_create_does_not_stop_a_first_release(stage: Stage, fault: str) -> None:
    how = ONCE.get(fault) or {"status": 409, "body": f'{{"url": "{stage.hub.url}/datasets/{REPO}"}}'.encode()}
    stage.fault("POST", "/repos/create$", **how)
    if fault == "409":  # says that the repository exists, which it does not
        with pytest.raises(HubError, match="not found after it was created"):
            stage.push(stage.old)
        stage.hub.faults.clear()
    stage.push(stage.old)
    assert stage.commits() == ["initial commit", "Release v1.0.0"]
    assert stage.held("v1.0.0") == contents(stage.old)


@pytest.mark.parametrize("how", [{"status": 401}, {"status": 403}, {"status": 409}, {"status": 412}])
def test_a_refusal_at_create_is_an_error_and_leaves_nothing(stage: Stage, how: dict[str, Any]) -> None:
    stage.fault("POST", "/repos/create$", times=100, **how)
    with pytest.raises(HubError, match=f"{REPO}: creating it: "):
        stage.push(stage.old)
    assert stage.hub.storage.repo("datasets", REPO) is None
    stage.hub.faults.clear()
    assert stage.push(stage.old).tag == "v1.0.0"


@pytest.mark.parametrize("how", [ONCE["500"], ONCE["drop"], ONCE["429"]])
def test_create_that_never_works_is_an_error_after_five_tries(stage: Stage, how: dict[str, Any]) -> None:
    injected = stage.fault("POST", "/repos/create$", times=100, **how)
    with pytest.raises(HubAnswer, match=r"creating it: .* \(5 tries\)"):
        stage.push(stage.old)
    assert injected.fired == 5 and len(stage.naps) == 4


def test_the_pause_doubles_and_obeys_the_hub(released: Stage) -> None:
    released.fault("POST", "/commit/main$", times=3)
    released.push(released.new)
    assert released.naps == [1, 2, 4]
    released.naps.clear()
    released.fault("POST", "/tag/", status=429, headers={"RateLimit": '"api";r=0;t=55'})
    released.fault("POST", "/tag/", status=429, headers={"Retry-After": "7"})
    released.hub.storage.repo("datasets", REPO).refs.pop("refs/tags/v2.0.0")  # type: ignore[union-attr]
    released.push(released.new)
    assert released.naps == [56, 8]


def test_a_pause_too_long_is_not_sat_out(released: Stage) -> None:
    released.fault("POST", "/commit/main$", status=429, headers={"Retry-After": "3600"})
    with pytest.raises(HubAnswer, match=r"429 .*; wanted fewer requests; wait as long as the Hub asks"):
        released.push(released.new)
    assert released.naps == []
    released.assert_finishes()


def test_an_expired_upload_address_is_asked_for_anew(released: Stage) -> None:
    released.fault("PUT", "/upload/", status=403, body=b"<Error>Request has expired</Error>")
    released.push(released.new)
    assert len(released.hub.requests("POST", "/objects/batch$")) == 2
    released.assert_finishes()


def test_patience_is_spent_in_the_sleep_that_was_given(released: Stage) -> None:
    naps: list[float] = []
    released.fault("POST", "/commit/main$")
    push_folder(released.api, released.new, REPO, retry=RetryPolicy(pause=0.25, sleep=naps.append))
    assert naps == [0.25]


@pytest.fixture
def impatient() -> Iterator[None]:
    yield
    set_client_factory(default_client_factory)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["info", "tree", "preupload", "lfs put", "commit", "verify get", "tag"])
def test_a_hub_that_falls_silent_is_not_waited_for(released: Stage, step: str) -> None:
    api = connect(WRITE, endpoint=released.hub.url, timeout=0.2)
    stalled = released.fault(*STEPS[step], kind="stall")
    started = time.monotonic()
    push_folder(api, released.new, REPO, retry=released.retry)
    assert stalled.fired == 1 and time.monotonic() - started < stalled.seconds / 2
    released.assert_finishes()
