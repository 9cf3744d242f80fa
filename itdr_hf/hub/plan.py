"""Plan a push: compare the folder with the head of main, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from itdr_hf.errors import HubError
from itdr_hf.hub.local_files import Folder, LocalFile, glob_matches, read_folder
from itdr_hf.hub.repository import RemoteFile, Repository
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class Change(NamedTuple):
    """One file of a plan, with its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, kw_only=True)
class PushPlan:
    """The changes that a push makes, and the files that it leaves alone.

    head: the commit it was planned against, None if the repository does not exist yet. tagged: the commit that the tag
    points to already. absent: names in `delete` that match nothing. taken_in: foreign files that a config of the card
    would load, with that config and its pattern. changed_since: where the tag holds this very folder, so that the release
    stands, the files that main has otherwise.
    """

    repo_id: str
    repo_type: str
    head: str | None
    private: bool | None
    gated: str | bool
    tag: str | None
    tagged: str | None
    adds: tuple[Change, ...]
    updates: tuple[Change, ...]
    unchanged: tuple[Change, ...]
    deletes: tuple[Change, ...]
    absent: tuple[str, ...]
    foreign: tuple[Change, ...]
    taken_in: tuple[tuple[str, str, str], ...]
    changed_since: tuple[str, ...]
    tree: Mapping[str, RemoteFile] = field(repr=False)

    @property
    def empty(self) -> bool:
        """True if nothing would be committed."""
        return not (self.adds or self.updates or self.deletes)

    def rows(self) -> list[tuple[str, str, int]]:
        """Return the plan as rows of (action, path, bytes), changed files first."""
        groups = {"add": self.adds, "update": self.updates, "delete": self.deletes}
        groups |= {"unchanged": self.unchanged, "left alone": self.foreign}
        rows = [(action, *change) for action, changes in groups.items() for change in changes]
        return rows + [("already gone", name, 0) for name in self.absent]

    def as_dict(self) -> dict[str, object]:
        """Return the plan as JSON-able values."""
        names = ("repo_id", "repo_type", "head", "private", "gated", "tag", "tagged")
        files = [{"action": action, "path": path, "bytes": size} for action, path, size in self.rows()]
        return {**{name: getattr(self, name) for name in names}, "files": files}

    def summary(self) -> str:
        """Return the plan in one line."""
        counts = f"{len(self.adds)} to add, {len(self.updates)} to update, {len(self.deletes)} to delete"
        sent = sum(change.size for change in self.adds + self.updates)
        kept = f"{len(self.unchanged)} unchanged, {len(self.foreign)} of others left alone"
        where = f"onto {self.head[:8]}" if self.head else "into a new repository"
        if self.changed_since:
            where = f"the release stands at {self.tag}; changed on main since: {', '.join(self.changed_since[:5])}"
        return f"{self.repo_id}: {counts} ({sent:,} bytes), {kept}; {where}, tag {self.tag or 'none'}"


def plan_push(
    api: HfApi,
    folder: Path,
    repo_id: str,
    *,
    repo_type: str = "dataset",
    delete: Iterable[str] = (),
    version: str | None = None,
    retry: RetryPolicy | None = None,
) -> PushPlan:
    """Compare a folder with the repository, without sending anything.

    `delete` names files or folders of the repository. Raises HubError if the folder differs from its ledger, if a name
    in `delete` is part of the release, or if the Hub cannot be reached.
    """
    local = read_folder(Path(folder), repo_type)
    repo = Repository(api=api, id=repo_id, type=repo_type, retry=retry or RetryPolicy())
    return make_plan(repo, local, tuple(delete), release_tag(local, version))


def release_tag(local: Folder, version: str | None) -> str | None:
    """Return the tag v<version> of the ledger's version, or else of `version`. Raises HubError if the two differ."""
    if version and local.version and version != local.version:
        raise HubError(
            f"{local.path}: version {local.version} in its ledger; wanted {version}; build that version, "
            "or push the existing one (`itdr push --version` writes another into the folder)"
        )
    chosen = version or local.version
    return f"v{chosen}" if chosen else None


def make_plan(repo: Repository, local: Folder, delete: tuple[str, ...], tag: str | None) -> PushPlan:
    """Return the plan for a folder that has already been read."""
    state = repo.state()
    tree = repo.tree(state.commit) if state else {}
    doomed = _named(delete, tree, local)
    foreign = [path for path in sorted(tree) if path not in local.files and path not in doomed]
    sizes = {name: file.size for name, file in sorted(local.files.items())}
    kept = {name for name, file in local.files.items() if name in tree and same(file, tree[name])}
    tagged = repo.tags().get(tag) if state and tag else None
    since: list[str] = []
    if tagged and not doomed and len(kept) < len(local.files) and _holds(repo.tree(tagged), local):
        since = sorted(set(local.files) - kept)
        kept = set(local.files)
    return PushPlan(
        repo_id=repo.id,
        repo_type=repo.type,
        head=state.commit if state else None,
        private=state.private if state else None,
        gated=state.gated if state else False,
        tag=tag,
        tagged=tagged,
        adds=tuple(Change(name, size) for name, size in sizes.items() if name not in tree and name not in kept),
        updates=tuple(Change(n, size) for n, size in sizes.items() if n in tree and n not in kept),
        unchanged=tuple(Change(name, size) for name, size in sizes.items() if name in kept),
        deletes=tuple(Change(path, tree[path].size) for path in sorted(doomed)),
        absent=tuple(name for name in delete if not any(below(name, path) for path in tree)),
        foreign=tuple(Change(path, tree[path].size) for path in foreign),
        taken_in=tuple(_taken_in(foreign, local)),
        changed_since=tuple(since),
        tree=tree,
    )


def same(file: LocalFile, held: RemoteFile) -> bool:
    """Return whether the Hub has the same content, by the sha256 of a large file or the git blob id of another."""
    if file.size != held.size:
        return False
    return held.sha256 == file.sha256 if held.sha256 else held.oid == file.git_oid()


def _holds(tree: Mapping[str, RemoteFile], local: Folder) -> bool:
    return all(name in tree and same(file, tree[name]) for name, file in local.files.items())


def _taken_in(foreign: Iterable[str], local: Folder) -> Iterator[tuple[str, str, str]]:
    """Yield (path, config, pattern) of each foreign file that the new card would load, by the first such config."""
    for path in foreign:
        found = ((path, config, glob) for config, glob in local.globs if glob_matches(glob, path))
        yield from islice(found, 1)


def _named(delete: tuple[str, ...], tree: Mapping[str, RemoteFile], local: Folder) -> set[str]:
    for name in delete:
        if not name.strip("/."):
            raise HubError(f"delete {name!r}: the whole repository; wanted a file or a folder; name it")
        if ours := [path for path in local.files if below(name, path)]:
            raise HubError(
                f"delete {name!r}: {ours[0]} is part of this release; wanted a file that is not; "
                "build without it, or do not name it"
            )
    return {path for path in tree if any(below(name, path) for name in delete)}


def below(name: str, path: str) -> bool:
    """Return whether a path is the named file, or is in the named folder."""
    return path == name or path.startswith(name.rstrip("/") + "/")
