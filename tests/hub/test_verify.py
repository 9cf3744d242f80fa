"""Checking a published release against its own ledger, and what a public push may hold."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hubserver import READ, STRANGER
from hubserver.folders import contents
from hubserver.stage import REPO, Stage
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from itdr_hf.dataset.ledger import sealed
from itdr_hf.errors import HubError
from itdr_hf.hub import check_redistribution, verify_release
from itdr_hf.hub.local_files import data_globs, glob_matches

pytest_plugins = ("hubserver.plugin",)

VICTIM = "rp-yelp/train-00000-of-00001.parquet"


def problems(stage: Stage, revision: str = "v1.0.0", download: bool = True) -> list[str]:
    return verify_release(stage.client(READ), REPO, revision, download=download, retry=stage.retry)


def change(stage: Stage, *operations: CommitOperationAdd | CommitOperationDelete) -> None:
    stage.api.create_commit(REPO, list(operations), commit_message="change", repo_type="dataset")


def test_a_release_as_it_was_pushed_has_no_problems(released: Stage) -> None:
    assert problems(released) == problems(released, download=False) == problems(released, "main") == []


def test_bytes_corrupted_at_rest_are_found_by_downloading_only(released: Stage) -> None:
    digest = contents(released.old)[VICTIM]
    released.hub.storage.damage(digest)
    assert problems(released, download=False) == []
    (found,) = problems(released)
    assert found.startswith(f"{VICTIM}: sha256 ") and found.endswith(f"wanted {digest[:12]}…")


def test_a_missing_a_changed_and_an_extra_file_are_named(released: Stage) -> None:
    change(
        released,
        CommitOperationDelete(VICTIM),
        CommitOperationAdd("rp-yelp/test-00000-of-00001.parquet", b"not as many bytes"),
        CommitOperationAdd("tkr-new/train-00000-of-00001.parquet", b"theirs"),
    )
    found = "\n".join(problems(released, "main", download=False))
    assert f"{VICTIM}: missing" in found
    assert "rp-yelp/test-00000-of-00001.parquet: 17 bytes, ledger.json says" in found
    assert "tkr-new/train-00000-of-00001.parquet: not in ledger.json, but config tkr loads it" in found
    assert "README.md: config rp-yelp: nothing matches rp-yelp/train-*" in found
    assert problems(released) == []


def test_a_card_that_lost_its_mark_is_named(released: Stage) -> None:
    change(released, CommitOperationAdd("README.md", b"# gone\n"))
    assert any("README.md: no tag `itdr`" in problem for problem in problems(released, "main"))


def test_a_tag_of_another_version_is_named(released: Stage) -> None:
    released.api.create_tag(REPO, tag="v9.0.0", repo_type="dataset")
    assert problems(released, "v9.0.0") == ["ledger.json: version 1.0.0 at v9.0.0"]


def test_a_repository_without_a_ledger_is_no_release(released: Stage) -> None:
    change(released, CommitOperationDelete("ledger.json"))
    assert problems(released, "main") == ["ledger.json: missing"]


def test_a_ledger_that_was_edited_since_it_was_built_is_a_problem(released: Stage) -> None:
    written = sealed({**json.loads((released.old / "ledger.json").read_text()), "simulated": True})
    change(released, CommitOperationAdd("ledger.json", json.dumps(written).encode()))
    assert problems(released, "main") == []
    change(released, CommitOperationAdd("ledger.json", json.dumps({**written, "simulated": False}).encode()))
    (found,) = problems(released, "main")
    assert found.startswith("ledger.json: changed since it was written (digest ")


def test_a_ledger_that_says_nothing_is_a_problem(released: Stage) -> None:
    change(released, CommitOperationAdd("ledger.json", b"[]"))
    (found,) = problems(released, "main")
    assert found.startswith("ledger.json: ")


def test_a_revision_or_repository_that_is_not_there_is_an_error(released: Stage) -> None:
    with pytest.raises(HubError, match=r"org/itdr at v7: the Hub answered 404"):
        problems(released, "v7")
    with pytest.raises(HubError, match="no such repository for this token"):
        verify_release(released.client(STRANGER), REPO, "main", retry=released.retry)


@dataclass(frozen=True)
class Terms:
    id: str
    licence: str
    redistributable: bool


SOURCES = (
    Terms("mind", "Microsoft research licence", False),
    Terms("steam", "MIT", True),
    Terms("yelp", "Yelp", False),
)


def test_a_public_push_names_what_forbids_it_and_the_ways_out() -> None:
    with pytest.raises(HubError) as caught:
        check_redistribution(SOURCES, public=True, allowed=())
    text = str(caught.value)
    assert "mind (Microsoft research licence), yelp (Yelp)" in text and "steam" not in text
    for way in ("push --private", "build without them", "publish only ledger.json", "--allow mind --allow yelp"):
        assert way in text


def test_sources_allowed_by_name_or_kept_private_pass() -> None:
    check_redistribution(SOURCES, public=False)
    check_redistribution(SOURCES, public=True, allowed={"mind", "yelp"})
    check_redistribution([SOURCES[1]], public=True)
    with pytest.raises(HubError, match=r"of yelp \(Yelp\) do"):
        check_redistribution(SOURCES, public=True, allowed=["mind"])


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("tkr-*/train-*", "tkr-mind/train-00000-of-00001.parquet", True),
        ("tkr-*/train-*", "tkr-mind/deep/train-0.parquet", False),
        ("*/train-*", "train-0.parquet", False),
        ("**/train-*", "a/b/train-0.parquet", True),
        ("**/train-*", "train-0.parquet", True),
        ("data/**", "data/a/b.parquet", True),
        ("a?.parquet", "ab.parquet", True),
        ("a[0-9].parquet", "a1.parquet", True),
        ("a[!0-9].parquet", "a1.parquet", False),
        ("a+b.parquet", "a+b.parquet", True),
        ("a.parquet", "abparquet", False),
    ],
)
def test_patterns_match_as_in_datasets(pattern: str, name: str, matches: bool) -> None:
    assert glob_matches(pattern, name) is matches


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 40 + "b", "**/" * 300 + "x", "**" * 400 + "x", "*" * 900 + "x", "[z-a]", "[", "[a", "(" * 900, "x" * 10**6],
)
def test_a_hostile_pattern_is_decided_at_once(pattern: str) -> None:
    started = time.process_time()
    assert not glob_matches(pattern, "a/" * 50 + "a" * 200)
    assert time.process_time() - started < 2


def test_data_files_nested_without_end_are_named() -> None:
    spec: object = "x"
    for _ in range(2_000):
        spec = [spec]
    ((_, pattern),) = data_globs({"configs": ["no config", {"config_name": "c", "data_files": spec}]})
    assert "too deep" in pattern


@pytest.mark.parametrize(
    "files",
    [
        "x/*",
        ["x/*"],
        {"train": "x/*"},
        {"train": ["x/*"]},
        [{"split": "train", "path": "x/*"}],
        [{"split": "train", "path": ["x/*"]}],
    ],
)
def test_data_files_of_a_card_are_read_in_every_form(files: object, tmp_path: Path) -> None:
    assert list(data_globs({"configs": [{"config_name": "c", "data_files": files}]})) == [("c", "x/*")]
