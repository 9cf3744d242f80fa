"""Commits, branches, tags, pull requests and settings."""

from __future__ import annotations

import base64
import json

from hubserver import benchmark
from hubserver.messages import Reply, Request, is_private, json_reply
from hubserver.storage import DATE, Commit, Entry, Refused, Repo


def commit(request: Request, repo: Repo, revision: str) -> Reply:
    """One commit from the ndjson lines, on a branch or, with create_pr, on a new pull-request ref."""
    lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    proposes = request.query.get("create_pr") == "1"
    with request.hub.storage.lock:
        base = repo.resolve(revision)
        files = dict(base.files)
        for line in lines:
            _apply(request, files, line["key"], line["value"])
            if repo.kind == "datasets" and line["key"] == "file" and line["value"].get("path") == benchmark.EVAL_YAML:
                benchmark.check(base64.b64decode(line["value"]["content"]))
        number = 1 + sum(name.startswith("refs/pr/") for name in repo.refs)
        ref = f"refs/pr/{number}" if proposes else _branch(repo, revision)
        user = request.user.name if request.user else "?"
        made = request.hub.storage.commit(repo, ref, base, header, user, files)
    url = f"{request.hub.url}/{'' if repo.kind == 'models' else repo.kind + '/'}{repo.id}"
    answer = {"success": True, "commitOid": made.oid, "commitUrl": f"{url}/commit/{made.oid}"}
    if proposes:
        answer["pullRequestUrl"] = f"{url}/discussions/{number}"
    return json_reply(answer)


def _branch(repo: Repo, revision: str) -> str:
    for name in (f"refs/heads/{revision}", revision):
        if name in repo.refs:
            return name
    raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def _apply(request: Request, files: dict[str, Entry], key: str, value: dict[str, str]) -> None:
    path = value.get("path", "")
    if key == "file":
        files[path] = request.hub.storage.regular_entry(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        files[path] = request.hub.storage.lfs_entry(value["oid"], int(value["size"]))
    elif key in ("deletedFile", "deletedFolder"):
        doomed = [name for name in files if name == path or name.startswith(path.rstrip("/") + "/")]
        if not doomed:
            raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
        for name in doomed:
            del files[name]
    elif key != "header":
        raise ValueError(f"commit line {key!r}")


def create_tag(request: Request, repo: Repo, revision: str) -> Reply:
    name = f"refs/tags/{request.json()['tag']}"
    with request.hub.storage.lock:
        target = repo.resolve(revision)
        if name in repo.refs:
            raise Refused(409, "Tag reference exists already")
        repo.refs[name] = target.oid
        request.hub.storage.save(repo)
    return json_reply({})


def create_branch(request: Request, repo: Repo, branch: str) -> Reply:
    asked = json.loads(request.body or b"{}")
    with request.hub.storage.lock:
        if f"refs/heads/{branch}" in repo.refs:
            raise Refused(409, "Reference already exists")
        repo.refs[f"refs/heads/{branch}"] = repo.resolve(asked.get("startingPoint", "main")).oid
        request.hub.storage.save(repo)
    return json_reply({})


def delete_ref(request: Request, repo: Repo, name: str) -> Reply:
    with request.hub.storage.lock:
        if repo.refs.pop(name, None) is None:
            raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
        request.hub.storage.save(repo)
    return json_reply({})


def list_refs(request: Request, repo: Repo) -> Reply:
    def below(prefix: str) -> list[dict[str, str]]:
        return [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": oid}
            for ref, oid in sorted(repo.refs.items())
            if ref.startswith(prefix)
        ]

    answer = {"branches": below("refs/heads/"), "tags": below("refs/tags/"), "converts": []}
    if request.query.get("include_prs") == "1":
        answer["pullRequests"] = below("refs/pr/")
    return json_reply(answer)


def history(request: Request, repo: Repo, revision: str) -> Reply:
    return json_reply([_commit_row(made) for made in repo.history(repo.resolve(revision))])


def _commit_row(made: Commit) -> dict[str, object]:
    return {
        "id": made.oid,
        "title": made.title,
        "message": made.message,
        "date": DATE,
        "authors": [{"user": made.author}],
    }


def discussions(request: Request, repo: Repo) -> Reply:
    """Pull requests only, by state; the stand-in has no other discussions."""
    found = []
    for ref, oid in sorted(repo.refs.items()):
        if not ref.startswith("refs/pr/"):
            continue
        number, made = int(ref.removeprefix("refs/pr/")), repo.commits[oid]
        state = "closed" if number in repo.closed_prs else "open"
        if request.query.get("status", state) == state:
            found.append(
                {
                    "title": made.title,
                    "num": number,
                    "author": {"name": made.author},
                    "createdAt": DATE,
                    "status": state,
                    "isPullRequest": True,
                    "repo": {"name": repo.id, "type": repo.kind.removesuffix("s")},
                }
            )
    return json_reply({"count": len(found), "start": 0, "discussions": found})


def settings(request: Request, repo: Repo) -> Reply:
    asked = request.json()
    with request.hub.storage.lock:
        repo.gated = asked.get("gated", repo.gated)
        repo.private = is_private(asked, default=repo.private)
        request.hub.storage.save(repo)
    return json_reply({})
