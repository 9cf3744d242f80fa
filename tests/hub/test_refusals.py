"""What is not published, said before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hubserver.folders import CELLS, contents, write_folder, write_ledger
from hubserver.stage import REPO, Stage

from itdr_hf.errors import HubError

pytest_plugins = ("hubserver.plugin",)


def test_files_of_an_older_release_go_only_when_named(released: Stage, tmp_path: Path) -> None:
    smaller = write_folder(tmp_path / "smaller", "2.0.0", cells=CELLS[:1])
    with pytest.raises(HubError, match=r"rp-yelp/.* is not of this release, but config all"):
        released.push(smaller)
    assert released.commits() == ["initial commit", "Release v1.0.0"]
    release = released.push(smaller, delete=["rp-yelp"])
    assert release.deleted == 2 and released.held() == contents(smaller)
    assert released.push(smaller, delete=["rp-yelp"]).committed is False


def test_shards_of_an_older_release_are_not_loaded_with_the_new(released: Stage, tmp_path: Path) -> None:
    resharded = write_folder(tmp_path / "resharded", "2.0.0", shards=2)
    with pytest.raises(HubError, match=r"-of-00001\.parquet is not of this release, .*\(4 such\)"):
        released.push(resharded)
    old = [path for path in released.held() if path.endswith(".parquet")]
    released.push(resharded, delete=old)
    assert released.held() == contents(resharded)


@pytest.mark.parametrize("name", ["rp-yelp", "README.md", "", "/", "."])
def test_what_belongs_to_the_release_cannot_be_named_for_deletion(released: Stage, name: str) -> None:
    with pytest.raises(HubError, match="delete"):
        released.push(released.new, delete=[name])
    assert not released.hub.requests("POST")


def test_a_tag_on_another_commit_is_an_error_before_anything_is_sent(released: Stage) -> None:
    released.api.create_tag(REPO, tag="v2.0.0", repo_type="dataset")
    released.hub.log.clear()
    with pytest.raises(HubError, match=r"tag v2\.0\.0 points to .*; wanted a version that is not taken"):
        released.push(released.new)
    assert {line.method for line in released.hub.log} == {"GET"}


def test_a_version_that_was_released_with_other_files_is_not_released_again(released: Stage, tmp_path: Path) -> None:
    other = write_folder(tmp_path / "other", "1.0.0", cells=CELLS[:1])
    with pytest.raises(HubError, match=r"tag v1\.0\.0 points to"):
        released.push(other, delete=[*CELLS[1:]])
    assert released.held() == contents(released.old)


def test_a_card_of_someone_else_is_replaced_only_by_force(stage: Stage) -> None:
    stage.api.create_repo(REPO, repo_type="dataset", private=True)
    stage.foreign_commit("README.md", b"---\ntags:\n- cats\n---\n# Cats\n")
    with pytest.raises(HubError, match=r"README\.md was not written by itdr .*--force"):
        stage.push(stage.old)
    assert stage.commits()[-1] == "theirs"
    stage.push(stage.old, force=True)
    assert stage.held() == contents(stage.old)


@pytest.mark.parametrize("create_pr", [False, True])
def test_a_private_push_does_not_go_to_a_public_repository(stage: Stage, create_pr: bool) -> None:
    stage.api.create_repo(REPO, repo_type="dataset", private=False)
    with pytest.raises(HubError, match="the repository is public; wanted private"):
        stage.push(stage.old, create_pr=create_pr)
    assert stage.commits() == ["initial commit"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "README.md").unlink(), r"no README\.md; wanted a dataset folder with its card"),
        (lambda f: (f / "ledger.json").unlink(), r"no ledger\.json; wanted the folder as it was built"),
        (lambda f: (f / "ledger.json").write_text("{"), r"ledger\.json: JSONDecodeError"),
        (lambda f: (f / "ledger.json").write_text("{}"), r"ledger\.json: KeyError 'files'; wanted"),
        (lambda f: next(f.glob("rp-yelp/*")).unlink(), r"rp-yelp/.*: missing; wanted it"),
        (
            lambda f: (f / "rp-yelp/test-00000-of-00001.parquet").write_bytes(b"x"),
            r"sha256 .*; wanted .* as in",
        ),
        (lambda f: (f / "stray.csv").write_text("x"), r"stray\.csv: not in ledger\.json"),
        (lambda f: write_untagged(f), r"no tag `itdr` in its YAML"),
    ],
)
def test_a_folder_that_is_not_as_it_was_built_is_not_sent(stage: Stage, spoil: object, message: str) -> None:
    spoil(stage.old)  # type: ignore[operator]
    with pytest.raises(HubError, match=message):
        stage.push(stage.old)
    assert stage.hub.log == []


def write_untagged(folder: Path) -> None:
    card = (folder / "README.md").read_text().replace("- itdr\n", "")
    (folder / "README.md").write_text(card)
    write_ledger(folder, "1.0.0")


def test_the_version_asked_for_must_be_the_one_that_was_built(stage: Stage) -> None:
    with pytest.raises(HubError, match=r"version 1\.0\.0 in its ledger; wanted 3\.0\.0"):
        stage.push(stage.old, version="3.0.0")
    assert stage.push(stage.old, version="1.0.0").tag == "v1.0.0"
