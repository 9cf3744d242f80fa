"""Escape untrusted text for a terminal: characters that would control it, or hide or reorder letters, are spelled out.

Titles, labels, `source.toml`, server responses and file names may contain ANSI sequences, control characters (C0, C1),
bidirectional marks (CVE-2021-42574, "Trojan Source"), zero-width and tag characters, and lone surrogates.
"""

from __future__ import annotations

import re

_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and line feed
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphens and invisible blanks
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero-width, bidirectional, line separators
    r"\ud800-\udfff\U000e0000-\U000e0fff"  # surrogates, tags
)
_IN_TEXT, _IN_LINE = re.compile(f"[{_UNSAFE}]"), re.compile(f"[{_UNSAFE}\n\t]")
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def safe_text(text: str) -> str:
    r"""Return the text with unsafe characters escaped as `\x1b` or `\u202e`; line feeds and tabs are kept."""
    return _IN_TEXT.sub(_spelled, text)


def safe_line(text: str) -> str:
    """Escape as `safe_text` does, and line feeds and tabs too: for a table cell, or a name in a sentence."""
    return _IN_LINE.sub(_spelled, text)


def safe_json(document: str) -> str:
    r"""Return an equivalent JSON document with unsafe characters as `\uXXXX`."""
    return _IN_TEXT.sub(lambda match: _as_utf16(match[0]), document)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in _NAMED:
        return _NAMED[match[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _as_utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
