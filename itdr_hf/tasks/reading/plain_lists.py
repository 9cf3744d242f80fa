"""Lists without marks: one title a line, perhaps with words before and after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from itdr_hf.tasks.reading.list_lines import Line
from itdr_hf.tasks.reading.titles import TitleIndex

_FIELD = re.compile(
    r"\W{0,3}(?:rank|position|score|year|genres?|category|reason|why|rating|confidence)\b[^:\n]{0,20}[:：]",
    re.IGNORECASE,
)
_SENTENCE_ENDS = ".!?:,：。！？，"
_INTRODUCTION = re.compile(
    r"(?:sure|certainly|of course|okay|ok|here(?:'s|’s| is| are)|based on|below|as requested|"
    r"(?:my|the|final)\s+(?:final\s+|top\s+)?(?:ranking|ranked|answer|list|order|recommendations?|picks?)|"
    r"(?:final\s+)?(?:ranking|ranked list|answer|candidates?|recommendations?|history))\b.*",
    re.IGNORECASE | re.DOTALL,
)


def plain_items(lines: Sequence[Line], index: TitleIndex, past: TitleIndex) -> list[str]:
    """Return the unmarked lines that are items: all of a paragraph that names a title, except words around it."""
    plain = [line for line in lines if line.kind == "plain"]
    known = {line.paragraph for line in plain if _known(line, index)}
    if not known:
        return []
    sizes = Counter(line.paragraph for line in plain)
    spaced = len(known) > 1 and all(sizes[paragraph] == 1 for paragraph in known)
    wordy = {line.paragraph for line in plain if sizes[line.paragraph] == 1 or not like_a_title(line.body)}
    lists = known | (sizes.keys() - wordy) | {line.paragraph for line in plain if past.whole(line.body)}
    return [
        line.body
        for line in plain
        if (line.paragraph in lists and not _words(line)) or (spaced and like_a_title(line.body)) or _known(line, index)
    ]


def like_a_title(text: str) -> bool:
    """Whether an unknown line looks like a title rather than like words around a list."""
    text = text.rstrip("*_ ") or text
    words = text.split()
    return (
        len(words) <= 10
        and not _FIELD.match(text)
        and text[-1] not in _SENTENCE_ENDS
        and not _INTRODUCTION.match(text)
        and not text[0].islower()
    )


def _known(line: Line, index: TitleIndex) -> bool:
    return bool(index.line(line.body))


def _words(line: Line) -> bool:
    """Whether a line within a list is words about it: an introduction, a heading or a sentence."""
    text = line.body.strip()
    sentence = (text[-1] in ".!?" and len(text.split()) > 6) or text[-1] in "。！？"
    return (
        text.rstrip("*_ ").endswith((":", "："))
        or bool(_FIELD.match(text))
        or bool(_INTRODUCTION.fullmatch(text))
        or sentence
    )
