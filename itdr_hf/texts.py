"""Free text made fit to show: markup undone, addresses and numbers of people scrubbed, cut at a sentence end."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<[a-zA-Z/][^<>]{0,200}>")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u00a0\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
_END = re.compile(r"[.!?…。！？][\"')\]]*\s")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d{1,4}\)?(?:[ .-]?\(?\d{2,4}\)?){2,4}(?![\w])")


def show_text(text: str, most: int) -> str:
    """Plain text of at most `most` characters: entities and tags undone, one blank between words, people's
    addresses scrubbed, cut at the end of a sentence where there is one in the second half, else at a word."""
    if "&" in text or "<" in text:
        text = _TAG.sub(" ", html.unescape(text))
    return cut(scrub(_BLANK.sub(" ", text).strip()), most)


def scrub(text: str) -> str:
    """E-mail addresses, links and phone numbers replaced by what they are."""
    if "@" in text:
        text = _MAIL.sub("[e-mail]", text)
    if "://" in text or "www." in text:
        text = _LINK.sub("[link]", text)
    return _PHONE.sub(_mask_phone, text) if any(map(str.isdigit, text)) else text


def _mask_phone(match: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, match.group()))
    return "[phone]" if digits >= 9 else match.group()


def cut(text: str, most: int) -> str:
    """The text itself, or its longest beginning of at most `most` characters that ends well."""
    if len(text) <= most:
        return text
    head = text[: most + 1]
    ends = [m.end() for m in _END.finditer(head)]
    if ends and ends[-1] >= most // 2:
        return head[: ends[-1]].rstrip()
    return head[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order."""
    starts = [0, *(m.end() for m in _END.finditer(text))]
    return [s for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if (s := text[a:b].strip())]


def join_words(words: list[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
