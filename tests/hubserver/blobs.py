"""Contents: preupload, the LFS batch, multipart, trees, and resolve with ranges and redirects."""

from __future__ import annotations

import fnmatch
import re
from urllib.parse import parse_qs

from hubserver import xet
from hubserver.messages import Reply, Request, json_reply
from hubserver.storage import DATE, LFS_SIZE, LFS_SUFFIXES, Commit, Entry, Refused, Repo

PART_SIZE = 16 * 1024


def preupload(request: Request, repo: Repo, revision: str) -> Reply:
    """How each file is to be sent, what is there already, and what .gitignore hides."""
    asked, files = request.json(), repo.resolve(revision).files
    ignored = asked.get("gitIgnore")
    if ignored is None:
        held = files.get(".gitignore")
        ignored = request.hub.storage.object_path(held.sha256).read_text() if held else ""
    return json_reply({"files": [_mode(file, files.get(file["path"]), ignored.split()) for file in asked["files"]]})


def _mode(file: dict[str, object], held: Entry | None, ignored: list[str]) -> dict[str, object]:
    path, size = str(file["path"]), int(str(file["size"]))
    large = path.endswith(LFS_SUFFIXES) or size > LFS_SIZE
    answer: dict[str, object] = {
        "path": path,
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": any(fnmatch.fnmatch(path, pattern) for pattern in ignored),
    }
    if held:
        answer["oid"] = held.sha256 if held.lfs else held.oid
    return answer


def batch(request: Request, repo: Repo) -> Reply:
    """LFS batch: an object of that name and size needs no actions; a big one goes up in parts."""
    objects = [_batched(request, item["oid"], item["size"]) for item in request.json()["objects"]]
    return json_reply({"transfer": "basic", "objects": objects})


def _batched(request: Request, oid: str, size: int) -> dict[str, object]:
    hub = request.hub
    if hub.storage.has_object(oid, size):
        return {"oid": oid, "size": size}
    upload: dict[str, object] = {"href": hub.signed(f"/upload/{oid}")}
    if size > hub.multipart_above:
        parts = range(1, -(-size // PART_SIZE) + 1)
        header = {"chunk_size": str(PART_SIZE)} | {str(n): hub.signed(f"/part/{oid}/{n}") for n in parts}
        upload = {"href": f"{hub.url}/lfs-complete/{oid}", "header": header}
    verify_action = {"href": f"{hub.url}/lfs-verify/{oid}"}
    return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify_action}}


def complete(request: Request, sha256: str) -> Reply:
    asked = request.json()
    request.hub.storage.join_parts(sha256, [part["partNumber"] for part in asked["parts"]])
    return json_reply({})


def verify(request: Request, sha256: str) -> Reply:
    if not request.hub.storage.has_object(sha256, request.json()["size"]):
        raise Refused(400, "the object is not there or has another size")
    return json_reply({})


def tree_rows(commit: Commit, folder: str, recursive: bool, expand: bool) -> list[dict[str, object]]:
    """The rows of a tree listing, folders first as they appear."""
    prefix = f"{folder}/" if folder else ""
    rows: dict[str, dict[str, object]] = {}
    for path, entry in sorted(commit.files.items()):
        if path == folder or not path.startswith(prefix):
            continue
        steps = path.removeprefix(prefix).split("/")
        for depth in range(1, len(steps) if recursive else min(len(steps), 2)):
            name = prefix + "/".join(steps[:depth])
            rows.setdefault(name, {"type": "directory", "path": name, "oid": "0" * 40, "size": 0})
        if recursive or len(steps) == 1:
            rows[path] = file_row(path, entry)
    if expand:
        last = {"id": commit.oid, "title": commit.title, "date": DATE}
        for row in rows.values():
            row["lastCommit"] = last
    return list(rows.values())


def file_row(path: str, entry: Entry) -> dict[str, object]:
    row: dict[str, object] = {"type": "file", "path": path, "size": entry.size, "oid": entry.oid}
    if entry.lfs:
        row["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": 130}
    if entry.xet:
        row["xetHash"] = entry.xet
    return row


def paths_info(request: Request, commit: Commit) -> Reply:
    asked = parse_qs(request.body.decode())["paths"]
    return json_reply([file_row(path, commit.files[path]) for path in asked if path in commit.files])


def resolve(request: Request, repo: Repo, revision: str, path: str) -> Reply:
    """A file of a revision: small ones from here, large ones by a redirect to the storage origin."""
    if repo.gated and not (request.user and request.user.belongs(repo.id)):
        raise Refused(403 if request.user else 401, f"Access to dataset {repo.id} is restricted", "GatedRepo")
    commit = repo.resolve(revision)
    entry = commit.files.get(path)
    if entry is None:
        refused = Refused(404, "Entry not found", "EntryNotFound")
        refused.commit = commit.oid
        raise refused
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{entry.oid}"'}
    if not entry.lfs:
        return ranged(request, request.hub.storage.object_path(entry.sha256).read_bytes(), headers)
    headers |= {
        "X-Linked-Etag": f'"{entry.sha256}"',
        "X-Linked-Size": str(entry.size),
        "Location": request.hub.signed(f"/object/{entry.sha256}"),
    }
    if entry.xet:
        route = f"{request.hub.url}/api/{repo.kind}/{repo.id}/xet-read-token/{commit.oid}"
        headers |= {
            "X-Xet-Hash": entry.xet,
            "X-Xet-Refresh-Route": route,
            "Link": f'<{route}>; rel="xet-auth"',
        }
    return Reply(status=302, headers=headers | {"X-Xet-Cas-Url": xet.cas_url(request.hub.storage.cas)})


def ranged(request: Request, data: bytes, headers: dict[str, str]) -> Reply:
    """The bytes, or the part of them that the Range header asks for (206, 416)."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    size = len(data)
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if asked:
        first, last = asked.groups()
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if start >= size:
            return Reply(status=416, headers={"Content-Range": f"bytes */{size}"})
        return Reply(
            status=206,
            body=data[start:stop],
            headers={**headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"},
        )
    if request.method == "HEAD":
        headers["Content-Length"] = str(size)
    return Reply(body=data, headers=headers)
