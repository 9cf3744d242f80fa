"""Verify that a release on the Hub is as published: by the ids in its tree, then by downloading it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from itdr_hf.dataset.card import CARD
from itdr_hf.dataset.ledger import LEDGER
from itdr_hf.errors import HubError
from itdr_hf.hub.local_files import (
    Folder,
    Ledger,
    data_globs,
    glob_matches,
    is_ours,
    read_card,
    read_ledger,
)
from itdr_hf.hub.plan import same
from itdr_hf.hub.repository import RemoteFile, Repository
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import HfApi

AT_ONCE = 4


def verify_release(
    api: HfApi,
    repo_id: str,
    revision: str,
    *,
    repo_type: str = "dataset",
    download: bool = True,
    progress: OnProgress = ignore,
    retry: RetryPolicy | None = None,
) -> list[str]:
    """Return the problems of a published release, judged by its own ledger; empty if there are none.

    Raises HubError if the repository or the revision cannot be read at all.
    """
    repo = Repository(api=api, id=repo_id, type=repo_type, retry=retry or RetryPolicy())
    state = repo.state(revision)
    if state is None:
        raise HubError(f"{repo_id}: no such repository for this token; wanted a release; check name and token")
    tree = repo.tree(state.commit)
    if missing := [f"{name}: missing" for name in (LEDGER, CARD) if name not in tree]:
        return missing
    with repo.download(LEDGER, state.commit) as path:
        try:
            ledger = read_ledger(path)
        except HubError as error:
            return [f"{LEDGER}: {error}"]
    problems = [f"{LEDGER}: {ledger.edited}"] if ledger.edited else []
    problems += _check_version(ledger.version, revision) + _check_tree(ledger, tree)
    problems += _check_card(repo, state.commit, tree, set(ledger.files))
    if download:
        present = {name: sha for name, (sha, _) in ledger.files.items() if name in tree}
        problems += _check_contents(repo, present, state.commit, progress)
    return list(dict.fromkeys(problems))


def check_files(
    repo: Repository,
    local: Folder,
    commit: str,
    how: Literal["tree", "download"],
    progress: OnProgress = ignore,
) -> list[str]:
    """Return the files of a folder that are missing or different at a commit."""
    tree = repo.tree(commit)
    problems = [f"{name}: missing" for name in local.files if name not in tree]
    here = {name: file for name, file in local.files.items() if name in tree}
    problems += [f"{name}: different content" for name, file in here.items() if not same(file, tree[name])]
    if how == "download" and not problems:
        wanted = {name: file.sha256 for name, file in local.files.items()}
        problems = _check_contents(repo, wanted, commit, progress)
    return problems


def _check_version(version: str, revision: str) -> list[str]:
    wrong = revision.startswith("v") and revision != f"v{version}"
    return [f"{LEDGER}: version {version} at {revision}"] if wrong else []


def _check_tree(ledger: Ledger, tree: Mapping[str, RemoteFile]) -> list[str]:
    problems = []
    for name, (sha256, size) in ledger.files.items():
        held = tree.get(name)
        if held is None:
            problems.append(f"{name}: missing")
        elif held.size != size:
            problems.append(f"{name}: {held.size} bytes, {LEDGER} says {size}")
        elif held.sha256 and held.sha256 != sha256:
            problems.append(f"{name}: {_differs(held.sha256, sha256)}")
    return problems


def _check_card(repo: Repository, commit: str, tree: Mapping[str, RemoteFile], listed: set[str]) -> list[str]:
    """Return the problems of the card: every config must match files, and only files of the release."""
    with repo.download(CARD, commit) as path:
        card = read_card(path)
    problems = [] if is_ours(card) else [f"{CARD}: no tag `itdr`"]
    for config, pattern in data_globs(card):
        found = [name for name in tree if glob_matches(pattern, name)]
        if not found:
            problems.append(f"{CARD}: config {config}: nothing matches {pattern}")
        problems += [f"{name}: not in {LEDGER}, but config {config} loads it" for name in found if name not in listed]
    return problems


def _check_contents(repo: Repository, wanted: Mapping[str, str], commit: str, progress: OnProgress) -> list[str]:
    """Download every file and compare its sha256; a mismatch is downloaded once more, in case the transfer failed."""

    def check(name: str) -> str | None:
        found = [repo.sha256(name, commit)]
        if found[0] != wanted[name]:
            found.append(repo.sha256(name, commit))
        return None if found[-1] == wanted[name] else f"{name}: {_differs(found[-1], wanted[name])}"

    problems = []
    with _no_bars(), ThreadPoolExecutor(AT_ONCE) as pool:
        for done, problem in enumerate(pool.map(check, wanted), 1):
            if problem:
                problems.append(problem)
            progress(Progress("verify", done, len(wanted), "files"))
    return problems


@contextmanager
def _no_bars() -> Iterator[None]:
    """Disable the client's own progress bars for the duration of a `with` block."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def _differs(found: str, wanted: str) -> str:
    return f"sha256 {found[:12]}…, wanted {wanted[:12]}…"
