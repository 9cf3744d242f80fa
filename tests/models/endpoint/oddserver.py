"""A loopback server that sends whatever bytes it is given."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

from odd_replies import chat, http

PROSE = (
    "The people who are most likely to welcome this are those who have enjoyed things of the same kind, and they "
    "will find in it what they like about them. It should also be shown to users who look for something that is "
    "not too far from their habits, but would be new to them. The subject in question: "
)


def good(prompt: str) -> str:
    """A text that may become a reference."""
    return PROSE + " ".join(prompt.split()[:40]) + "."


class OddServer(socketserver.ThreadingTCPServer):
    """Answers each request by `reply(body, text)`, where `text` would be a good answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply: Callable[[dict[str, Any], str], bytes] = lambda body, text: http(json.dumps(chat(text)))
        self.dribble = 0.0  # seconds between two bytes of a reply
        self.bodies: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    server: OddServer

    def handle(self) -> None:
        """Serve one request, then hang up: so that odd bytes end where they end."""
        length = 0
        while (line := self.rfile.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        body = json.loads(self.rfile.read(length) or b"{}")
        self.server.bodies.append(body)
        prompt = body["messages"][-1]["content"] if "messages" in body else body.get("prompt", "")
        reply = self.server.reply(body, good(prompt))
        size = 1 if self.server.dribble else max(1, len(reply))
        try:
            for start in range(0, len(reply), size):
                self.wfile.write(reply[start : start + size])
                time.sleep(self.server.dribble)
        except ConnectionError:
            return  # a client that had seen enough
