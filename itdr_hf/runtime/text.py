"""Free text made fit to show: markup undone, addresses and numbers of people scrubbed, cut at a sentence end.

And control tokens of chat models (`</s>`, `<|im_end|>`, `[INST]`), which a tokenizer would take for its own wherever
they stand: set apart by a blank, `< /s>`, so that they are letters again.
"""

from __future__ import annotations

import html
import re

from itdr_hf.runtime.privacy import scrub

_TAG = re.compile(r"<[a-zA-Z/][^<>]{0,200}>")
# Characters that are not seen, by which a text could be made to look other than it is: zero-width blanks, marks of
# direction, tags. Joiners stay: letters of some scripts, and emoji, are written with them. Python and DuckDB read it.
INVISIBLE = "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
CONTROLS = "[\u2028\u2029\\x01-\\x1f\\x7f-\u009f]"
LONG_CONTROLS = "[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\u009f]"  # of them those that no text of several lines holds
_INVISIBLE = re.compile(INVISIBLE)
_CONTROLS = re.compile(CONTROLS)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# The end of a sentence: a mark before a blank, or one that runs into the next sentence ("so good.Bought two").
_END = re.compile(r"[.!?…。！？][\"')\]]*\s|(?<=[a-z][a-z])[.!?](?=[A-Z][a-z])")
_SHORTS = ("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Jr", "Sr", "Mt", "vs", "rt", "no", "vol", "pp", "approx", "incl",
           "Co", "Inc", "Ltd", "Corp", "Bros", "etc", "feat", "Vol", "No", "Ave", "Blvd",           "min", "max")  # fmt: skip
_SHORT = re.compile(  # what a stop ends that no sentence ends with: initials, "U.S.", titles of people, "vs."
    rf"(?<![^\W_])(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|{'|'.join(_SHORTS)})\.$",
)
_TAILS = frozenset(short[-2:] for short in _SHORTS)
LONGEST_SHORT = 12  # characters that are looked at for it
# Both as Python and as DuckDB read it: the opening sign, then the rest. Any tag-like word, for new models have new ones;
# of words in brackets only those known, for [REC] is a film.
CONTROL_TOKEN = (
    r"(<)([/|｜]{0,2}[A-Za-z0-9_][A-Za-z0-9_▁ .:]{0,38}[|｜]?>)|"
    r"(\[)(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|IMG|gMASK|BOS|EOS|PAD|UNK|CLS|SEP|MASK)\])"
)
APART = r"\1\3 \2\4"  # what stands for it

_CONTROL_TOKEN = re.compile(CONTROL_TOKEN)


def show_text(text: str, most: int) -> str:
    """Plain text of at most `most` characters: entities and tags undone, one blank between words, people's
    addresses scrubbed, control tokens set apart, cut at the end of a sentence where there is one in the second half,
    else at a word. A text of megabytes is read only as far as it could be shown."""
    text = text[: 20 * most + 2_000]
    if "&" in text or "<" in text:
        text = _TAG.sub(" ", html.unescape(text))
    if "  " in text or not text.isprintable():  # of blanks, only that between words is printable
        text = _BLANK.sub(" ", _INVISIBLE.sub("", text))
    return cut(scrub(apart(text.strip())), most)


def apart(text: str) -> str:
    """Control tokens of chat models set apart by a blank."""
    return _CONTROL_TOKEN.sub(APART, text) if "<" in text or "[" in text else text


def cut(text: str, most: int) -> str:
    """Return the text itself, or its longest beginning of at most `most` characters that ends well."""
    if len(text) <= most:
        return text
    head = text[: most + 1]
    ends = _ends(head)
    if ends and ends[-1] >= most // 2:
        return head[: ends[-1]].rstrip()
    return head[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, in order."""
    starts = [0, *_ends(text)]
    return [s for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if (s := text[a:b].strip())]


def _ends(text: str) -> list[int]:
    """Where the sentences of a text end, the blank behind each included."""
    return [m.end() for m in _END.finditer(text) if not _abbreviated(text, m.start())]


def _abbreviated(text: str, stop: int) -> bool:
    """Whether the mark at this place is the stop of something short."""
    if text[stop] != ".":
        return False
    tail = text[max(0, stop - 2) : stop]
    if len(tail) == 2 and tail[0].isalnum() and tail not in _TAILS:  # most words: not looked at more closely
        return False
    return bool(_SHORT.search(text[max(0, stop + 1 - LONGEST_SHORT) : stop + 1]))


def join_words(words: list[str], last: str = "and") -> str:
    """Join words as people write them: 'a', 'a and b', 'a, b and c'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
