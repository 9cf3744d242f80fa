"""Sentences put together from facts: quoting, choosing what to quote, choosing words, keeping to a length."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itdr_hf.runtime.text import cut, sentences


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEAST_WORDS, MOST_WORDS = 40, 110
MOST_SENTENCES = 4
LAST = 9  # the rank of what only fills a text up
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
BELITTLED = BLAME | _words(  # in a tag, which is no sentence; "too long", "plot holes", "needed more action"
    "cliche cliched crap crappy disappointment dumb forced forgettable holes horrible lame meh mediocre needed nonsense "
    "pointless predictable pretentious ridiculous should stop stupid too unfunny uninteresting unnecessary unrealistic useless"
)
TURNS = _words("not no never without hardly barely lacks lacking nothing isn't wasn't don't doesn't didn't can't won't")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_STOPS = re.compile(r"(?<![.])\.\.(?![.])")
_LETTER = re.compile(r"[^\W\d_]")
_ENDS = (".", "!", "?", "…", "。", "！", "？")
_INNER = str.maketrans({'"': "'", "“": "'", "”": "'", "„": "'"})


class Part(NamedTuple):
    """A sentence, put into words only where there is room, and how much it is wanted: 0 must stand."""

    rank: int
    variants: Sequence[str]
    facts: Mapping[str, str]
    key: Sequence[str]  # what decides between the variants


def quoted(text: str, most: int = LONGEST_QUOTE) -> str:
    """Return a text in quotation marks, cut at a word, with single marks inside and without its full stop."""
    short = _inside(text, most)
    return f"“{short if short.endswith('..') else short.removesuffix('.')}”"


def named(title: str) -> str:
    """Return a title in quotation marks, cut where it is very long."""
    return f"“{_inside(title, LONGEST_TITLE)}”"


def _inside(text: str, most: int) -> str:
    return cut(text.strip().translate(_INNER).strip(), most).strip()


def closed(sentence: str) -> str:
    """Return a sentence with its first letter capital and a mark at its end, one inside a quotation counting."""
    bare = sentence.strip().rstrip("”’'\"")
    ended = bare.endswith(_ENDS)
    return sentence[:1].upper() + sentence[1:] + ("" if ended else ".")


def telling(reviews: Iterable[str], words: frozenset[str], *, side: int = 0) -> str | None:
    """Return the sentence of the reviews that says most: opinion words first, then a length that can be quoted.

    With a `side`, only of those that lean to it, to praise (1) or to blame (-1).
    """
    told = [s for review in reviews for s in sentences(review) if _LETTER.search(s)]
    told = [s for s in told if not side or side * leaning(s) > 0]
    found = [(_worth(s, words), -place, s) for place, s in enumerate(told)]
    return max(found)[2] if found else None


def leaning(sentence: str) -> int:
    """How many more words of praise than of blame a sentence has; a word after a negation counts for the other side."""
    spoken = [word.lower() for word in _SPOKEN.findall(sentence)]
    found = 0
    for place, word in enumerate(spoken):
        if word in TURNS or not (word in PRAISE or word in BLAME):
            continue
        turned = any(before in TURNS or before.endswith(("n't", "n’t")) for before in spoken[max(0, place - 3) : place])
        found += (1 if word in PRAISE else -1) * (-1 if turned else 1)
    return found


def belittles(tag: str) -> bool:
    """Whether a tag finds fault, so that nobody looks for what has it."""
    return not BELITTLED.isdisjoint(word.lower() for word in _SPOKEN.findall(tag))


def _worth(sentence: str, words: frozenset[str]) -> tuple[int, int]:
    spoken = _WORD.findall(sentence)
    quotable = len(sentence.split()) in GOOD_QUOTE and "[" not in sentence
    opinions = sum(map(words.__contains__, map(str.lower, spoken)))
    return (min(opinions, 3) + 2 * quotable, min(len(spoken), 15))


def worded(part: Part) -> str:
    """One of the wordings whose slots the facts fill, decided by the key's md5."""
    place = int.from_bytes(hashlib.md5("\x1f".join(part.key).encode()).digest()[:8], "big")
    text = part.variants[place % len(part.variants)].format_map(part.facts)
    return closed(_STOPS.sub(".", text))  # "… by Making Fun, Inc.."


def fitted(parts: Sequence[Part]) -> str:
    """Return the sentences in order, the most wanted first to find room in MOST_SENTENCES and MOST_WORDS.

    Those of rank LAST only fill a text up to LEAST_WORDS.
    """
    kept: dict[int, str] = {}
    words = 0
    for place, part in sorted(enumerate(parts), key=lambda placed: placed[1].rank):
        if (part.rank and len(kept) >= MOST_SENTENCES) or (part.rank == LAST and words >= LEAST_WORDS):
            continue
        text = worded(part)
        more = len(text.split())
        if not part.rank or words + more <= MOST_WORDS:
            kept[place] = text
            words += more
    return " ".join([kept[place] for place in sorted(kept)])
