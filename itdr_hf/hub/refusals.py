"""Refuse pushes that would damage a repository, before anything is sent."""

from __future__ import annotations

import re

from itdr_hf.dataset.card import CARD
from itdr_hf.errors import HubError
from itdr_hf.hub.local_files import Folder, is_ours, read_card
from itdr_hf.hub.plan import PushPlan
from itdr_hf.hub.repository import Repository
from itdr_hf.hub.verify import check_files

RELEASE_TAG = re.compile(r"v\d{1,6}\.\d{1,6}\.\d{1,6}")


def refuse(repo: Repository, local: Folder, plan: PushPlan, *, force: bool, proposes: bool) -> None:
    """Raise HubError if foreign files would be loaded, the tag is taken, or the card is not this package's."""
    if plan.taken_in:
        path, config, glob = plan.taken_in[0]
        raise HubError(
            f"{repo.id}: {path} is not of this release, but config {config} ({glob}) would load it "
            f"({len(plan.taken_in)} such); wanted a repository that loads as built; "
            f"delete it by name with this push, or move it"
        )
    if plan.tagged and not proposes and _tag_is_elsewhere(repo, local, plan, plan.tagged):
        raise HubError(
            f"{repo.id}: tag {plan.tag} points to {plan.tagged[:8]}, which is not this folder; wanted a "
            "version that is not taken; raise the version (--version), or remove the tag"
        )
    if not force and (found := _changed_by_others(repo, plan)):
        path, title, since = found
        raise HubError(
            f"{repo.id}: {path} was changed on the Hub since {since} ({title}); wanted to replace only what itdr "
            "published; move what is worth keeping to a file of its own or a discussion, and replace it with --force"
        )
    card_changes = any(change.path == CARD for change in plan.updates)
    if card_changes and not force and plan.head and not _card_is_ours(repo, plan.head):
        raise HubError(
            f"{repo.id}: its {CARD} was not written by itdr (no tag `itdr`); wanted a card written by it, or none; "
            "push to another repository, or replace it with --force"
        )


def refuse_visibility(plan: PushPlan, private: bool) -> None:
    """Raise HubError if the visibility of the repository differs from that of the push."""
    if plan.private is not private:
        have, want = ("private", "public") if plan.private else ("public", "private")
        raise HubError(
            f"{plan.repo_id}: the repository is {have}; wanted {want}; change it in its settings, or push with --{have}"
        )


def _changed_by_others(repo: Repository, plan: PushPlan) -> tuple[str, str, str] | None:
    """Return a file that this push would replace and others changed since the latest release: path, commit, tag."""
    releases = {name: oid for name, oid in repo.tags().items() if RELEASE_TAG.fullmatch(name)} if plan.updates else {}
    if not releases or plan.head is None:
        return None
    latest = max(releases, key=lambda name: tuple(map(int, name[1:].split("."))))
    titles = repo.titles_since(releases[latest], plan.head)
    theirs = next((title for title in titles if not title.startswith("Release v")), None)
    held = repo.tree(releases[latest]) if theirs else {}
    changed = [path for path, _ in plan.updates if theirs and held.get(path) != plan.tree[path]]
    return (changed[0], theirs or "", latest) if changed else None


def _tag_is_elsewhere(repo: Repository, local: Folder, plan: PushPlan, tagged: str) -> bool:
    """Return whether a tag points to other files; an older commit with exactly these files is accepted."""
    if not plan.empty:
        return True
    return tagged != plan.head and bool(check_files(repo, local, tagged, "tree"))


def _card_is_ours(repo: Repository, commit: str) -> bool:
    with repo.download(CARD, commit) as card:
        return is_ours(read_card(card))
