"""Text of others made fit for a terminal: what would steer it, or hide or reorder letters, is spelled out instead.

Titles, labels, `source.toml`, a server's words and file names may hold ANSI sequences, control characters (C0, C1),
bidirectional marks (CVE-2021-42574, "Trojan Source"), zero-width and tag characters, and halves of surrogate pairs.
"""

from __future__ import annotations

import re

_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control, but for tab and line feed
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphens and blanks of no width
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero-width, bidirectional, line separators
    r"\ud800-\udfff\U000e0000-\U000e0fff"  # surrogates, tags
)
_IN_TEXT, _IN_LINE = re.compile(f"[{_UNSAFE}]"), re.compile(f"[{_UNSAFE}\n\t]")
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def safe_text(text: str) -> str:
    r"""Return the text with unsafe characters spelled `\x1b` or `\u202e`; lines and tabs stay."""
    return _IN_TEXT.sub(_spelled, text)


def safe_line(text: str) -> str:
    """Return the text as `safe_text` does, in one line: for a cell of a table, or a name in a sentence."""
    return _IN_LINE.sub(_spelled, text)


def safe_json(document: str) -> str:
    r"""Return a JSON document that means the same, with unsafe characters as `\uXXXX`."""
    return _IN_TEXT.sub(lambda match: _as_utf16(match[0]), document)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in _NAMED:
        return _NAMED[match[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _as_utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
