"""A loopback endpoint that misbehaves on demand, and remembers every request.

As a program: `python faultserver.py LATENCY` serves good answers after so many seconds and prints its address.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROSE = (
    "The people who are most likely to welcome this are those who have enjoyed things of the same kind, and they "
    "will find in it what they like about them. It should also be shown to users who look for something that is "
    "not too far from their habits, but would be new to them. The subject in question: "
)


@dataclass
class Request:
    """One request as the server saw it; `answered` once a whole chat completion was sent to somebody who listened."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    nth: int  # how many requests with the same last message came before
    answered: bool = False
    status: int = 0

    @property
    def prompt(self) -> str:
        return self.body["messages"][-1]["content"]


def good(prompt: str) -> str:
    """A text that every check lets pass."""
    return PROSE + " ".join(prompt.split()[:40]) + "."


def completion(text: str | None, finish: str = "stop", usage: bool = True, **message: Any) -> dict[str, Any]:
    """The body of a chat completion."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m-2026", "choices": [choice]}
    counts = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    return {**body, "usage": counts} if usage else body


Script = Callable[[Request], Any]  # what to do: a body to send, or a fault by name or (status, headers, text)


@dataclass
class FaultServer:
    """Serves until closed; `script` decides what becomes of each request. `hold_after` answers it stops answering."""

    script: Script = field(default=lambda request: completion(good(request.prompt)))
    latency: float = 0.0
    hold_after: int | None = None
    log: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock, self._admitted, self._times = threading.Lock(), 0, Counter[str]()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self.closed = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def answered(self) -> list[str]:
        """The prompts that were answered, as often as they were."""
        return [request.prompt for request in self.log if request.answered]

    def note(self, body: dict[str, Any], headers: dict[str, str]) -> Request:
        with self._lock:
            prompt = body["messages"][-1]["content"]
            request = Request(body=body, headers=headers, at=time.monotonic(), nth=self._times[prompt])
            self._times[prompt] += 1
            self.log.append(request)
            return request

    def admits(self, request: Request) -> bool:
        """Whether the request may be answered now; counted then."""
        with self._lock:
            if self.hold_after is not None and self._admitted >= self.hold_after:
                return False
            self._admitted += 1
            request.answered = True
            return True


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = server.note(body, {k.lower(): v for k, v in self.headers.items()})
            time.sleep(server.latency)
            what = server.script(request)
            if what == "disconnect":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            elif what == "stall":
                server.closed.wait(30)
                self.close_connection = True
            elif isinstance(what, tuple):
                self._send(request, *what)
            else:
                while not self._gone() and not server.admits(request):
                    time.sleep(0.005)
                if self.close_connection:
                    return
                self._send(request, 200, {}, what if isinstance(what, str) else json.dumps(what))

        def _send(self, request: Request, status: int, headers: dict[str, str], text: str) -> None:
            request.status = status
            data = text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": len(data), **headers}.items():
                self.send_header(name, str(value))
            try:
                self.end_headers()
                self.wfile.write(data)
            except ConnectionError:
                request.answered, self.close_connection = False, True

        def _gone(self) -> bool:
            """Whether nobody listens any more."""
            readable, _, _ = select.select([self.connection], [], [], 0)
            try:
                self.close_connection = bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
            except ConnectionError:
                self.close_connection = True
            return self.close_connection

    return Handler


if __name__ == "__main__":
    running = FaultServer(latency=float(sys.argv[1]))
    print(running.url, flush=True)
    sys.stdin.read()  # until whoever started it goes
