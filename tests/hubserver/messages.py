"""Who asks, what is asked, what is answered, and what the log keeps of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubserver.server import Hub

WRITE, READ, OTHER, STRANGER = (
    "hf_writeTOKENxyz",
    "hf_readTOKENxyz",
    "hf_otherTOKENxyz",
    "hf_strangerTOKENxyz",
)


@dataclass(frozen=True, kw_only=True)
class User:
    name: str
    writes: bool
    orgs: tuple[str, ...] = ()

    def belongs(self, repo_id: str) -> bool:
        return repo_id.split("/")[0] in (self.name, *self.orgs)


USERS = {
    WRITE: User(name="ann", writes=True, orgs=("org", "someone")),
    READ: User(name="rae", writes=False, orgs=("org",)),
    OTHER: User(name="oto", writes=True, orgs=("org",)),
    STRANGER: User(name="sam", writes=True),
}


def is_private(asked: dict[str, Any], default: bool) -> bool:
    """How visible a client asks a repository to be: `private` of its 1.0, `visibility` since."""
    private = asked.get("private", default)
    return asked.get("visibility", "private" if private else "public") == "private"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; path segments are split before they are unquoted, as the clients expect."""

    hub: Hub
    method: str
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    user: User | None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A line of the request log; `user` is the token's owner, "?" for a token nobody has, None for none."""

    origin: str
    method: str
    path: str
    query: str
    user: str | None
    fault: str | None


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(
        status=status,
        body=json.dumps(value).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
