"""Which address does what: the parts of the Hub's API that the two clients use."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hubserver import blobs, refs, xet
from hubserver.messages import Reply, Request, is_private, json_reply
from hubserver.storage import DATE, Commit, Entry, Refused, Repo

KINDS = ("models", "datasets", "spaces")


def serve_storage(request: Request, path: str) -> Reply:
    """The storage origin: signed uploads and downloads, no bearer token."""
    if request.query.get("signature") != request.hub.signature(path):
        raise Refused(403, "SignatureDoesNotMatch")
    match request.method, request.parts:
        case "PUT", ("upload", sha256):
            request.hub.storage.put_object(sha256, request.body)
            return Reply(headers={"ETag": f'"{sha256}"'})
        case "PUT", ("part", sha256, number):
            return Reply(headers={"ETag": request.hub.storage.put_part(sha256, int(number), request.body)})
        case (("GET" | "HEAD"), ("object", sha256)):
            return blobs.ranged(request, request.hub.storage.object_path(sha256).read_bytes(), {})
    return unknown(request)


def serve_hub(request: Request) -> Reply:
    """The endpoint."""
    match request.method, request.parts:
        case "POST", ("api", "repos", "create"):
            return create_repo(request)
        case "POST", ("api", "validate-yaml"):
            return validate_yaml(request)
        case "POST", ("lfs-complete", sha256):
            return blobs.complete(request, sha256)
        case "POST", ("lfs-verify", sha256):
            return blobs.verify(request, sha256)
        case _, ("api", kind, org, name, *rest) if kind in KINDS:
            return serve_repo(request, kind, f"{org}/{name}", rest)
        case "POST", (*prefix, org, name, "info", "lfs", "objects", "batch"):
            kind, repo_id = prefix[0] if prefix else "models", f"{org}/{name.removesuffix('.git')}"
            allowed = writable if "ref" in request.json() or not request.user else readable
            return blobs.batch(request, allowed(request, kind, repo_id))
        case (("GET" | "HEAD"), (kind, org, name, "resolve", revision, *path)) if kind in KINDS:
            return blobs.resolve(request, readable(request, kind, f"{org}/{name}"), revision, "/".join(path))
        case (("GET" | "HEAD"), (org, name, "resolve", revision, *path)):
            return blobs.resolve(request, readable(request, "models", f"{org}/{name}"), revision, "/".join(path))
    return unknown(request)


def serve_repo(request: Request, kind: str, repo_id: str, rest: list[str]) -> Reply:
    """Addresses below /api/{kind}/{org}/{name}."""
    if request.method in ("GET", "HEAD") or rest[:1] == ["paths-info"]:
        return _read_repo(request, readable(request, kind, repo_id), rest)
    proposes = request.query.get("create_pr") == "1"
    repo = readable(request, kind, repo_id) if proposes and request.user else writable(request, kind, repo_id)
    match request.method, rest:
        case "PUT", ["settings"]:
            return refs.settings(request, repo)
        case "POST", ["preupload", revision]:
            return blobs.preupload(request, repo, revision)
        case "POST", ["commit", revision]:
            return refs.commit(request, repo, revision)
        case "POST", ["tag", revision]:
            return refs.create_tag(request, repo, revision)
        case "DELETE", ["tag", name]:
            return refs.delete_ref(request, repo, f"refs/tags/{name}")
        case "POST", ["branch", name]:
            return refs.create_branch(request, repo, name)
    return unknown(request)


def _read_repo(request: Request, repo: Repo, rest: list[str]) -> Reply:
    match rest:
        case []:
            return repo_info(request, repo, repo.resolve("main"))
        case ["revision", revision]:
            return repo_info(request, repo, repo.resolve(revision))
        case ["tree", revision, *path]:
            return tree(request, repo, repo.resolve(revision), revision, "/".join(path))
        case ["paths-info", revision]:
            return blobs.paths_info(request, repo.resolve(revision))
        case ["refs"]:
            return refs.list_refs(request, repo)
        case ["commits", revision]:
            return refs.history(request, repo, revision)
        case ["discussions"]:
            return refs.discussions(request, repo)
        case [("xet-write-token" | "xet-read-token") as right, _] if request.hub.uses_xet:
            if right == "xet-write-token" and request.query.get("create_pr") != "1":
                writable(request, repo.kind, repo.id)
            return xet_token(request)
    return unknown(request)


def unknown(request: Request) -> Reply:
    request.hub.unknown.append(f"{request.method} /{'/'.join(request.parts)}")
    return json_reply({"error": "not in the stand-in"}, 501)


def readable(request: Request, kind: str, repo_id: str) -> Repo:
    """The repository, or the answer the Hub gives to those who may not know that it exists."""
    repo = request.hub.storage.repo(kind, repo_id)
    if repo is None or (repo.private and not (request.user and request.user.belongs(repo_id))):
        raise Refused(404 if request.user else 401, "Repository not found", "RepoNotFound")
    return repo


def writable(request: Request, kind: str, repo_id: str) -> Repo:
    repo = readable(request, kind, repo_id)
    if request.user is None:
        raise Refused(401, "Invalid username or password.")
    if not (request.user.writes and request.user.belongs(repo_id)):
        raise Refused(403, "Forbidden: your token has no write access to this repository")
    return repo


def create_repo(request: Request) -> Reply:
    asked = request.json()
    kind, user = f"{asked.get('type', 'model')}s", request.user
    if user is None:
        raise Refused(401, "Invalid username or password.")
    repo_id = f"{asked.get('organization') or user.name}/{asked['name']}"
    if not (user.writes and user.belongs(repo_id)):
        raise Refused(403, f"You don't have the rights to create a {kind[:-1]} under this namespace")
    url = f"{request.hub.url}/{'' if kind == 'models' else kind + '/'}{repo_id}"
    try:
        request.hub.storage.create_repo(kind, repo_id, is_private(asked, default=False), user.name)
    except Refused as refused:
        refused.extra["url"] = url
        raise
    return json_reply({"url": url, "name": repo_id})


def validate_yaml(request: Request) -> Reply:
    """Only whether the YAML parses: what else the Hub checks is not known here."""
    import yaml

    block = request.json()["content"].split("---")[1:2]
    try:
        yaml.safe_load(block[0] if block else "")
    except yaml.YAMLError as error:
        return json_reply({"errors": [{"message": str(error)}], "warnings": []}, 400)
    return json_reply({"errors": [], "warnings": []})


def repo_info(request: Request, repo: Repo, commit: Commit) -> Reply:
    detailed = "blobs" in request.query
    return json_reply(
        {
            "_id": "0",
            "id": repo.id,
            "author": repo.id.split("/")[0],
            "sha": commit.oid,
            "private": repo.private,
            "gated": repo.gated,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "createdAt": DATE,
            "lastModified": DATE,
            "siblings": [_sibling(path, entry, detailed) for path, entry in sorted(commit.files.items())],
        }
    )


def _sibling(path: str, entry: Entry, detailed: bool) -> dict[str, object]:
    if not detailed:
        return {"rfilename": path}
    lfs = {"lfs": {"sha256": entry.sha256, "size": entry.size, "pointerSize": 130}} if entry.lfs else {}
    return {"rfilename": path, "size": entry.size, "blobId": entry.oid, **lfs}


def tree(request: Request, repo: Repo, commit: Commit, revision: str, folder: str) -> Reply:
    """Files and folders below a folder, in pages linked by `rel=next`."""
    rows = blobs.tree_rows(
        commit,
        folder,
        request.query.get("recursive", "").lower() == "true",
        request.query.get("expand", "").lower() == "true",
    )
    if folder and not rows:
        raise Refused(404, f"{folder} does not exist on {revision}", "EntryNotFound")
    start = int(request.query.get("cursor", 0))
    page, stop = rows[start : start + request.hub.page_size], start + request.hub.page_size
    headers = {}
    if stop < len(rows):
        path = "/".join(_quoted(part) for part in request.parts)
        query = urlencode({**request.query, "cursor": stop})
        headers["Link"] = f'<{request.hub.url}/{path}?{query}>; rel="next"'
    return json_reply(page, 200, **headers)


def _quoted(part: str) -> str:
    from urllib.parse import quote

    return quote(part, safe="")


def xet_token(request: Request) -> Reply:
    """Where the Xet store is: hf_xet reads the JSON, the Python read path the headers."""
    url = xet.cas_url(request.hub.storage.cas)
    body = {"casUrl": url, "accessToken": "xet-token", "exp": xet.EXPIRY}
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": "xet-token",
        "X-Xet-Token-Expiration": str(xet.EXPIRY),
    }
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json", **headers})
