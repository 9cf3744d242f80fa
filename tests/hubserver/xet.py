"""Xet without its network: a directory serves as the content store through `local://`.

The released `hf_xet` accepts `local:///dir` as the CAS address. The server needs two things of that store:
which file hash belongs to a sha256 (written in the shards), and the plain bytes for ranged reads.
"""

from __future__ import annotations

import struct
from pathlib import Path

EXPIRY = 4_000_000_000
_RECORD = 48
_VERIFIED, _WITH_SHA = 1 << 31, 1 << 30


def cas_url(cas: Path) -> str:
    return f"local://{cas}"


def file_hashes(cas: Path) -> dict[str, str]:
    """sha256 -> Xet file hash of every file in the store's shards."""
    found: dict[str, str] = {}
    for shard in (cas / "xet" / "xorbs" / "shards").glob("*.mdb"):
        found |= _read_shard(shard.read_bytes())
    return found


def rebuild(cas: Path, file_hash: str, target: Path) -> None:
    """Write the plain bytes of a stored file to `target`, with the client's own library."""
    import hf_xet

    group = hf_xet.XetSession().new_file_download_group(
        endpoint=cas_url(cas), token="unused", token_expiry_unix_secs=EXPIRY
    )
    with group as download:
        download.start_download_file(hf_xet.XetFileInfo(file_hash), str(target))


def _read_shard(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = _RECORD
    while data[at : at + 32] != b"\xff" * 32:
        file_hash = _hex(data[at : at + 32])
        flags, segments = struct.unpack("<II", data[at + 32 : at + 40])
        at += _RECORD * (1 + segments * (2 if flags & _VERIFIED else 1))
        if flags & _WITH_SHA:
            found[_hex(data[at : at + 32])] = file_hash
            at += _RECORD
    return found


def _hex(raw: bytes) -> str:
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", raw))
