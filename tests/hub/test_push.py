"""Publishing to an undisturbed hub: the plan, one commit, the tag, and what is refused."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from hubserver import READ
from hubserver.folders import contents, write_folder, write_ledger
from hubserver.stage import REPO, Stage

from itdr_hf.errors import HubError
from itdr_hf.hub import plan_push

pytest_plugins = ("hubserver.plugin",)


def test_a_release_is_one_commit_and_its_tag_stands_on_it(stage: Stage) -> None:
    release = stage.push(stage.old)
    assert stage.commits() == ["initial commit", "Release v1.0.0"]
    assert stage.held() == contents(stage.old)
    assert stage.repo.refs["refs/tags/v1.0.0"] == release.commit == stage.repo.refs["refs/heads/main"]
    assert (release.added, release.updated, release.deleted, release.unchanged) == (6, 0, 0, 0)
    assert release.committed and release.tag == "v1.0.0"
    assert release.url == f"{stage.hub.url}/datasets/{REPO}/tree/v1.0.0"


def test_a_release_asks_the_hub_a_bounded_number_of_times(stage: Stage) -> None:
    stage.push(stage.old, verify="tree")
    assert len(stage.hub.requests("POST", "/commit/")) == 1
    api_requests = [line for line in stage.hub.log if line.path.startswith("/api")]
    assert len(api_requests) == 12
    files = 4  # Parquet; each is put and verified, and one batch announces them all
    assert len(stage.hub.requests("PUT", "/upload/")) == files
    assert len(stage.hub.log) == 12 + 1 + 2 * files


def test_the_new_repository_is_private_unless_asked_otherwise(stage: Stage) -> None:
    stage.push(stage.old)
    assert stage.repo.private


def test_a_public_push_makes_a_public_repository(stage: Stage) -> None:
    stage.push(stage.old, private=False)
    assert not stage.repo.private


def test_a_second_push_makes_no_commit_and_uploads_nothing(released: Stage) -> None:
    release = released.push(released.old)
    assert not released.hub.requests("POST") and not released.hub.requests("PUT")
    assert len(released.hub.log) == 3  # info, tree, refs
    assert not release.committed and release.unchanged == 6
    assert released.commits() == ["initial commit", "Release v1.0.0"]


def test_a_second_version_sends_only_what_differs(released: Stage) -> None:
    shutil.copytree(released.old, changed := released.new.parent / "changed")
    (changed / "README.md").write_text((changed / "README.md").read_text() + "More.\n")
    release = released.push(write_ledger(changed, "1.0.1"))
    assert (release.updated, release.unchanged) == (2, 4)
    assert not released.hub.requests("PUT", "/upload/")
    assert released.repo.refs["refs/tags/v1.0.1"] == release.commit


def test_the_plan_lists_every_file_and_sends_nothing(released: Stage, tmp_path: Path) -> None:
    released.foreign_commit("notes/theirs.txt")
    released.foreign_commit("old/theirs.txt")
    released.hub.log.clear()
    folder = write_folder(tmp_path / "plan", "2.0.0", cells=("tkr-pixelrec", "rp-anime2023"))
    doomed = [f"rp-yelp/{split}-00000-of-00001.parquet" for split in ("test", "train")]
    plan = plan_push(released.api, folder, REPO, delete=["rp-yelp", "old", "gone/"], retry=released.retry)
    actions = {(action, path) for action, path, _ in plan.rows()}
    assert {path for action, path in actions if action == "delete"} == {*doomed, "old/theirs.txt"}
    assert ("add", "rp-anime2023/train-00000-of-00001.parquet") in actions
    assert ("update", "README.md") in actions
    assert ("left alone", "notes/theirs.txt") in actions
    assert ("already gone", "gone/") in actions
    assert (plan.head, plan.tag, plan.tagged) == (released.repo.refs["refs/heads/main"], "v2.0.0", None)
    assert "2 to add, 4 to update, 3 to delete" in plan.summary()
    assert {line.method for line in released.hub.log} == {"GET"}


def test_the_plan_for_a_repository_that_is_not_there_adds_everything(stage: Stage) -> None:
    plan = plan_push(stage.api, stage.old, REPO, retry=stage.retry)
    assert plan.head is None and len(plan.adds) == 6 and not plan.empty
    assert "into a new repository" in plan.summary()


def test_foreign_files_are_kept(released: Stage) -> None:
    released.foreign_commit("notes/theirs.txt")
    release = released.push(released.new)
    assert "notes/theirs.txt" in released.held() and release.left_alone == 2
    assert "notes/theirs.txt" not in released.held("v1.0.0")


def test_a_release_stands_when_others_push_after_it(released: Stage) -> None:
    tagged = released.repo.refs["refs/tags/v1.0.0"]
    released.foreign_commit("notes/theirs.txt")
    release = released.push(released.old)
    assert not release.committed and release.commit == tagged


def test_a_gated_push_gates_before_it_commits(stage: Stage) -> None:
    stage.push(stage.old, private=False, gated="manual")
    assert stage.repo.gated == "manual"
    paths = [line.path for line in stage.hub.log if line.method in ("PUT", "POST")]
    assert paths.index(f"/api/datasets/{REPO}/settings") < paths.index(f"/api/datasets/{REPO}/commit/main")


def test_a_pull_request_leaves_main_alone_and_carries_no_tag(released: Stage) -> None:
    release = released.push(released.new, create_pr=True)
    assert released.held() == contents(released.old)
    assert released.held("refs/pr/1") == contents(released.new)
    assert release.tag is None and release.pr_url == f"{released.hub.url}/datasets/{REPO}/discussions/1"
    assert "refs/tags/v2.0.0" not in released.repo.refs


def test_a_pull_request_is_not_opened_twice(released: Stage) -> None:
    first = released.push(released.new, create_pr=True)
    second = released.push(released.new, create_pr=True)
    assert not second.committed and (second.commit, second.pr_url) == (first.commit, first.pr_url)
    released.repo.closed_prs.append(1)
    assert released.push(released.new, create_pr=True).pr_url != first.pr_url


def test_a_read_token_may_open_a_pull_request_but_not_push(released: Stage) -> None:
    reader = released.client(READ)
    with pytest.raises(HubError, match="403"):
        released.push(released.new, api=reader)
    assert released.push(released.new, api=reader, create_pr=True).pr_url


def test_a_gitignore_in_the_repository_hides_none_of_our_files(released: Stage) -> None:
    released.foreign_commit(".gitignore", b"*.parquet\nledger.json\n")
    released.push(released.new)
    assert {k: v for k, v in released.held().items() if k != ".gitignore"} == contents(released.new)


def test_a_large_file_goes_up_in_parts(stage: Stage, tmp_path: Path) -> None:
    stage.hub.multipart_above = 1000
    stage.push(stage.old)
    assert stage.hub.requests("PUT", "/part/") and stage.hub.requests("POST", "/lfs-complete/")
    assert stage.held() == contents(stage.old)


def test_a_long_tree_is_read_page_by_page(released: Stage) -> None:
    released.hub.page_size = 2
    assert released.push(released.old).unchanged == 6
    assert len(released.hub.requests("GET", "/tree/")) > 3


def test_a_hub_that_restarts_still_holds_the_release(released: Stage) -> None:
    from hubserver import Hub

    with Hub(released.hub.storage.root) as again:
        held = again.storage.repo("datasets", REPO)
        assert held is not None and held.refs == released.repo.refs


def test_progress_names_every_stage(stage: Stage) -> None:
    seen: list[tuple[str, int, int]] = []
    stage.push(stage.old, progress=lambda step: seen.append(step[:3]))
    assert list(dict.fromkeys(name for name, _, _ in seen)) == ["hash", "upload", "commit", "verify", "tag"]
    assert seen[-1] == ("tag", 1, 1) and ("verify", 6, 6) in seen


def test_a_model_folder_needs_no_ledger(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "README.md").write_text("---\ntags: [itdr]\n---\n")
    (tmp_path / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    release = stage.push(tmp_path / "adapter", repo_type="model", version="0.1.0")
    assert release.url == f"{stage.hub.url}/{REPO}/tree/v0.1.0"
    held = stage.hub.storage.repo("models", REPO)
    assert held is not None and dataclasses.asdict(held)["refs"]["refs/tags/v0.1.0"] == release.commit
