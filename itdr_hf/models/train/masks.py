"""What a model would be trained on, counted: tokens of each answered turn, and what is wrong with rows.

Trainers mask by marks in chat templates or by prefixes, and get it wrong without a word: rows without a trained token,
answers cut at the end, no token that ends an answer, two tokens that begin a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.train.turns import Piece


@dataclass(kw_only=True)
class MaskCounts:
    """Rows as tokens, counted one by one; `tokens` holds for each answered turn the trained tokens of every row.

    all_masked: no token is trained. cut: longer than the room, so that a trainer loses a part. answer_cut: so long that
    cutting the end loses a part of an answer. no_end: a trained answer without a token that ends it. double_begin: two
    tokens that begin a text.
    """

    rows: int = 0
    tokens: list[list[int]] = field(default_factory=list, repr=False)
    all_masked: int = 0
    cut: int = 0
    answer_cut: int = 0
    no_end: int = 0
    double_begin: int = 0
    first: dict[str, str] = field(default_factory=dict)  # fault -> the first row that has it

    def add(self, name: str, pieces: Sequence[Piece], tokenizer: Any, most: int) -> None:
        """Count a row, of at most `most` tokens when trained."""
        self.rows += 1
        trained = [piece.tokens for piece in pieces if piece.loss]
        for turn, tokens in enumerate(trained):
            while len(self.tokens) <= turn:
                self.tokens.append([])
            self.tokens[turn].append(len(tokens))
        ids = [token for piece in pieces for token in piece.tokens]
        begin, ends = getattr(tokenizer, "bos_token_id", None), set(tokenizer.all_special_ids)
        found = {
            "all_masked": not any(trained),
            "cut": len(ids) > most,
            "answer_cut": len(ids) > most and bool(pieces) and pieces[-1].loss,
            "no_end": any(not tokens or tokens[-1] not in ends for tokens in trained),
            "double_begin": begin is not None and ids[:2] == [begin, begin],
        }
        for fault, true in found.items():
            if true:
                setattr(self, fault, getattr(self, fault) + 1)
                self.first.setdefault(fault, name)

    @property
    def facts(self) -> dict[str, Any]:
        """What recipe.json keeps: the counts, and fewest, mean and most trained tokens of each answered turn."""
        counts = {name: getattr(self, name) for name in FAULTS}
        turns = [[min(one), round(sum(one) / len(one), 1), max(one)] for one in self.tokens]
        return {"rows": self.rows, "turns": turns, **counts}

    @property
    def faults(self) -> list[str]:
        """What is wrong, a sentence each."""
        return [
            f"{count:,} of {self.rows:,} rows {said}, {self.first[name]} first"
            for name, said in FAULTS.items()
            if (count := getattr(self, name))
        ]

    def sentence(self) -> str:
        """Return rows and trained tokens in one line, and a line for each fault."""
        turns = [
            f"turn {place}: {min(one):,} to {max(one):,}, mean {sum(one) / len(one):.1f}"
            for place, one in enumerate(self.tokens, 1)
        ]
        return "\n".join([f"{self.rows:,} rows, trained tokens {'; '.join(turns) or 'none'}", *self.faults])

    def refuse(self) -> None:
        """Raise UsageError for rows that train nothing, or that begin twice: no setting makes sense of them."""
        for name in ("all_masked", "double_begin"):
            if getattr(self, name):
                raise UsageError(
                    f"{getattr(self, name):,} of {self.rows:,} rows {FAULTS[name]}, {self.first[name]} first; want none; "
                    f"{WHAT_TO_DO[name]}"
                )


FAULTS: Mapping[str, str] = {
    "all_masked": "have no token to train on",
    "cut": "are longer than the room and would be cut",
    "answer_cut": "would lose a part of their answer if cut at the end",
    "no_end": "have an answer without a token that ends it",
    "double_begin": "begin with two tokens that begin a text",
}
WHAT_TO_DO = {
    "all_masked": "check the `loss` flags of the rows, or choose other configs",
    "double_begin": "take the token out of the chat template, or do not have it added",
}
