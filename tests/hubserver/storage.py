"""What the stand-in Hub keeps: content-addressed objects, repositories, commits and refs, all on disk.

A repository is one JSON file, rewritten by rename; contents lie in `objects/<sha256>` exactly as they were
sent, so a test can corrupt one at rest. Nothing here knows HTTP: what the Hub refuses is a `Refused`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hubserver import xet

ATTRIBUTES = "*.parquet filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
LFS_SUFFIXES = (".parquet", ".safetensors", ".bin", ".arrow", ".gz", ".zip", ".zst")
LFS_SIZE = 10 * 1024 * 1024
DATE = "2026-01-01T00:00:00.000Z"


class Refused(Exception):
    """An answer other than 2xx: status, X-Error-Code, message, and extra fields of the JSON body."""

    def __init__(self, status: int, message: str, code: str = "", **extra: object) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.extra = status, message, code, extra
        self.commit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file in a tree; `oid` is the git blob id (of the pointer, for a large file)."""

    sha256: str
    size: int
    oid: str
    lfs: bool
    xet: str | None = None


@dataclass(frozen=True, kw_only=True)
class Commit:
    oid: str
    parent: str | None
    title: str
    message: str
    author: str
    files: dict[str, Entry]


@dataclass(kw_only=True)
class Repo:
    kind: str
    id: str
    private: bool
    gated: str | bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    closed_prs: list[int] = field(default_factory=list)

    def resolve(self, revision: str) -> Commit:
        """The commit a branch, tag, pull-request ref or sha names; 404 RevisionNotFound otherwise."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        oid = next((self.refs[name] for name in names if name in self.refs), revision)
        if oid not in self.commits:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[oid]

    def history(self, commit: Commit) -> list[Commit]:
        """The commit and its ancestors, newest first."""
        chain = [commit]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.commits[parent])
        return chain


class Storage:
    """Repositories and objects under one folder; every mutation holds the lock and ends on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.cas = root / "cas"
        for name in ("objects", "repos", "parts", "cas"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.repos = {repo_key(repo.kind, repo.id): repo for repo in map(_load, (root / "repos").glob("*.json"))}

    # objects

    def object_path(self, sha256: str) -> Path:
        """Where a content lies; a content that came through Xet is rebuilt there at its first plain read."""
        path = self.root / "objects" / sha256
        if not path.exists() and (file_hash := xet.file_hashes(self.cas).get(sha256)):
            xet.rebuild(self.cas, file_hash, path)
        return path

    def has_object(self, sha256: str, size: int) -> bool:
        """Whether an LFS upload may be skipped: by name and size, as an object store would see it."""
        path = self.root / "objects" / sha256
        return path.exists() and path.stat().st_size == size

    def put_object(self, name: str, data: bytes) -> None:
        """Keep the bytes under the name the client gave: a damaged upload stays damaged."""
        self._replace(self.root / "objects" / name, data)

    def put_part(self, sha256: str, number: int, data: bytes) -> str:
        self._replace(self.root / "parts" / f"{sha256}.{number}", data)
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def join_parts(self, sha256: str, numbers: Iterable[int]) -> None:
        self.put_object(sha256, b"".join((self.root / "parts" / f"{sha256}.{n}").read_bytes() for n in numbers))

    def damage(self, sha256: str) -> None:
        """Flip a byte of a stored object, its length unchanged."""
        path = self.object_path(sha256)
        path.write_bytes(flipped(path.read_bytes()))

    # repositories

    def repo(self, kind: str, repo_id: str) -> Repo | None:
        return self.repos.get(repo_key(kind, repo_id))

    def create_repo(self, kind: str, repo_id: str, private: bool, author: str) -> Repo:
        """A repository with the Hub's first commit, which holds only .gitattributes."""
        with self.lock:
            if self.repo(kind, repo_id):
                raise Refused(409, "You already created this repo")
            repo = Repo(kind=kind, id=repo_id, private=private)
            self.repos[repo_key(kind, repo_id)] = repo
            files = {".gitattributes": self.regular_entry(ATTRIBUTES.encode())}
            repo.refs["refs/heads/main"] = self._commit(repo, None, "initial commit", "", author, files).oid
            self.save(repo)
            return repo

    def regular_entry(self, data: bytes) -> Entry:
        sha = hashlib.sha256(data).hexdigest()
        self.put_object(sha, data)
        return Entry(sha256=sha, size=len(data), oid=git_oid(data), lfs=False)

    def lfs_entry(self, sha256: str, size: int) -> Entry:
        """A large file that was uploaded before; 400 when it was not."""
        file_hash = None
        if not self.has_object(sha256, size):
            file_hash = xet.file_hashes(self.cas).get(sha256)
            if file_hash is None:
                raise Refused(400, f"Your push was rejected: LFS object {sha256} does not exist")
        return Entry(sha256=sha256, size=size, oid=git_oid(pointer(sha256, size)), lfs=True, xet=file_hash)

    def commit(
        self, repo: Repo, ref: str, base: Commit, header: dict[str, str], author: str, files: dict[str, Entry]
    ) -> Commit:
        """Move `ref` to a new commit on `base`; 412 when the ref moved since the client's parentCommit."""
        with self.lock:
            wanted = header.get("parentCommit")
            if repo.refs.get(ref, base.oid) != base.oid or (wanted and wanted != base.oid):
                raise Refused(412, "A commit has happened since. Please refresh and try again.")
            made = self._commit(repo, base.oid, header["summary"], header.get("description", ""), author, files)
            repo.refs[ref] = made.oid
            self.save(repo)
            return made

    def save(self, repo: Repo) -> None:
        state = json.dumps(dataclasses.asdict(repo), sort_keys=True).encode()
        self._replace(self.root / "repos" / f"{repo_key(repo.kind, repo.id)}.json", state)

    def _commit(
        self, repo: Repo, parent: str | None, title: str, message: str, author: str, files: dict[str, Entry]
    ) -> Commit:
        identity = json.dumps(
            [
                parent,
                title,
                message,
                author,
                len(repo.commits),
                {path: entry.oid for path, entry in files.items()},
            ],
            sort_keys=True,
        )
        oid = hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()
        repo.commits[oid] = Commit(
            oid=oid, parent=parent, title=title, message=message, author=author, files=dict(files)
        )
        return repo.commits[oid]

    def _replace(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f"{path.name}.{threading.get_ident()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(path)


def repo_key(kind: str, repo_id: str) -> str:
    return f"{kind}--{repo_id.replace('/', '--')}"


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def flipped(data: bytes) -> bytes:
    """The same number of bytes, one of them wrong."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :] if data else data


def _load(path: Path) -> Repo:
    state = json.loads(path.read_bytes())
    for oid, commit in state["commits"].items():
        files = {name: Entry(**entry) for name, entry in commit.pop("files").items()}
        state["commits"][oid] = Commit(**commit, files=files)
    return Repo(**state)
