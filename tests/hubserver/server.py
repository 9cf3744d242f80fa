"""A stand-in for the Hugging Face Hub on loopback, for unmodified `huggingface_hub` and `datasets`.

It proves what the clients do and what we make of it, not what the hosted Hub does. Two origins are served:
the endpoint, and a storage origin on another port, where large files lie behind signed addresses and a
bearer token must never arrive. A request nobody foresaw is answered 501, which no client retries, and is
recorded in `unknown`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from hubserver.faults import Faults
from hubserver.handler import Handler
from hubserver.messages import Logged
from hubserver.storage import Storage


class Hub:
    """The running server: `url` for HF_ENDPOINT, `storage`, `faults`, `log`, `unknown` and `leaks`."""

    def __init__(
        self,
        root: Path,
        *,
        uses_xet: bool = False,
        page_size: int = 1000,
        multipart_above: int = 1 << 40,
        port: int = 0,
    ) -> None:
        self.storage, self.faults = Storage(root), Faults()
        self.uses_xet, self.page_size, self.multipart_above = uses_xet, page_size, multipart_above
        self.log: list[Logged] = []
        self.unknown: list[str] = []
        self.leaks: list[str] = []
        self.closing = threading.Event()
        self._servers = {"hub": self._listen("hub", port), "storage": self._listen("storage")}
        self.url, self.storage_url = (f"http://127.0.0.1:{server.server_port}" for server in self._servers.values())

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def signed(self, path: str) -> str:
        """An address on the storage origin that carries its own right of access."""
        return f"{self.storage_url}{path}?signature={self.signature(path)}"

    def signature(self, path: str) -> str:
        return hmac.new(b"stand-in", path.encode(), hashlib.sha256).hexdigest()

    def requests(self, method: str = "", path: str = "") -> list[Logged]:
        """The logged requests of this method whose path matches the pattern."""
        return [line for line in self.log if method in ("", line.method) and re.search(path, line.path)]

    def _listen(self, origin: str, port: int = 0) -> ThreadingHTTPServer:
        handler = type("Handler", (Handler,), {"hub": self, "origin": origin})
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server
