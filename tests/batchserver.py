"""A Batch API on loopback, as far as OpenAI documents it: files, batches, partial failures; what was paid for is counted."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Batches:
    """The state of the server. `fate` maps a prompt to ok, refused, failed or expired; `lose` drops that many replies."""

    fate: Callable[[str], str] = lambda prompt: "ok"
    answer: Callable[[str], str] = lambda prompt: prompt[::-1][:40]
    lose: int = 0  # replies to POST /batches that never arrive: the batch is made all the same
    ready: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    url: str = ""
    watch: Callable[[str], None] = lambda moment: (
        None
    )  # told 'got' and 'did' with method and path, before any reply leaves

    def make(self, given: dict[str, Any]) -> dict[str, Any]:
        """A batch, answered at once; what was answered is paid for."""
        lines = [json.loads(line) for line in self.files[given["input_file_id"]].splitlines()]
        assert len(lines) <= 50_000 and all(
            line["url"] == given["endpoint"] == "/v1/chat/completions" for line in lines
        )
        out, bad = [], []
        for line in lines:
            prompt = line["body"]["messages"][-1]["content"]
            fate = self.fate(prompt)
            if fate == "expired":
                bad.append({"custom_id": line["custom_id"], "response": None, "error": {"code": "batch_expired", "message": "This request could not be executed before the completion window expired."}})  # fmt: skip
            elif fate != "ok":
                status = 400 if fate == "refused" else 500
                bad.append({"custom_id": line["custom_id"], "response": {"status_code": status, "body": {"error": {"message": fate}}}, "error": None})  # fmt: skip
            else:
                self.paid[line["custom_id"]] += 1
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.answer(prompt)}}  # fmt: skip
                body = {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}, "model": "m-1"}
                out.append({"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})  # fmt: skip
        made = {
            "id": f"batch_{len(self.batches)}",
            "object": "batch",
            "status": "in_progress",
            **given,
            "created_at": 0,
        }
        made |= {"output_file_id": self._kept(out), "error_file_id": self._kept(bad)}
        self.batches[made["id"]] = made
        return made

    def shown(self, batch: dict[str, Any]) -> dict[str, Any]:
        if not self.ready:
            return {**batch, "output_file_id": None, "error_file_id": None}
        return {**batch, "status": "expired" if self.any_expired(batch) else "completed"}

    def any_expired(self, batch: dict[str, Any]) -> bool:
        return b"batch_expired" in self.files.get(batch["error_file_id"] or "", b"")

    def _kept(self, lines: list[dict[str, Any]]) -> str | None:
        if not lines:
            return None
        name = f"file_{len(self.files)}"
        self.files[name] = "".join(json.dumps(line) + "\n" for line in lines).encode()
        return name


class Handler(BaseHTTPRequestHandler):
    batches: Batches
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.batches.watch(f"got POST {self.path}")
        if self.path.endswith("/files"):
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser().parsebytes(head + body).get_payload()
            content = next(part.get_payload(decode=True) for part in parts if part.get_filename())
            name = f"file_{len(self.batches.files)}"
            self.batches.files[name] = content
            return self._send({"id": name, "object": "file", "bytes": len(content), "created_at": 0, "filename": "x", "purpose": "batch", "status": "processed"})  # fmt: skip
        made = self.batches.make(json.loads(body))
        if self.batches.lose:
            self.batches.lose -= 1
            self.close_connection = True
            return None
        return self._send(made)

    def do_GET(self) -> None:
        self.batches.watch(f"got GET {self.path}")
        path = self.path.partition("?")[0].removeprefix("/v1")
        if path == "/batches":
            shown = [self.batches.shown(one) for one in self.batches.batches.values()]
            return self._send({"object": "list", "data": shown, "has_more": False})
        if path.startswith("/batches/"):
            return self._send(self.batches.shown(self.batches.batches[path.removeprefix("/batches/")]))
        return self._write(self.batches.files[path.split("/")[2]], "application/octet-stream")

    def handle(self) -> None:
        with suppress(ConnectionError):  # of a client that was killed
            super().handle()

    def _send(self, body: dict[str, Any]) -> None:
        self._write(json.dumps(body).encode(), "application/json")

    def _write(self, content: bytes, kind: str) -> None:
        self.batches.watch(f"did {self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


def killed_when(command: Sequence[object], server: Batches, moment: str, later: float = 0.0) -> bool:
    """Run a command and kill -9 it when the server comes to a moment, or so many seconds later; whether it came to it."""
    reached = threading.Event()

    def watch(found: str) -> None:
        if moment in found and not reached.is_set():
            reached.set()
            if later:
                threading.Timer(later, run.kill).start()
            else:
                run.kill()
                run.wait()

    server.watch = watch
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = run.wait(timeout=120)
    server.watch = lambda moment: None
    assert code == -signal.SIGKILL or not reached.is_set() or later, code
    return reached.is_set()


@pytest.fixture
def batches() -> Iterator[Batches]:
    made = Batches()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"batches": made}))
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()
