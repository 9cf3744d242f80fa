"""One connection: reads a request, lets a fault have its way, routes it, writes the reply."""

from __future__ import annotations

import socket
import struct
import traceback
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from hubserver import routes
from hubserver.faults import Fault
from hubserver.messages import USERS, Logged, Reply, Request, json_reply
from hubserver.storage import Refused, flipped

if TYPE_CHECKING:
    from hubserver.server import Hub


class Handler(BaseHTTPRequestHandler):
    """Bound to a hub and to one of its two origins by a subclass."""

    hub: Hub
    origin: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Nothing on stderr: the hub keeps its own log."""

    def _serve(self) -> None:
        split = urlsplit(self.path)
        fault = self.hub.faults.take(self.command, unquote(split.path))
        self.hub.log.append(
            Logged(
                origin=self.origin,
                method=self.command,
                path=unquote(split.path),
                query=split.query,
                user=self._user_name(),
                fault=fault.kind if fault else None,
            )
        )
        if fault and fault.kind == "reset":
            return self._reset()
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return None
        if fault and fault.kind == "corrupt" and self.command == "PUT":
            body, fault = flipped(body), None
        if fault and fault.kind in ("drop", "stall"):
            self.hub.closing.wait(fault.seconds if fault.kind == "stall" else 0)
            self.close_connection = True
            return None
        if fault and fault.action:
            fault.action()
        if fault and fault.kind == "status":
            reply = Reply(
                status=fault.status,
                body=fault.body,
                headers={"Content-Type": "application/json", **fault.headers},
            )
        else:
            reply = self._answer(split.path, split.query, body)
        return self._send(reply, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _answer(self, path: str, query: str, body: bytes) -> Reply:
        flat = {name: values[-1] for name, values in parse_qs(query).items()}
        request = Request(
            hub=self.hub,
            method=self.command,
            query=flat,
            body=body,
            parts=tuple(unquote(part) for part in path.strip("/").split("/")),
            headers={name.lower(): value for name, value in self.headers.items()},
            user=USERS.get(self._token() or ""),
        )
        try:
            if self.origin == "storage":
                return routes.serve_storage(request, path)
            if self._token() and request.user is None:
                raise Refused(401, "Invalid credentials in Authorization header")
            return routes.serve_hub(request)
        except Refused as refused:
            return _refusal(refused)
        except Exception:
            self.hub.unknown.append(f"{self.command} {self.path}\n{traceback.format_exc()}")
            return json_reply({"error": "the stand-in failed"}, 501)

    def _token(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    def _user_name(self) -> str | None:
        token = self._token()
        if token and self.origin == "storage":
            self.hub.leaks.append(f"{self.command} {self.path}")
        return (USERS[token].name if token in USERS else "?") if token else None

    def _read_body(self) -> bytes | None:
        """Return the body; None if the client was gone before it had sent all of it."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size)
            return body if len(body) == size else None
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _send(self, reply: Reply, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if kind == "lose reply":
            self.close_connection = True
            return
        body = flipped(reply.body) if kind == "corrupt" else reply.body
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if kind in ("cut body", "reset body") else body)
        self.wfile.flush()
        if kind == "cut body":
            self.close_connection = True
        elif kind == "reset body":
            self._reset()

    def _reset(self) -> None:
        """Close by RST: what the client has not read yet is lost to it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RD)


def _refusal(refused: Refused) -> Reply:
    headers = {"X-Error-Message": refused.message}
    if refused.code:
        headers["X-Error-Code"] = refused.code
    if refused.commit:
        headers["X-Repo-Commit"] = refused.commit
    return json_reply({"error": refused.message, **refused.extra}, refused.status, **headers)
