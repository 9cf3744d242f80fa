"""Mask personal data in a text: e-mail addresses, links, handles, phone numbers."""

from __future__ import annotations

import re

MARKS = ("e-mail", "link", "handle", "phone")  # in brackets, these replace what was found


_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|\s?[\[(]\s?at\s?[\])]\s?)[\w-]{1,63}"
    r"(?:(?:\.|\s?[\[(]\s?dot\s?[\])]\s?| dot )[\w-]{2,63}){1,5}",
    re.IGNORECASE,
)


_AT = re.compile(r"at\s?[\])]", re.IGNORECASE)  # an address has this or an @


_SITE = r"\.(?:com|net|org|gg|me|tv|ly|be|co|io|de|uk|fr|ru)/"


_LINK = re.compile(
    r"(?:https?://|www\.)\S*[^\s.,;:!?)\]'\"]|"
    rf"(?<![\w@.])[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,3}}{_SITE}\S*[^\s.,;:!?)\]'\"]"
)


_LINKED = re.compile(rf"//|www\.|{_SITE}")  # every link has one of these


_APPS = ("instagram", "insta", "ig", "snapchat", "twitter", "tiktok", "telegram", "discord", "skype", "whatsapp",
         "gamertag", "psn")  # fmt: skip


_HANDLE = re.compile(
    r"(?<![\w@./])@[A-Za-z_][\w.]{1,28}\w|"
    rf"(?i:\b(?:{'|'.join(_APPS)}) ?[:=] ?)@?[\w.#-]{{3,40}}"
)


_SIGN = re.compile(r"[:=]")


_CUE = r"(?i:\b(?:call|phone|tel|telephone|mobile|cell|whatsapp|text|fax|sms|number)\b[^\d\n+(]{0,25}?)"


_PHONE = re.compile(
    r"(?<![\w.,/-])(?:"
    r"\+\d{1,3}(?:[ ./-]?\(?\d{1,4}\)?){2,5}|"  # +44 (0)20 7946 0018
    r"(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]?\d{4}|"  # (415) 555-0173
    r"0\d(?:[ .]\d{2}){4}|"  # 01 23 45 67 89
    r"\(?0\d{1,4}\)?[ ./-]\d{3,4}[ .-]?\d{3,5}"  # 020 7946 0018, 0761/2034567
    r")(?![\w/-]|[.,]\d)"
)


_CALLED = re.compile(_CUE + r"(\+?\(?\d[\d ().-]{5,18}\d)(?!\w)")


_NUMBER = re.compile(r"\d[\d ()./-]{6}")  # every phone number contains this


def scrub(text: str) -> str:
    """Return the text with e-mail addresses, links, handles and phone numbers replaced by `[e-mail]`, `[link]` and so on."""
    if "@" in text or ((")" in text or "]" in text) and _AT.search(text)):
        text = _MAIL.sub("[e-mail]", text)
    if ("/" in text or "www." in text) and _LINKED.search(text):
        text = _LINK.sub("[link]", text)
    if "@" in text or _follows_an_app(text):
        text = _HANDLE.sub("[handle]", text)
    if _NUMBER.search(text):
        text = _CALLED.sub(_mask_called, _PHONE.sub(_mask_phone, text))
    return text


def _follows_an_app(text: str) -> bool:
    """Return whether ':' or '=' follows an app's name; a quick check, since the full pattern takes ten times as long."""
    if ":" not in text and "=" not in text:
        return False
    before = (text[max(0, sign.start() - 11) : sign.start()].rstrip(" ") for sign in _SIGN.finditer(text))
    return any(not word.isascii() or word.lower().endswith(_APPS) for word in before)


def _mask_phone(match: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, match.group()))
    return "[phone]" if 8 <= digits <= 15 else match.group()


def _mask_called(match: re.Match[str]) -> str:
    """Mask a number after a word such as 'call', where a shorter or unbroken one is a phone number too."""
    digits = sum(map(str.isdigit, match[1]))
    return match.group().replace(match[1], "[phone]") if 7 <= digits <= 13 else match.group()
