"""Publish a release: one commit with all changes, verified, then the tag on that commit.

Contents are uploaded before the commit refers to them, so a failure leaves the old release; a repeated run sends only
what is missing and commits only what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from itdr_hf.errors import HubError
from itdr_hf.hub.local_files import Folder, read_folder
from itdr_hf.hub.plan import PushPlan, below, make_plan, release_tag, same
from itdr_hf.hub.refusals import refuse, refuse_visibility
from itdr_hf.hub.repository import Commit, Gated, Repository, differences
from itdr_hf.hub.retry import HubAnswer
from itdr_hf.hub.verify import check_files
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

MAX_PLANS = 5  # attempts at a commit while others push too


@dataclass(frozen=True, kw_only=True)
class Release:
    """The published release; `committed` is False if the Hub already had all of it.

    changed_since: files that main has otherwise than the release, which stands at its tag.
    """

    repo_id: str
    commit: str
    tag: str | None
    url: str
    pr_url: str | None
    committed: bool
    added: int
    updated: int
    deleted: int
    unchanged: int
    left_alone: int
    changed_since: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Push:
    """The state of one push, with the additions by path, which are made once and sent again after a conflict."""

    repo: Repository
    local: Folder
    delete: tuple[str, ...]
    tag: str | None
    force: bool
    proposes: bool
    verify: Literal["tree", "download"]
    progress: OnProgress
    additions: dict[str, CommitOperationAdd] = field(default_factory=dict)


def push_folder(
    api: HfApi,
    folder: Path,
    repo_id: str,
    *,
    repo_type: str = "dataset",
    private: bool = True,
    delete: Iterable[str] = (),
    create_pr: bool = False,
    force: bool = False,
    gated: Gated | None = None,
    version: str | None = None,
    verify: Literal["tree", "download"] = "download",
    progress: OnProgress = ignore,
    retry: RetryPolicy | None = None,
) -> Release:
    """Publish a folder as v<version> in one commit; a pull request gets no tag.

    `delete` names files to delete with this release; other files of the repository are not changed. `force` allows
    replacing a card not written by this package. Raises HubError, before anything is changed, if the plan is refused;
    if it is raised later, main has the old release or the complete new one, and the same call finishes it.
    """
    local = read_folder(Path(folder), repo_type, progress)
    push = _Push(
        repo=Repository(api=api, id=repo_id, type=repo_type, retry=retry or RetryPolicy()),
        local=local,
        delete=tuple(delete),
        tag=release_tag(local, version),
        force=force,
        proposes=create_pr,
        verify=verify,
        progress=progress,
    )
    plan = _prepare(push, private, gated)
    plan, made, committed = _commit(push, plan)
    _finish(push, plan, made, committed)
    return _release(push, plan, made, committed)


def _prepare(push: _Push, private: bool, gated: Gated | None) -> PushPlan:
    """Return the plan, after creating the repository if needed, and checking the plan and the visibility."""
    repo = push.repo
    plan = make_plan(repo, push.local, push.delete, push.tag)
    refuse(push.repo, push.local, plan, force=push.force, proposes=push.proposes)
    if plan.head is None:
        if push.proposes:
            raise HubError(f"{repo.id}: no such repository; wanted one for a pull request; push without --create-pr")
        repo.create(private)
        plan = make_plan(repo, push.local, push.delete, push.tag)
        if plan.head is None:
            raise HubError(f"{repo.id}: not found after it was created; wanted it; look at it on the Hub")
        refuse(push.repo, push.local, plan, force=push.force, proposes=push.proposes)
    refuse_visibility(plan, private)
    if gated is not None and plan.gated != gated:
        repo.gate(gated)
    return plan


def _commit(push: _Push, plan: PushPlan) -> tuple[PushPlan, Commit, bool]:
    """Commit the changes; if someone else pushed in the meantime, plan again on the new head."""
    for attempt in range(MAX_PLANS):
        assert plan.head is not None
        if plan.empty:
            return plan, Commit(oid=plan.tagged or plan.head), False
        if push.proposes and (proposal := _open_proposal(push)):
            return plan, proposal, False
        try:
            return plan, _send(push, plan), True
        except HubAnswer as answer:
            if answer.status not in (409, 412) or attempt == MAX_PLANS - 1:
                raise
        push.repo.retry.sleep(push.repo.retry.pause * attempt)
        plan = _plan_again(push, plan)
    raise AssertionError("unreachable")


def _send(push: _Push, plan: PushPlan) -> Commit:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    for path, _ in plan.adds + plan.updates:
        if path not in push.additions:
            push.additions[path] = CommitOperationAdd(path, str(push.local.files[path].path))
    additions = [push.additions[path] for path, _ in plan.adds + plan.updates]
    deletions = [CommitOperationDelete(path, is_folder=False) for path, _ in plan.deletes]
    push.progress(Progress("upload", 0, len(additions), "files"))
    push.repo.upload(additions, push.proposes)
    push.progress(Progress("upload", len(additions), len(additions), "files"))
    operations: Sequence[CommitOperationAdd | CommitOperationDelete] = [*additions, *deletions]
    message = f"Release {push.tag}" if push.tag else "Update"
    assert plan.head is not None
    made = push.repo.commit(operations, message, plan.head, push.proposes, lambda: _landed(push, plan))
    push.progress(Progress("commit", 1, 1))
    return made


def _landed(push: _Push, plan: PushPlan) -> Commit | None:
    """Return the commit whose response was lost: a new head, or a pull request, that contains the whole plan."""
    if push.proposes:
        return _open_proposal(push)
    state = push.repo.state()
    if state is None or state.commit == plan.head:
        return None
    return Commit(oid=state.commit) if _holds(push, state.commit) else None


def _open_proposal(push: _Push) -> Commit | None:
    """Return an open pull request that proposes exactly these files, if there is one."""
    return next((pr for pr in push.repo.open_proposals() if _holds(push, pr.oid)), None)


def _holds(push: _Push, commit: str) -> bool:
    """Return whether a commit contains every file of the folder and nothing that was to be deleted."""
    tree = push.repo.tree(commit)
    gone = not any(below(name, path) for name in push.delete for path in tree)
    return gone and all(name in tree and same(file, tree[name]) for name, file in push.local.files.items())


def _plan_again(push: _Push, old: PushPlan) -> PushPlan:
    """Return a plan for the new head. Raises HubError if someone else changed files of this push."""
    plan = make_plan(push.repo, push.local, push.delete, push.tag)
    wanted = {change.path for change in plan.adds + plan.updates + plan.deletes}
    if clash := sorted(differences(old.tree, plan.tree) & wanted):
        raise HubError(
            f"{push.repo.id}: {clash[0]} was changed by someone else during the push ({len(clash)} such); "
            "wanted to overwrite only what was planned; check the new plan and run it again"
        )
    refuse(push.repo, push.local, plan, force=push.force, proposes=push.proposes)
    return plan


def _finish(push: _Push, plan: PushPlan, made: Commit, committed: bool) -> None:
    """Verify the commit, then tag it; a release that is already tagged has been verified before."""
    if not committed and plan.tagged == made.oid:
        return
    problems = check_files(push.repo, push.local, made.oid, push.verify, push.progress)
    if problems:
        raise HubError(
            f"{push.repo.id} at {made.oid[:8]}: {'; '.join(problems[:5])} ({len(problems)} such); wanted the "
            "local files; no tag was made; run it again, and report it to the Hub if it persists"
        )
    if push.tag and not push.proposes:
        push.repo.tag(push.tag, made.oid)
        push.progress(Progress("tag", 1, 1))


def _release(push: _Push, plan: PushPlan, made: Commit, committed: bool) -> Release:
    tag = None if push.proposes else push.tag
    return Release(
        repo_id=push.repo.id,
        commit=made.oid,
        tag=tag,
        url=f"{push.repo.url}/tree/{tag or made.oid}",
        pr_url=made.pr_url,
        committed=committed,
        added=len(plan.adds),
        updated=len(plan.updates),
        deleted=len(plan.deletes),
        unchanged=len(plan.unchanged),
        left_alone=len(plan.foreign),
        changed_since=plan.changed_since,
    )
