"""A release as its users meet it: plain `datasets` in a clean process, without and with Xet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hubserver import READ, STRANGER, WRITE, Fault, Hub
from hubserver.folders import SPLITS, contents, rows, write_folder
from hubserver.stage import REPO, Stage
from hubserver.visitor import run

pytest_plugins = ("hubserver.plugin",)

CELLS = ("tkr-pixelrec", "tkr-mind", "rp-yelp")
LOAD = """
import datasets
datasets.config.USE_PARQUET_EXPORT = False
def load(config, **how):
    split = datasets.load_dataset("org/itdr", config, revision="v1.0.0", **how)
    return {name: list(part) for name, part in split.items()}
"""
LOAD_ALL = (
    LOAD
    + """
configs = ["tkr-pixelrec", "tkr-mind", "rp-yelp", "tkr", "all"]
found = {config: load(config) for config in configs}
streamed = {config: load(config, streaming=True) for config in configs}
names = datasets.get_dataset_config_names("org/itdr", revision="v1.0.0")
assert "itdr_hf" not in sys.modules
print(json.dumps([found, streamed, names]))
"""
)
PUSH = """
from huggingface_hub import HfApi
from itdr_hf.hub import RetryPolicy, push_folder, verify_release
from itdr_hf.errors import HubError
def push(folder):
    return push_folder(HfApi(), folder, "org/itdr", retry=RetryPolicy(sleep=lambda pause: None))
"""
ROOT = str(Path(__file__).parents[2])


def expected(config: str, version: str = "1.0.0") -> dict[str, list[dict[str, object]]]:
    """The rows of a config: a cell's own, or those of the cells a union takes in, in path order."""
    cells = [c for c in sorted(CELLS) if config in ("all", c) or c.startswith(f"{config}-")]
    return {s: [row for c in cells for row in rows(c, s, version, size)] for s, size in SPLITS.items()}


def test_plain_datasets_loads_the_tagged_release_and_not_what_came_later(stage: Stage, tmp_path: Path) -> None:
    stage.push(write_folder(tmp_path / "v1", cells=CELLS))
    stage.push(write_folder(tmp_path / "v2", "2.0.0", cells=CELLS))
    stage.hub.log.clear()
    loaded, streamed, names = run(LOAD_ALL, tmp_path / "home", stage.hub.url, token=READ)
    assert names == [*CELLS, "all", "tkr"]
    for config in loaded:
        assert loaded[config] == streamed[config] == expected(config)
    assert stage.hub.requests("GET", "/object/") and {line.user for line in stage.hub.log} == {"rae", None}
    assert not stage.hub.requests("POST") and not stage.hub.requests("PUT")


def test_a_private_release_is_not_found_without_a_token_of_its_members(released: Stage, tmp_path: Path) -> None:
    code = LOAD + "try: load('rp-yelp')\nexcept Exception as error: print(json.dumps(type(error).__name__))"
    for n, token in enumerate(("", STRANGER)):
        failure = run(code, tmp_path / f"home{n}", released.hub.url, token=token)
        assert failure == "DatasetNotFoundError"


def test_a_gated_release_says_that_it_is_gated(stage: Stage, tmp_path: Path) -> None:
    stage.push(stage.old, private=False, gated="auto")
    code = LOAD + "try: load('rp-yelp')\nexcept Exception as error: print(json.dumps(str(error)))"
    assert "gated" in run(code, tmp_path / "home", stage.hub.url, token=STRANGER)


@pytest.fixture
def xet_hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path / "hub", uses_xet=True)


def test_a_release_through_xet_is_one_commit_loads_and_verifies(xet_hub: Hub, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "v1", cells=CELLS)
    code = PUSH + (
        f"first, second = push({str(folder)!r}), push({str(folder)!r})\n"
        "problems = verify_release(HfApi(), 'org/itdr', 'v1.0.0')\n"
        "print(json.dumps([first.commit, first.committed, second.commit, second.committed, problems]))"
    )
    with xet_hub as hub:
        commit, committed, again, recommitted, problems = run(
            code, tmp_path / "home", hub.url, token=WRITE, xet=True, path=ROOT
        )
        assert (committed, again, recommitted, problems) == (True, commit, False, [])
        repo = hub.storage.repo("datasets", REPO)
        assert repo is not None and len(repo.commits) == 2 and repo.refs["refs/tags/v1.0.0"] == commit
        held = {path: entry for path, entry in repo.commits[commit].files.items() if path != ".gitattributes"}
        assert {path: entry.sha256 for path, entry in held.items()} == contents(folder)
        assert all(entry.xet for path, entry in held.items() if path.endswith(".parquet"))
        assert len(hub.requests("GET", "/xet-write-token/")) == 1 and not hub.requests("PUT")
        loaded, streamed, _ = run(LOAD_ALL, tmp_path / "visitor", hub.url, token=READ, xet=True)
        for config in loaded:
            assert loaded[config] == streamed[config] == expected(config)
        assert (hub.unknown, hub.leaks) == ([], [])


def test_an_xet_token_that_is_never_given_is_not_asked_for_without_end(xet_hub: Hub, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "v1")
    code = PUSH + (
        "from itdr_hf.hub import connect\n"
        "import os; os.environ['HF_XET_CLIENT_RETRY_MAX_DURATION'] = '1s'; connect()\n"
        f"try: push({str(folder)!r})\n"
        "except HubError as error: print(json.dumps(str(error)))"
    )
    with xet_hub as hub:
        injected = hub.faults.add(Fault(method="GET", path="/xet-write-token/", status=429, times=999))
        found = run(code, tmp_path / "home", hub.url, token=WRITE, xet=True, path=ROOT)
        assert "uploading 6 files: the connection failed" in found and "(2 tries)" in found
        assert injected.fired < 20


@pytest.mark.parametrize(("status", "times", "outcome"), [(403, 99, "error"), (401, 99, "error"), (500, 1, "v1.0.0")])
def test_a_fault_at_the_xet_token_has_a_known_outcome(
    xet_hub: Hub, tmp_path: Path, status: int, times: int, outcome: str
) -> None:
    folder = write_folder(tmp_path / "v1")
    code = PUSH + (
        f"try: outcome = push({str(folder)!r}).tag\n"
        "except HubError as error: outcome = f'error: {error}'\n"
        "print(json.dumps(outcome))"
    )
    with xet_hub as hub:
        injected = hub.faults.add(Fault(method="GET", path="/xet-write-token/", status=status, times=times))
        found = run(code, tmp_path / "home", hub.url, token=WRITE, xet=True, path=ROOT)
        assert found.startswith(outcome) and injected.fired == 1
        if outcome == "error":
            assert str(status) in found and "token" in found
            hub.faults.clear()
            assert run(code, tmp_path / "home", hub.url, token=WRITE, xet=True, path=ROOT) == "v1.0.0"
