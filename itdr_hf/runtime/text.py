"""Clean free text for display: remove markup, mask personal data, cut at the end of a sentence.

Control tokens of chat models (`</s>`, `<|im_end|>`, `[INST]`), which a tokenizer would read as its own anywhere in a
text, get a blank after the opening sign, `< /s>`, so that they are ordinary characters.
"""

from __future__ import annotations

import html
import re

from itdr_hf.runtime.privacy import scrub

_TAG = re.compile(r"<[a-zA-Z/][^<>]{0,200}>")
# Invisible characters, which could make a text look other than it is: zero-width blanks, direction marks, tags.
# Joiners are kept, since some scripts and emoji need them. Both Python and DuckDB use this pattern.
INVISIBLE = "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
CONTROLS = "[\u2028\u2029\\x01-\\x1f\\x7f-\u009f]"
LONG_CONTROLS = "[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\u009f]"  # those that do not occur even in multi-line text
_INVISIBLE = re.compile(INVISIBLE)
_CONTROLS = re.compile(CONTROLS)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# The end of a sentence: punctuation before a blank, or run into the next sentence ("so good.Bought two").
_END = re.compile(r"[.!?…。！？][\"')\]]*\s|(?<=[a-z][a-z])[.!?](?=[A-Z][a-z])")
_SHORTS = ("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Jr", "Sr", "Mt", "vs", "rt", "no", "vol", "pp", "approx", "incl",
           "Co", "Inc", "Ltd", "Corp", "Bros", "etc", "feat", "Vol", "No", "Ave", "Blvd", "min", "max",
           "Sen", "Sens", "Rep", "Reps", "Gov", "Gen", "Col", "Capt", "Lt", "Sgt", "Rev",
           "Jan", "Feb", "Aug", "Sept", "Oct", "Nov", "Dec")  # fmt: skip
_STATES = ("Ala", "Ariz", "Ark", "Calif", "Colo", "Conn", "Del", "Fla", "Ga", "Ill", "Ind", "Kan", "Ky", "La", "Mass", "Md",
           "Mich", "Minn", "Miss", "Mo", "Mont", "Neb", "Nev", "Okla", "Ore", "Pa", "Tenn", "Tex", "Va", "Vt", "Wash",
           "Wis", "Wyo")  # fmt: skip
_SHORT = re.compile(  # abbreviations whose full stop does not end a sentence: initials, "U.S.", "Dr.", "vs."
    rf"(?:(?<![^\W_])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|{'|'.join(_SHORTS)})|(?<=, )(?:{'|'.join(_STATES)}))\.$",
)
_TAILS = frozenset(short[-2:] for short in (*_SHORTS, *_STATES))  # a state only behind a place: "Texarkana, Ark."
MAX_ABBREVIATION = 12  # characters
# A pattern for both Python and DuckDB: the opening sign, then the rest. Any tag-like word matches, as new models bring
# new ones; of bracketed words only known ones do, as [REC] is a film.
CONTROL_TOKEN = (
    r"(<)([/|｜]{0,2}[A-Za-z0-9_][A-Za-z0-9_▁ .:]{0,38}[|｜]?>)|"
    r"(\[)(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|IMG|gMASK|BOS|EOS|PAD|UNK|CLS|SEP|MASK)\])"
)
SEPARATED = r"\1\3 \2\4"  # its replacement

_CONTROL_TOKEN = re.compile(CONTROL_TOKEN)


def show_text(text: str, max_chars: int) -> str:
    """Return plain text of at most `max_chars` characters.

    HTML entities and tags are removed, words separated by one blank, personal data masked, control tokens separated.
    The text is cut at the end of a sentence if one ends in its second half, else at a word. Of a very long text, only
    the beginning that could be shown is read.
    """
    text = text[: 20 * max_chars + 2_000]
    if "&" in text or "<" in text:
        text = _TAG.sub(" ", html.unescape(text))
    if "  " in text or not text.isprintable():  # the plain space is the only printable blank
        text = _BLANK.sub(" ", _INVISIBLE.sub("", text))
    return cut(scrub(separate_tokens(text.strip())), max_chars)


def separate_tokens(text: str) -> str:
    """Return the text with a blank inside each control token of chat models: `</s>` becomes `< /s>`."""
    return _CONTROL_TOKEN.sub(SEPARATED, text) if "<" in text or "[" in text else text


def cut(text: str, max_chars: int) -> str:
    """Return the text, cut to at most `max_chars` characters at the end of a sentence or else of a word."""
    if len(text) <= max_chars:
        return text
    head = text[: max_chars + 1]
    ends = _ends(head)
    if ends and ends[-1] >= max_chars // 2:
        return head[: ends[-1]].rstrip()
    return head[: max_chars - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, in order."""
    starts = [0, *_ends(text)]
    return [s for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if (s := text[a:b].strip())]


def _ends(text: str) -> list[int]:
    """Return the offsets at which the sentences of a text end, each including the blank after it."""
    return [m.end() for m in _END.finditer(text) if not _abbreviated(text, m.start())]


def _abbreviated(text: str, stop: int) -> bool:
    """Return whether the character at `stop` is the full stop of an abbreviation."""
    if text[stop] != ".":
        return False
    tail = text[max(0, stop - 2) : stop]
    if len(tail) == 2 and tail[0].isalnum() and tail not in _TAILS:  # a quick exit for most words
        return False
    return bool(_SHORT.search(text[max(0, stop + 1 - MAX_ABBREVIATION) : stop + 1]))


def join_words(words: list[str], last: str = "and") -> str:
    """Join words as in prose: 'a', 'a and b', 'a, b and c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
