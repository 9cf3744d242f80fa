"""What happens between sending a commit and tagging it: lost replies, other people, a kill."""

from __future__ import annotations

import pytest
from hubserver import OTHER
from hubserver.folders import contents
from hubserver.stage import REPO, Stage

from itdr_hf.errors import HubError
from itdr_hf.hub import HubAnswer
from itdr_hf.runtime.progress import Progress

pytest_plugins = ("hubserver.plugin",)


def test_retrying_a_commit_uploads_nothing_again(released: Stage) -> None:
    released.fault("POST", "/commit/main$", times=3)
    released.push(released.new)
    assert len(released.hub.requests("POST", "/preupload/")) == 1
    assert len(released.hub.requests("PUT", "/upload/")) == 4
    assert len(released.hub.requests("POST", "/commit/main$")) == 4


def test_a_lost_reply_after_the_commit_makes_no_second_commit(released: Stage) -> None:
    released.fault("POST", "/commit/main$", kind="lose reply")
    release = released.push(released.new)
    assert len(released.hub.requests("POST", "/commit/main$")) == 1
    assert released.commits() == ["initial commit", "Release v1.0.0", "Release v2.0.0"]
    assert release.committed and released.repo.refs["refs/tags/v2.0.0"] == release.commit


def test_a_lost_reply_is_found_below_a_later_commit_of_others(released: Stage) -> None:
    def theirs_follows() -> None:
        released.hub.faults.clear()
        released.foreign_commit("notes/theirs.txt")

    released.fault("POST", "/commit/main$", kind="lose reply")
    released.fault("GET", rf"^/api/datasets/{REPO}$", nth=2, kind="call", action=theirs_follows)
    release = released.push(released.new)
    assert released.commits()[-2:] == ["Release v2.0.0", "theirs"]
    assert "notes/theirs.txt" in released.held() and release.committed


def test_a_lost_pull_request_is_not_opened_twice(released: Stage) -> None:
    released.fault("POST", "/commit/main$", kind="lose reply")
    release = released.push(released.new, create_pr=True)
    assert release.pr_url == f"{released.hub.url}/datasets/{REPO}/discussions/1"
    assert [ref for ref in released.repo.refs if ref.startswith("refs/pr/")] == ["refs/pr/1"]


def test_a_slow_commit_that_lands_after_the_retry_is_recognised(released: Stage) -> None:
    """A gateway gives up with 504 while the Hub goes on: the retry meets 412 from our own commit."""
    landing = released.fault("POST", "/commit/main$", status=504)
    released.fault("POST", "/commit/main$", kind="call", action=lambda: commit_behind(released))
    release = released.push(released.new)
    assert landing.fired == 1
    assert released.held("v2.0.0") == contents(released.new)
    assert sum(title == "Release v2.0.0" for title in released.commits()) == 1
    assert released.repo.refs["refs/tags/v2.0.0"] == release.commit


def commit_behind(stage: Stage) -> None:
    """What the Hub did for the request that timed out."""
    released, head = stage.repo, stage.repo.resolve("main")
    files = dict(head.files)
    for name, digest in contents(stage.new).items():
        path = stage.new / name
        if name.endswith(".parquet"):
            files[name] = stage.hub.storage.lfs_entry(digest, path.stat().st_size)
        else:
            files[name] = stage.hub.storage.regular_entry(path.read_bytes())
    header = {"summary": "Release v2.0.0", "parentCommit": head.oid}
    stage.hub.storage.commit(released, "refs/heads/main", head, header, "ann", files)


def test_someone_elses_push_in_between_is_kept(released: Stage) -> None:
    def theirs() -> None:
        released.foreign_commit("notes/theirs.txt")

    released.fault("POST", "/commit/main$", kind="call", action=theirs)
    release = released.push(released.new)
    assert released.commits() == ["initial commit", "Release v1.0.0", "theirs", "Release v2.0.0"]
    ours = {path: sha for path, sha in released.held().items() if path != "notes/theirs.txt"}
    assert ours == contents(released.new) and release.left_alone == 2
    assert len(released.hub.requests("PUT", "/upload/")) == 4
    assert len(released.hub.requests("POST", "/preupload/")) == 1 + 1  # ours once, and theirs


@pytest.mark.parametrize("path", ["README.md", "tkr-new/train-00000-of-00001.parquet"])
def test_someone_elses_change_of_our_files_in_between_stops_the_push(released: Stage, path: str) -> None:
    def theirs() -> None:
        released.foreign_commit(path, b"---\ntags: [itdr]\n---\ntheirs")

    released.fault("POST", "/commit/main$", kind="call", action=theirs)
    with pytest.raises(HubError, match=r"changed by someone else|is not of this release"):
        released.push(released.new)
    assert released.commits()[-1] == "theirs"
    assert "refs/tags/v2.0.0" not in released.repo.refs


def test_pushes_in_between_without_end_are_an_error(released: Stage) -> None:
    turn = iter(range(100))
    released.fault("POST", "/commit/main$", kind="call", times=1, action=None)
    released.hub.faults.clear()
    busy = released.fault("GET", "/refs$", nth=1, times=100, kind="call")
    busy.action = lambda: released.hub.storage.commit(
        released.repo,
        "refs/heads/main",
        released.repo.resolve("main"),
        {"summary": f"theirs {next(turn)}"},
        "oto",
        dict(released.repo.resolve("main").files),
    )
    with pytest.raises(HubAnswer, match="412"):
        released.push(released.new)
    assert len(released.hub.requests("POST", "/commit/main$")) == 5
    assert released.held() == contents(released.old)
    released.assert_finishes()


def test_a_tag_that_appears_elsewhere_meanwhile_is_an_error(released: Stage) -> None:
    def theirs() -> None:
        target = released.repo.refs["refs/tags/v1.0.0"]
        released.client(OTHER).create_tag(REPO, tag="v2.0.0", revision=target, repo_type="dataset")

    released.fault("HEAD", r"\.parquet$", kind="call", action=theirs)
    with pytest.raises(HubError, match=r"tagging v2\.0\.0: it points to .*; wanted .*; raise the version"):
        released.push(released.new)
    assert released.held("v2.0.0") == contents(released.old)


def test_a_push_killed_after_the_commit_is_finished_by_the_next(released: Stage) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    def stop(progress: Progress) -> None:
        if progress.message == "commit":
            killed()

    with pytest.raises(KeyboardInterrupt):
        released.push(released.new, progress=stop)
    assert released.held() == contents(released.new) and "refs/tags/v2.0.0" not in released.repo.refs
    released.assert_finishes()
