"""Requests in files for a Batch API: written, submitted or left to the user, collected later.

A folder holds `requests-….jsonl` (a request a line, named by its key), what came back as other `.jsonl` files, and
batch.json, which says how far each file is. A request is in one file that is under way at most, and a batch carries the
sha256 of its file, by which one is found again that a kill kept out of batch.json: nothing is paid for twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.endpoint.reply import BadReply, clean, read_reply
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.runtime.files import full_disk_named, write_atomically
from itdr_hf.runtime.hashing import hash_file

STATE, REQUESTS = "batch.json", "requests-"
MAX_ROWS, MAX_BYTES = 50_000, 200_000_000  # of a request file, as the Batch API allows
CHAT = "/v1/chat/completions"
OVER = ("completed", "failed", "expired", "cancelled")  # states of a batch that nothing more comes of


@dataclass(frozen=True, kw_only=True)
class RequestFile:
    """One file of requests; `collected`: what came back was taken, and what is missing may be asked again."""

    name: str
    sha256: str
    rows: int
    file_id: str = ""
    batch_id: str = ""
    status: str = "written"
    fetched: bool = False  # the files of its batch are here
    collected: bool = False
    error: str = ""

    @property
    def mark(self) -> str:
        """What its batch is found by; a second file of the same requests is another one."""
        return f"{self.sha256}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A request without an answer: why, and whether the server said no to just this one."""

    why: str
    refused: bool = False


class BatchFolder:
    """The request files of one run, of one process at a time. Use `opened_batches`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, RequestFile] = {}
        if (folder / STATE).is_file():
            held = json.loads((folder / STATE).read_text(encoding="utf-8"))
            self.files = {one["name"]: RequestFile(**one) for one in held["files"]}

    def pending(self) -> set[str]:
        """Return the keys of the requests that are under way: an answer may still come."""
        waiting = [one for one in self.files.values() if not one.collected]
        return {key for one in waiting for key in self._keys(one.name)}

    def write(self, asks: Iterable[Ask]) -> list[RequestFile]:
        """Write requests into as few files as the limits allow; each key once. Raises UsageError for one too large."""
        distinct = {ask.key: request_line(ask) for ask in asks}
        return [self._add(part) for part in parted(distinct.values())]

    def submit(self, api: BatchApi) -> None:
        """Submit every file that is not; a batch that a killed run began is found by its mark."""
        left = [one for one in self.files.values() if not one.batch_id and not one.collected]
        known = api.batches_by_mark() if left else {}
        for one in left:
            batch_id = known.get(one.mark, "")
            if not batch_id:
                file_id = one.file_id or api.upload(self.folder / one.name)
                one = self._change(one, file_id=file_id)
                batch_id = api.create(file_id, one.mark)
            self._change(one, batch_id=batch_id, status="submitted")

    def refresh(self, api: BatchApi) -> None:
        """Ask how far each batch is, and fetch what came of those that are over."""
        for one in list(self.files.values()):
            if not one.batch_id or one.fetched:
                continue
            batch = api.retrieve(one.batch_id)
            if batch.status in OVER:
                for kind, file_id in (("output", batch.output_file), ("errors", batch.error_file)):
                    if file_id:
                        write_atomically(
                            self.folder / f"{Path(one.name).stem}.{kind}.jsonl", api.content(file_id).decode()
                        )
            self._change(one, status=batch.status, fetched=batch.status in OVER, error=batch.error)

    def results(self) -> Iterator[tuple[str, Reply | Failed]]:
        """Yield the key and the reply of every line that came back, by whoever put it here; damaged lines are passed by."""
        for path in sorted(self.folder.glob("*.jsonl")):
            if path.name.startswith(REQUESTS) and path.name.count(".") == 1:
                continue
            with path.open("rb") as file:
                yield from (read for line in file if (read := read_result(line)) is not None)

    def settle(self, answered: set[str]) -> None:
        """Mark as collected what came back: the files of batches that are over, and those whose answers a user put here."""
        for one in list(self.files.values()):
            mine = one.fetched or (not one.batch_id and any(key in answered for key in self._keys(one.name)))
            if mine and not one.collected:
                self._change(one, collected=True)

    def _keys(self, name: str) -> list[str]:
        with (self.folder / name).open(encoding="utf-8") as file:
            return [json.loads(line)["custom_id"] for line in file]

    def _add(self, lines: list[bytes]) -> RequestFile:
        name = f"{REQUESTS}{len(self.files) + 1:05}.jsonl"
        with full_disk_named(self.folder / name):
            draft = self.folder / f".{name}.draft"
            draft.write_bytes(b"".join(lines))
            draft.replace(self.folder / name)
        one = RequestFile(name=name, sha256=hash_file(self.folder / name), rows=len(lines))
        return self._change(one)

    def _change(self, one: RequestFile, **fields: Any) -> RequestFile:
        self.files[one.name] = changed = replace(one, **fields)
        text = json.dumps({"files": [asdict(file) for file in self.files.values()]}, indent=1)
        write_atomically(self.folder / STATE, text)
        return changed


@contextmanager
def opened_batches(folder: Path) -> Iterator[BatchFolder]:
    """Open a folder of request files for one process. Raises UsageError while another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield BatchFolder(folder)
    except Timeout as error:
        raise UsageError(
            f"{folder}: another run uses it; want one at a time; wait, or choose another folder"
        ) from error


def parted(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of one request file after the other, as few as the limits allow. Raises UsageError for a line too large."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        if len(line) > MAX_BYTES:
            raise UsageError(f"a request of {len(line):,} bytes; want at most {MAX_BYTES:,}; leave its config out")
        if part and (len(part) == MAX_ROWS or size + len(line) > MAX_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def request_line(ask: Ask) -> bytes:
    """Return a request as a line of a request file."""
    body = {"model": ask.model, "messages": list(ask.messages), **ask.parameters}
    line = {"custom_id": ask.key, "method": "POST", "url": CHAT, "body": body}
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def read_result(line: bytes) -> tuple[str, Reply | Failed] | None:
    """Return the key and the reply of a line that came back; None for a line that is none."""
    try:
        found = json.loads(line)
        key, response = str(found["custom_id"]), found.get("response") or {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    status = response.get("status_code")
    if found.get("error") or status not in (200, None) or "body" not in response:
        error = found.get("error") or (response.get("body") or {}).get("error") or f"status {status}"
        why = clean(str(error.get("message") or error) if isinstance(error, dict) else str(error))[:300]
        return key, Failed(why=why, refused=status in (400, 413, 422))
    try:
        return key, read_reply(json.dumps(response["body"]).encode())
    except BadReply as error:
        return key, Failed(why=error.why)
