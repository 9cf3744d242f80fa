"""Sentences put together from facts: quoting, choosing what to quote, choosing words, keeping to a length."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itdr_hf.texts import cut, sentences


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEAST_WORDS, MOST_WORDS = 40, 110
MOST_SENTENCES = 4
LONGEST_TITLE, LONGEST_QUOTE = 70, 150  # characters
GOOD_QUOTE = range(5, 31)  # words
PRAISE = _words(
    "amazing awesome beautiful beautifully best brilliant charming clever delicious delightful enjoy enjoyed enjoyable "
    "excellent fantastic fascinating favorite favourite fun funny glad good gorgeous great gripping happy helpful love "
    "loved lovely masterpiece moving must perfect perfectly recommend recommended solid superb worth wonderful"
)
BLAME = _words(
    "annoying avoid awful bad badly boring broken bug bugs cheap confusing crash crashes disappointed disappointing dull "
    "frustrating hate hated hard however lack lacks lacking lazy mess never nothing overpriced overrated poor poorly "
    "refund repetitive rude shallow slow terrible tedious unfortunately unplayable waste wasted weak worse worst"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_LETTER = re.compile(r"[^\W\d_]")
_ENDS = (".", "!", "?", "…", "。", "！", "？")
_INNER = str.maketrans({'"': "'", "“": "'", "”": "'", "„": "'"})


class Part(NamedTuple):
    """A sentence and how much it is wanted: 0 must stand, higher numbers where there is room."""

    rank: int
    text: str


def quoted(text: str, most: int = LONGEST_QUOTE) -> str:
    """A text in quotation marks, cut at a word, with single marks inside and without its full stop."""
    short = _inside(text, most)
    return f"“{short if short.endswith('..') else short.removesuffix('.')}”"


def named(title: str) -> str:
    """A title in quotation marks, cut where it is very long."""
    return f"“{_inside(title, LONGEST_TITLE)}”"


def _inside(text: str, most: int) -> str:
    return cut(text.strip().translate(_INNER).strip(), most).strip()


def closed(sentence: str) -> str:
    """A sentence with its first letter capital and a mark at its end, one inside a quotation counting."""
    bare = sentence.strip().rstrip("”’'\"")
    ended = bare.endswith(_ENDS)
    return sentence[:1].upper() + sentence[1:] + ("" if ended else ".")


def telling(reviews: Iterable[str], words: frozenset[str]) -> str | None:
    """The sentence of the reviews that says most: opinion words first, then a length that can be quoted."""
    told = [s for review in reviews for s in sentences(review) if _LETTER.search(s)]
    found = [(_worth(s, words), -place, s) for place, s in enumerate(told)]
    return max(found)[2] if found else None


def _worth(sentence: str, words: frozenset[str]) -> tuple[int, int]:
    spoken = _WORD.findall(sentence)
    quotable = len(sentence.split()) in GOOD_QUOTE and "[" not in sentence
    opinions = sum(map(words.__contains__, map(str.lower, spoken)))
    return (min(opinions, 3) + 2 * quotable, min(len(spoken), 15))


def pick(variants: Sequence[str], facts: Mapping[str, str], *key: str) -> str:
    """One of the wordings whose slots the facts fill, decided by the key's md5."""
    place = int.from_bytes(hashlib.md5("\x1f".join(key).encode()).digest()[:8], "big")
    return closed(variants[place % len(variants)].format_map(facts))


def fitted(parts: Sequence[Part]) -> str:
    """The sentences in order, the most wanted first to find room in MOST_SENTENCES and MOST_WORDS.

    Those of rank 9 only fill a text up to LEAST_WORDS.
    """
    kept: list[int] = []
    words = 0
    for place in sorted(range(len(parts)), key=lambda place: parts[place].rank):
        rank, text = parts[place]
        more = len(text.split())
        if rank and (len(kept) >= MOST_SENTENCES or words + more > MOST_WORDS):
            continue
        if rank < 9 or words < LEAST_WORDS:
            kept.append(place)
            words += more
    return " ".join([parts[place].text for place in sorted(kept)])
