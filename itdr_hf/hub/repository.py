"""One repository on the Hub: every read and write, each with retries.

https://huggingface.co/docs/huggingface_hub/package_reference/hf_api
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from itdr_hf.errors import HubError
from itdr_hf.hub.retry import HubAnswer, ask
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetInfo, HfApi, ModelInfo
    from huggingface_hub.hf_api import RepoFile

Gated = Literal["auto", "manual"]


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file at a commit; `sha256` is known only for large files, others are identified by the git blob id."""

    size: int
    oid: str
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class State:
    """A repository at one revision."""

    commit: str
    private: bool
    gated: str | bool


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, and the URL of its pull request if it is one."""

    oid: str
    pr_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository, accessed through an HfApi with a retry policy."""

    api: HfApi
    id: str
    type: str = "dataset"
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def url(self) -> str:
        prefix = "" if self.type == "model" else f"{self.type}s/"
        return f"{self.api.endpoint}/{prefix}{self.id}"

    @property
    def second_try(self) -> RetryPolicy:
        """The policy for calls that huggingface_hub itself has already tried six times."""
        return replace(self.retry, tries=min(2, self.retry.tries))

    def state(self, revision: str | None = None) -> State | None:
        """Return the repository at a revision (default: the head of main); None if it does not exist."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        def read() -> State | None:
            try:
                info = self._info(revision)
            except RepositoryNotFoundError as error:
                if isinstance(error, GatedRepoError):
                    raise
                return None
            return State(commit=str(info.sha), private=bool(info.private), gated=info.gated or False)

        return ask(self.api, f"{self.id}{f' at {revision}' if revision else ''}", read, self.retry)

    def tree(self, commit: str) -> dict[str, RemoteFile]:
        """Return every file at a commit, by path."""
        from huggingface_hub.hf_api import RepoFile

        def read() -> dict[str, RemoteFile]:
            rows = self.api.list_repo_tree(self.id, recursive=True, revision=commit, repo_type=self.type)
            return {row.path: _remote_file(row) for row in rows if isinstance(row, RepoFile)}

        return ask(self.api, f"{self.id}: reading the files at {commit[:8]}", read, self.second_try)

    def tags(self) -> dict[str, str]:
        """Return the commit of each tag, by name."""

        def read() -> dict[str, str]:
            refs = self.api.list_repo_refs(self.id, repo_type=self.type)
            return {tag.name: tag.target_commit for tag in refs.tags}

        return ask(self.api, f"{self.id}: reading the tags", read, self.retry)

    def titles_since(self, commit: str, head: str) -> list[str]:
        """Return the titles of the commits after `commit` up to `head`, newest first."""

        def read() -> list[str]:
            titles = []
            for row in self.api.list_repo_commits(self.id, repo_type=self.type, revision=head):
                if row.commit_id == commit:
                    break
                titles.append(
                    f"{row.title!r} by {', '.join(row.authors) or 'someone'}"[:200]
                    if not row.title.startswith("Release v")
                    else row.title
                )
            return titles

        return ask(self.api, f"{self.id}: reading the commits", read, self.retry)

    def open_proposals(self) -> list[Commit]:
        """Return the open pull requests, newest first, at most five."""

        def read() -> list[Commit]:
            found = self.api.get_repo_discussions(
                self.id, discussion_type="pull_request", discussion_status="open", repo_type=self.type
            )
            return [
                Commit(oid=str(self._info(pr.git_reference).sha), pr_url=pr.url)
                for pr in sorted(found, key=lambda pr: -pr.num)[:5]
            ]

        return ask(self.api, f"{self.id}: reading the pull requests", read, self.retry)

    def create(self, private: bool) -> None:
        """Create the repository, unless it exists already, after a lost response or made by someone else."""
        ask(
            self.api,
            f"{self.id}: creating it",
            lambda: self.api.create_repo(self.id, repo_type=self.type, private=private, exist_ok=True),
            self.retry,
        )

    def gate(self, gated: Gated) -> None:
        """Require readers to request access."""
        ask(
            self.api,
            f"{self.id}: gating it",
            lambda: self.api.update_repo_settings(self.id, gated=gated, repo_type=self.type),
            self.retry,
        )

    def upload(self, additions: Sequence[CommitOperationAdd], proposes: bool) -> None:
        """Upload contents, which stay invisible until a commit refers to them.

        The empty .gitignore overrides one in the repository, which would silently drop files.
        """
        ask(
            self.api,
            f"{self.id}: uploading {len(additions)} files",
            lambda: self.api.preupload_lfs_files(
                self.id,
                additions,
                repo_type=self.type,
                revision="main",
                create_pr=proposes,
                free_memory=False,
                gitignore_content="",
            ),
            self.second_try,
        )

    def commit(
        self,
        operations: Sequence[CommitOperationAdd | CommitOperationDelete],
        message: str,
        parent: str,
        proposes: bool,
        landed: Callable[[], Commit | None],
    ) -> Commit:
        """Make one commit on `parent`; `landed` finds it again if its response was lost."""

        def send() -> Commit:
            info = self.api.create_commit(
                self.id,
                operations,
                commit_message=message,
                repo_type=self.type,
                revision="main",
                create_pr=proposes,
                parent_commit=parent,
            )
            return Commit(oid=info.oid, pr_url=info.pr_url)

        return ask(self.api, f"{self.id}: committing", send, self.retry, landed)

    def tag(self, name: str, commit: str) -> None:
        """Tag a commit and verify the tag. Raises HubError if it points to another commit, before or after."""
        where = f"{self.id}: tagging {name}"
        existing = self.tags().get(name)
        if existing is None:
            try:
                create = self.api.create_tag
                ask(
                    self.api,
                    where,
                    lambda: create(self.id, tag=name, revision=commit, repo_type=self.type) or True,
                    self.retry,
                    lambda: name in self.tags() or None,
                )
            except HubAnswer as answer:
                if answer.status != 409:
                    raise
            existing = self.tags().get(name)
        if existing != commit:
            found = f"it points to {existing[:8]}" if existing else "it does not exist"
            raise HubError(f"{where}: {found}; wanted {commit[:8]}; raise the version (--version), or remove the tag")

    def sha256(self, path: str, commit: str) -> str:
        """Return the sha256 of a file, by downloading it."""
        with self.download(path, commit) as local:
            return hash_file(local)

    def _info(self, revision: str | None) -> DatasetInfo | ModelInfo:
        info = self.api.repo_info(self.id, repo_type=self.type, revision=revision)
        return cast("DatasetInfo | ModelInfo", info)

    @contextmanager
    def download(self, path: str, commit: str) -> Iterator[Path]:
        """Download a file of a commit, bypassing the cache, for the duration of a `with` block."""
        with tempfile.TemporaryDirectory(prefix="itdr-") as cache:
            local = ask(
                self.api,
                f"{self.id}: downloading {path}",
                lambda: self.api.hf_hub_download(self.id, path, repo_type=self.type, revision=commit, cache_dir=cache),
                self.retry,
            )
            yield Path(local)


def _remote_file(row: RepoFile) -> RemoteFile:
    return RemoteFile(size=row.size, oid=row.blob_id, sha256=row.lfs.sha256 if row.lfs else None)


def differences(wanted: Mapping[str, RemoteFile], found: Mapping[str, RemoteFile]) -> set[str]:
    """Return the paths that differ between two trees."""
    return {path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)}
