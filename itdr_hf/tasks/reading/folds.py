"""Forms under which titles and labels are compared, from the strictest to the loosest."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

OUTER = "\"'*_`~“”‘’«»‹›「」『』《》 \t"  # what may stand around a title
_QUOTES = dict.fromkeys(map(ord, "‘’‚‛′´ʼ`＇"), "'") | dict.fromkeys(map(ord, "“”„‟″«»＂"), '"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_INVISIBLE = dict.fromkeys([0xFEFF, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x00AD, 0xFE0F])
_DIGITS = {first + value: str(value) for first in (0x660, 0x6F0, 0x966, 0x9E6) for value in range(10)} | {0x66B: "."}
_TYPOGRAPHY: dict[int, str | None] = {**_QUOTES, **_DASHES, **_INVISIBLE, **_DIGITS}
_CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"\\([^\w\s])")
_STOP = re.compile(r"[.,;:]+$")
_SYMBOLS = re.compile(r"[!-/:-@\[-`{-~\u00a1\u00b7\u00bf\u2010-\u205e\u2190-\u2bff\u3001-\u303f\U0001f000-\U0001faff]+")
_ACCENT = re.compile(r"[\u0300-\u036f]+")
_ARTICLES = "the|a|an|le|la|les|l'|un|une|el|los|las|der|die|das|il|lo|gli|het|de"
_MOVED = re.compile(rf", (?:{_ARTICLES})(?= ?[(\[:]| - |$)")
_FRONTED = re.compile(rf"^(.{{1,300}}), ({_ARTICLES})(?= ?[(\[:]| - |$)(.*)$", re.IGNORECASE | re.DOTALL)
_LEADING = re.compile(r"^(?:the|a|an) (?=\S)")
_YEAR = r"(?:1[89]|20)\d\d"
YEAR = re.compile(rf"\s*(?:[(\[](?:TV[^()]{{0,12}}\s|film,?\s)?{_YEAR}(?:\s?[-–]\s?(?:{_YEAR})?)?[)\]])\s*$", re.I)
_BEGUN_YEAR = re.compile(r"\s*[(\[][12]\d{0,3}(?:\s?[-–]\s?\d{0,3})?$")
_PARENTHESES = re.compile(r"\s*[(\[][^()\[\]]{0,200}[)\]]\s*$")
_AKA = re.compile(r"^\s*a\.?k\.?a\.?:?\s+", re.IGNORECASE)
_SUBTITLE = re.compile(r"\s*(?::\s|\s[-–—]\s|\s\|\s|\s/\s|\s?\().*$", re.DOTALL)


def norm(text: str) -> str:
    """Fold case, blanks and composed letters, as the tables' `norm` does."""
    text = text if text.isascii() else unicodedata.normalize("NFC", text)  # as one types it, however it was written
    return " ".join(text.lower().split())


def typographic(text: str) -> str:
    """Fold Unicode forms, entities, escapes, quotes, dashes and what stands around a title."""
    return norm(strip_outer(plain_characters(text)).casefold())


def plain_characters(text: str) -> str:
    """Write entities and escapes out, and every quote, dash and compatibility character in its plain form."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", _CODE.sub(lambda code: chr(int(code[1], 16)), text))
    if text.isascii():
        return text.translate(_TYPOGRAPHY) if "`" in text else text
    return unicodedata.normalize("NFKC", text.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)


def strip_outer(text: str) -> str:
    """Remove quotes, emphasis and closing commas around a text."""
    return _STOP.sub("", text.strip(OUTER)).strip(OUTER)


def bare(text: str) -> str:
    """Fold accents, punctuation, '&' and articles away as well; '' where nothing is left."""
    text = _MOVED.sub("", typographic(text)).replace("&", " and ")
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))
    text = " ".join(_SYMBOLS.sub(" ", text.replace("'", "")).split())
    return _LEADING.sub("", text)


def fronted(title: str) -> str:
    """Put an article that was moved behind a title back in front: 'Dolce Vita, La (1960)'."""
    found = _FRONTED.match(title) if ", " in title else None
    if not found:
        return title
    return f"{found[2]}{'' if found[2].endswith(chr(39)) else ' '}{found[1]}{found[3]}"


def year_of(text: str) -> str:
    """Return the first year of the brackets at the end of a title; '' where there are none."""
    found = YEAR.search(text)
    return re.findall(r"\d{4}", found.group())[0] if found else ""


def without_year(text: str) -> str:
    """Remove a year in brackets from the end of a title."""
    return YEAR.sub("", text)


def without_begun_year(text: str) -> str:
    """Remove a year that was begun and cut off from the end of a title: of 'Heat (19' too only 'Heat' is left."""
    return _BEGUN_YEAR.sub("", text)


def shortened(title: str) -> Iterator[str]:
    """Give a title without its subtitle, its last brackets, or its first bracketed remark."""
    title = without_year(title)
    while _PARENTHESES.search(title):
        title = _PARENTHESES.sub("", title)
        yield title
    while (short := title[: found.start()] if (found := _last_subtitle(title)) else "") and short != title:
        yield (title := short)


def other_names(title: str) -> Iterator[str]:
    """Give what a title holds that people call it by: its subtitle, and another name in brackets ('a.k.a. Se7en')."""
    title = without_year(title)
    for bracket in re.findall(r"[(\[]([^()\[\]]{1,200})[)\]]", title):
        name = _AKA.sub("", bracket)
        if name != bracket or " " in name:
            yield name
    first, *rest = re.split(r":\s|\s[-–—]\s", _PARENTHESES.sub("", title))
    yield from (name for name in rest[-1:] if " " in name.strip())
    yield from (f"{first}: {name}" for name in rest[-1:] if len(rest) > 1)


def _last_subtitle(title: str) -> re.Match[str] | None:
    """Find the last place where a subtitle may begin."""
    found = None
    for start in re.finditer(r":\s|\s[-–—|/]\s|\s\(", title):
        found = _SUBTITLE.match(title, start.start()) or found
    return found
