"""Bound what an endpoint may send: the size of a body, packed and unpacked, its encoding, and where it redirects.

A hook of the HTTP client that the openai package brings, run before the body is read.
"""

from __future__ import annotations

import zlib
from typing import Any

from itdr_hf.models.endpoint.reply import BadReply

MAX_BODY = 16 * 2**20  # bytes, before and after unpacking; an answer of 4,096 tokens takes 20 kB
PACKED = ("gzip", "x-gzip", "deflate")
KEEPS_THE_BODY = (307, 308)  # redirects that send the same request again


async def bound(response: Any) -> None:
    """Read a response's body within the bounds. Raises BadReply for one outside them."""
    _check_redirect(response)
    body = await _read(response)
    response.stream = type(response)(200, content=body).stream
    for header in ("content-encoding", "content-length", "transfer-encoding"):
        response.headers.pop(header, None)


def _check_redirect(response: Any) -> None:
    """Refuse a redirect: a prompt follows none to another server, nor to an unencrypted address."""
    if not response.has_redirect_location:
        return
    here = response.request.url
    try:
        there = here.join(response.headers["location"])
    except Exception as error:  # an address that the HTTP library cannot read, by an error of its own
        raise BadReply("a redirect to no address", status=response.status_code, final=True) from error
    same = (there.host, there.port) == (here.host, here.port) and there.scheme in (here.scheme, "https")
    if not same or response.status_code not in KEEPS_THE_BODY:
        address = f"{there.scheme}://{there.netloc.decode('ascii', 'replace')}{there.path}"
        raise BadReply(f"a redirect to {address}, which is not followed", status=response.status_code, final=True)


async def _read(response: Any) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding != "identity" and encoding not in PACKED:
        raise BadReply(f"a body in the encoding {encoding[:40]!r}, which was not asked for")
    unpack = None if encoding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    parts, came, size = [], 0, 0
    try:
        async for chunk in response.stream:
            came += len(chunk)
            part = unpack.decompress(chunk, MAX_BODY - size + 1) if unpack else chunk
            size += len(part)
            if max(came, size) > MAX_BODY or (unpack and unpack.unconsumed_tail):
                raise BadReply(f"a body of more than {MAX_BODY // 2**20} MiB")
            parts.append(part)
    except zlib.error as error:
        raise BadReply(f"a body that is not {encoding}") from error
    finally:
        await response.stream.aclose()
    return b"".join(parts)
