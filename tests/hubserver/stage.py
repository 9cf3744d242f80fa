"""What a test of publishing stands on: a hub, a client, two releases, and what the hub really holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi

from hubserver import OTHER, Fault, Hub
from hubserver.folders import contents
from hubserver.storage import Repo
from itdr_hf.hub import Release, RetryPolicy, push_folder

REPO = "org/itdr"

# The requests of a push, by the step they belong to: method and path.
STEPS = {
    "info": ("GET", rf"^/api/datasets/{REPO}$"),
    "tree": ("GET", "/tree/"),
    "refs": ("GET", "/refs$"),
    "preupload": ("POST", "/preupload/"),
    "lfs batch": ("POST", "/objects/batch$"),
    "lfs put": ("PUT", "/upload/"),
    "validate": ("POST", "/validate-yaml$"),
    "commit": ("POST", "/commit/main$"),
    "verify head": ("HEAD", r"/resolve/.*\.parquet$"),
    "verify get": ("GET", "/object/"),
    "tag": ("POST", "/tag/"),
}


@dataclass
class Stage:
    """A hub, a client with write access, the folders of two releases, and what was slept."""

    hub: Hub
    api: HfApi
    old: Path
    new: Path
    naps: list[float]
    client_naps: list[float]
    retry: RetryPolicy = field(init=False)

    def __post_init__(self) -> None:
        self.retry = RetryPolicy(sleep=self.naps.append)

    def client(self, token: str | bool) -> HfApi:
        return HfApi(endpoint=self.hub.url, token=token)

    def push(self, folder: Path, **options: Any) -> Release:
        return push_folder(options.pop("api", self.api), folder, REPO, retry=self.retry, **options)

    def fault(self, method: str, path: str, **how: Any) -> Fault:
        return self.hub.faults.add(Fault(method=method, path=path, **how))

    @property
    def repo(self) -> Repo:
        repo = self.hub.storage.repo("datasets", REPO)
        assert repo is not None
        return repo

    def held(self, revision: str = "main") -> Mapping[str, str]:
        """path -> sha256 of what the hub really holds at a revision, read from its disk."""
        files = self.repo.resolve(revision).files
        return {path: entry.sha256 for path, entry in sorted(files.items()) if path != ".gitattributes"}

    def commits(self) -> list[str]:
        """Titles of main's commits, oldest first."""
        return [commit.title for commit in reversed(self.repo.history(self.repo.resolve("main")))]

    def assert_old_or_new(self) -> None:
        """main holds one release or the other, whole, and no tag stands on anything else."""
        states = [contents(self.old), contents(self.new)]
        if self.hub.storage.repo("datasets", REPO) is None:
            return
        assert self.held() in [{}, *states], "main holds a mixture"
        for name, state in zip(("v1.0.0", "v2.0.0"), states, strict=True):
            if f"refs/tags/{name}" in self.repo.refs:
                assert self.held(name) == state

    def assert_finishes(self) -> None:
        """The same call again, undisturbed, ends with the new release, one commit for it, tagged."""
        self.hub.faults.clear()
        release = self.push(self.new, verify="tree")
        assert self.held() == self.held("v2.0.0") == contents(self.new)
        assert self.repo.refs["refs/tags/v2.0.0"] == release.commit
        releases = [title for title in self.commits() if title.startswith("Release")]
        assert releases == ["Release v1.0.0", "Release v2.0.0"]
        assert self.held("v1.0.0") == contents(self.old)

    def foreign_commit(self, path: str, content: bytes = b"theirs") -> str:
        """A commit by someone else."""
        made = self.client(OTHER).create_commit(
            REPO, [CommitOperationAdd(path, content)], commit_message="theirs", repo_type="dataset"
        )
        return made.oid
