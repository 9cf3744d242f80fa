"""References made from the example's own facts: the writer that serves when no teacher does.

Deterministic, short, and nothing in it that the prompt does not say.
"""

from __future__ import annotations

from collections.abc import Sequence

from itdr_hf.records import Source
from itdr_hf.texts import cut, join_words, sentences

NAME = "extractive"


def target_users(title: str, facts: Sequence[tuple[str, str]], reviews: Sequence[str], source: Source) -> str:
    """A few sentences on whom an item suits, from its attributes and a sentence of its reviews."""
    words = source.words
    kinds = [part.strip() for name, value in facts for part in value.split(",")[:3] if len(value) <= 120][:5]
    enjoy = f"who enjoy {join_words(kinds)}" if kinds else f"looking for {words.items} of this kind"
    text = f"{title} can be recommended to users {enjoy}."
    long = next((value for _, value in facts if len(value) > 120), None)
    if long:
        text += f" It will suit those drawn to this: {cut(sentences(long)[0], 160)}"
    if reviews:
        said = max(reviews, key=lambda review: (len(set(review.lower().split())), review))
        text += f" One of its users says: {cut(sentences(said)[0], 160)}"
    return text
