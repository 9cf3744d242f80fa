"""A small dataset folder, and a server on loopback that speaks like OpenAI's."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.simulate import simulate

CELLS = ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m", "tui-movielens32m", "uap-movielens1m"]


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of five cells, every kind of metric among them."""
    home = tmp_path_factory.mktemp("asked")
    simulate(home / "raw", sources=["movielens32m", "movielens1m"], scale=0.02, seed=3)
    build_folder(home / "itdr", Settings(raw=home / "raw"), configs=CELLS, changes={"num_examples": 400})
    return home / "itdr"


@dataclass
class Chat:
    """What the server is asked and how it answers; `answer` maps the last turn or prompt to a text."""

    answer: Callable[[str], str] = lambda prompt: prompt[::-1][:40]
    delay: float = 0.0
    faults: list[int] = field(default_factory=list)  # statuses that the next requests get
    refuses: str = "\0"  # a prompt that contains it gets 400
    finish: str = "stop"
    replies: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]] | None = (
        None  # path and body -> the whole reply
    )
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    url: str = ""

    def prompts(self) -> Counter[str]:
        return Counter(prompt_of(body) for _, body in self.requests)


def prompt_of(body: dict[str, Any]) -> str:
    return body["messages"][-1]["content"] if "messages" in body else body["prompt"]


class Handler(BaseHTTPRequestHandler):
    chat: Chat
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.chat.requests.append((self.path, body))
        self.chat.keys.add(self.headers.get("Authorization", ""))
        time.sleep(self.chat.delay)
        prompt = prompt_of(body)
        if self.chat.faults:
            return self._send(self.chat.faults.pop(0), {"error": {"message": "not now", "type": "fault"}})
        if self.chat.refuses in prompt:
            return self._send(400, {"error": {"message": "the prompt is too long", "type": "invalid_request_error"}})
        if self.chat.replies:
            return self._send(*self.chat.replies(self.path, body))
        text, usage = self.chat.answer(prompt), {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        choice: dict[str, Any] = {"index": 0, "finish_reason": self.chat.finish, "logprobs": None}
        choice |= {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
        kind = "chat.completion" if "messages" in body else "text_completion"
        self._send(200, {"id": "x", "object": kind, "created": 0, "model": "m", "choices": [choice], "usage": usage})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status in (429, 503):
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that was killed
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A running server; its address is `chat.url`."""
    state = Chat()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"chat": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
