"""A loopback file server that ranges, redirects, breaks off, lies about lengths, corrupts and refuses on demand."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """`files` by path; `faults` are taken one a request, in order; `log` has the Range of each request or ''."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    ranges: bool = True
    etags: bool = True
    conditions: bool = True  # whether If-Range is heeded
    url: str = ""
    sent: int = 0  # bytes of bodies


class Handler(BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        state = self.server_state
        state.log.append((self.path, self.headers.get("Range", "")))
        kind, *how = state.faults.pop(0) if state.faults else ("none",)
        body = state.files.get(self.path)
        if kind == "status":
            return self._plain(how[0], how[1] if len(how) > 1 else {})
        if kind == "redirect":
            return self._plain(302, {"Location": how[0]})
        if kind == "page":
            return self._plain(200, {"Content-Type": "text/html"}, b"<html>log in</html>")
        if kind == "stall":
            time.sleep(how[0])
            return self._cut()
        if body is None:
            return self._plain(404, {})
        self._file(body, kind, how)

    def do_HEAD(self) -> None:
        """As a GET without its body."""
        body = self.server_state.files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()

    def _file(self, body: bytes, kind: str, how: list) -> None:
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        begin, headers = 0, {"ETag": etag} if self.server_state.etags else {}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, etag) or not self.server_state.conditions
        if wanted and self.server_state.ranges and same:
            begin = int(wanted[1])
            if begin >= len(body):
                return self._plain(416, {"Content-Range": f"bytes */{len(body)}"})
            shown = begin + 1 if kind == "wrong range" else begin
            headers["Content-Range"] = f"bytes {shown}-{len(body) - 1}/{len(body)}"
        content = body[begin:]
        if kind == "corrupt":
            content = content[: how[0]] + bytes([content[how[0]] ^ 1]) + content[how[0] + 1 :]
        length = len(content) + (how[0] if kind == "announce" else 0)
        self.send_response(206 if "Content-Range" in headers else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if kind in ("endless", "drip"):  # no length, no end: fast, or a few bytes at a time
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with suppress(OSError):  # the client has had enough
                while True:
                    piece = content if kind == "endless" else content[:3]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    time.sleep(0.0 if kind == "endless" else 0.01)
            self.close_connection = True
            return
        if kind == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            return self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)) and None
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if kind in ("reset", "drop"):
            content = content[: how[0]]
        self.server_state.sent += len(content)
        for start in range(0, len(content), 65536):
            self.wfile.write(content[start : start + 65536])
            if kind == "slow":
                time.sleep(how[0])
        if kind == "reset":
            self._cut()
        elif kind in ("drop", "announce"):
            self.close_connection = True

    def _plain(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        """End the connection by RST."""
        self.wfile.flush()
        time.sleep(0.05)  # what was written is read first
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


@contextmanager
def serving(**files: bytes) -> Iterator[Server]:
    state = Server(files={f"/{name}": body for name, body in files.items()})
    handler = type("Bound", (Handler,), {"server_state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
