"""From a dataset folder to tokens: which examples, how often, and what of them carries the loss.

The prompt is tokenised by the function that prediction uses, the answer behind it ends in the end-of-text token,
and only the answer carries the loss. Nothing is left out: what is too long is an error, or counted and cut.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.pretrained import unknown_token
from itdr_hf.models.provenance import tokenizer_facts
from itdr_hf.models.train.masks import MaskCounts
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.turns import Piece, conversation_pieces
from itdr_hf.prompts import rendered, through_template, to_messages, token_ids
from itdr_hf.records import Shape
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.tasks.templates import HELD_OUT, MIXED, template_text

COLUMNS = ("id", "subtask", "source", "domain", "instruction", "input", "output")
IGNORED = -100  # the label of a token without loss
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Examples as tokens, and what was counted on the way: examples of each cell, cut ones, the longest.

    `unknown` counts tokens that stand for a character which the tokenizer does not have.
    """

    input_ids: list[list[int]] = field(repr=False)
    labels: list[list[int]] = field(repr=False)
    cells: Mapping[str, int]
    cut: int
    longest: int
    turns: int = 0  # answers that the loss falls on: one of an instruction, of a conversation as flagged
    unknown: int = 0
    masks: MaskCounts = field(default_factory=MaskCounts, repr=False)

    @property
    def tokens(self) -> int:
        return sum(map(len, self.input_ids))

    @property
    def summary(self) -> str:
        """The examples in one line."""
        size = f"{len(self.input_ids):,} examples, {self.tokens:,} tokens"
        size += f", longest {self.longest}, cut {self.cut}"
        return size + (f", unknown to the tokenizer {self.unknown:,}" if self.unknown else "")

    @property
    def facts(self) -> dict[str, Any]:
        """What recipe.json keeps of it."""
        trained = sum(label != IGNORED for row in self.labels for label in row)
        counts = {
            "examples": len(self.input_ids),
            "cells": dict(self.cells),
            "tokens": self.tokens,
            "turns": self.turns,
        }
        sizes = {"answer_tokens": trained, "longest": self.longest, "cut": self.cut, "unknown": self.unknown}
        return {**counts, **sizes, "masks": self.masks.facts}


def dataset_facts(folder: Dataset | Path, recipe: TrainRecipe) -> dict[str, Any]:
    """Return the dataset's version and the content hash of each cell in the mix.

    Raises UsageError when a file is not the one the ledger lists.
    """
    dataset = opened(folder)
    cells = {}
    for name in dataset.select(recipe.configs, "train"):
        cell = dataset.cells.get(name)
        if cell is None:
            raise UsageError(
                f"{dataset.folder}: {name} is not in its ledger.json; want a folder of `itdr build`; build it again"
            )
        _check_files(dataset.folder, cell)
        cells[name] = {"content": cell.content, "simulated": cell.simulated}
    content = hashlib.sha256("".join(f"{name}:{cell['content']}" for name, cell in cells.items()).encode())
    return {
        "name": dataset.ledger.family,
        "version": dataset.version,
        "content": content.hexdigest(),
        "simulated": any(cell["simulated"] for cell in cells.values()),
        "cells": cells,
    }


def prompt_facts(
    folder: Dataset | Path, cells: Sequence[str], tokenizer: Any, *, split: str = "train"
) -> dict[str, Any]:
    """Return the form of the prompts, chat or plain, a hash of all that decides them, and the tokenizer's own hashes.

    `cells` of the result has the same hash for each cell alone. A split whose rows have no task description, as in the
    experiment without them, has other prompts than one with it.
    """
    dataset, words = opened(folder), {}
    for name in cells:
        cell, used = dataset.cell(name), dataset.cells[name].recipe["template"]
        chosen = [t for t in cell.task.templates if t != HELD_OUT] if used == MIXED else [used]
        described = cell.task.description if _has_descriptions(dataset, name, split) else ""
        words[name] = [described, *(template_text(cell, template) for template in chosen)]
    template = tokenizer.chat_template
    alone = {name: _hash_of([told, template]) for name, told in words.items()}
    return {**tokenizer_facts(tokenizer), "hash": _hash_of([words, template]), "cells": alone}


def _has_descriptions(dataset: Dataset, name: str, split: str) -> bool:
    """Return whether any row of a split has its task description; rows of other shapes than instructions do."""
    if not dataset.shape_of(name).instructs or not dataset.has(name, split):
        return True
    return any(row["instruction"] for row in dataset.rows(name, split, ("instruction",)))


def _hash_of(known: Any) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def count_masks(mix: Mapping[str, Sequence[Row]], tokenizer: Any, most: int) -> MaskCounts:
    """Return what of the rows would be trained on with a tokenizer, each having room for `most` tokens."""
    counts = MaskCounts()
    for name, rows in mix.items():
        for row in rows:
            counts.add(row["id"], _pieces(name, row, tokenizer), tokenizer, most)
    return counts


def mixed_rows(
    folder: Dataset | Path, split: str, recipe: TrainRecipe, more: Sequence[str] = ()
) -> dict[str, list[Row]]:
    """Config -> its rows in one epoch, by limit and weight: a weight of 0.5 is a fixed half, of 2 all twice.

    `more` are columns of instructions that are read besides the usual ones.

    Raises UsageError for a missing column, or a weight of a config that is not in the mix.
    """
    dataset = opened(folder)
    cells = dataset.select(recipe.configs, split)
    weights = dict.fromkeys(cells, 1.0)
    for pattern, weight in recipe.weights.items() if split == "train" else ():  # of a cell that has no other split
        named = [name for name in dataset.catalogue.select([pattern], dataset.ledger.family) if name in weights]
        if not named:
            raise UsageError(f"weight of {pattern}: none of the mix; want one of {', '.join(cells)}; change the weight")
        weights |= dict.fromkeys(named, weight)
    limit = recipe.limit if split == "train" else recipe.eval_limit
    mix = {}
    for name in cells:
        rows: Iterator[Row] = dataset.rows(name, split, trained_columns(dataset.shape_of(name), more))
        chosen = sorted(rows, key=lambda row: _place(row, recipe.seed))[:limit]
        mix[name] = list(_repeated(chosen, weights[name])) if split == "train" else chosen
    if not any(mix.values()):
        raise UsageError(f"{dataset.folder}: no {split} example left by limit and weights; want some; change them")
    return mix


def trained_columns(shape: Shape, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that training and exports read: of an instruction these and `more`, of another shape all."""
    return (*COLUMNS, *more) if shape.instructs else shape.names


def encode(mix: Mapping[str, Sequence[Row]], tokenizer: Any, recipe: TrainRecipe, room: int) -> Encoded:
    """Tokens of all rows; `room` is the length the model takes, at most `max_length` is used of it.

    Raises UsageError, saying how many and which, when examples are longer and may not be cut.
    """
    most = min(recipe.max_length, room)
    made = Encoded(input_ids=[], labels=[], cells={n: len(rows) for n, rows in mix.items()}, cut=0, longest=0)
    over: list[tuple[int, str]] = []
    longest = turns = unknown = 0
    missing, masks = unknown_token(tokenizer), MaskCounts()
    for name, rows in mix.items():
        for row in rows:
            pieces = _pieces(name, row, tokenizer)
            masks.add(row["id"], pieces, tokenizer, most)
            length = sum(len(piece.tokens) for piece in pieces)
            longest = max(longest, length)
            unknown += sum(token == missing for piece in pieces for token in piece.tokens)
            if length > most:
                over.append((length, row["id"]))
                pieces[0] = _shortened(pieces[0], length - most, f"{name} {row['id']}", length, most)
            made.input_ids.append([token for piece in pieces for token in piece.tokens])
            made.labels.append([token if piece.loss else IGNORED for piece in pieces for token in piece.tokens])
            turns += sum(piece.loss for piece in pieces)
    if over and not recipe.allow_cut:
        raise UsageError(too_long(over, len(made.input_ids), most, room))
    _check_turns(mix, made.labels, turns)
    masks.refuse()
    return replace(made, cut=len(over), longest=longest, turns=turns, unknown=unknown, masks=masks)


def _pieces(name: str, row: Row, tokenizer: Any) -> list[Piece]:
    """Return what of a row is asked and what is answered, in turn."""
    if "messages" in row:
        return conversation_pieces(row, tokenizer)
    if "chosen" in row:
        raise UsageError(
            f"{name}: pairs of a better and a worse answer; want answers to learn from; choose other configs"
        )
    asked, answer = encode_row(row, tokenizer)
    return [Piece(asked, False), Piece(answer, True)]


def _shortened(piece: Piece, count: int, where: str, length: int, most: int) -> Piece:
    """Return the first prompt without its beginning: what comes after it, answers above all, is never cut."""
    if len(piece.tokens) <= count:
        answer = length - len(piece.tokens)
        raise UsageError(f"{where}: {answer} tokens from the first answer on; want less than {most}; shorten it")
    return Piece(piece.tokens[count:], piece.loss)


def _check_turns(mix: Mapping[str, Sequence[Row]], labels: Sequence[Sequence[int]], turns: int) -> None:
    """Check that every answer to be learnt has its tokens: a cut one would otherwise go unnoticed."""
    flagged = sum(sum(row["loss"]) if "messages" in row else 1 for rows in mix.values() for row in rows)
    runs = sum(
        label != IGNORED and before == IGNORED
        for row in labels
        for before, label in zip([IGNORED, *row], row, strict=False)
    )
    if not flagged == turns == runs:
        raise UsageError(
            f"tokens of {runs:,} answers, {turns:,} counted; want {flagged:,}, as the rows' loss flags say"
        )


def encode_row(row: Row, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return prompt and answer as tokens; the answer ends in the end-of-text token, and nothing comes after it.

    Behind the answer a chat template writes a token that ends the turn, which is kept, and may write more, which is not.
    """
    question = _question(row)
    asked = token_ids(tokenizer, question)
    end = tokenizer.eos_token_id
    if end is None:
        raise UsageError("tokenizer: no end-of-text token; want one, to teach where an answer ends; set eos_token")
    if not tokenizer.chat_template:
        answer = _tokens(tokenizer, row["output"])
    else:
        answer = _turn_tokens(tokenizer, _turn(row, rendered(tokenizer, question), tokenizer), row["output"])
    return asked, [*answer[: answer.index(end)], end] if end in answer else [*answer, end]


def _turn_tokens(tokenizer: Any, turn: str, output: str) -> list[int]:
    """Return the tokens of an answer in its turn, up to the token that ends the turn if the template writes one."""
    answer = _tokens(tokenizer, turn)
    written, body, tail = turn.rpartition(output.strip())
    if not body:
        raise UsageError(
            "chat template: it does not write the answer as it is; want one that does, or the model would be trained "
            "on other answers; give the tokenizer another"
        )
    marks = set(tokenizer.all_special_ids) - {unknown_token(tokenizer)}
    mark = next((token for token in _tokens(tokenizer, tail) if token in marks), None)
    if mark is None:
        return answer
    earlier = _tokens(tokenizer, written + body).count(mark)
    places = [place for place, token in enumerate(answer) if token == mark]
    return answer[: places[earlier] + 1]


def _tokens(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _turn(row: Row, asked: str, tokenizer: Any) -> str:
    """Return what the chat template writes behind the prompt."""
    whole = through_template(tokenizer, to_messages(row)["messages"])
    if not whole.startswith(asked):
        raise UsageError(
            "chat template: with the answer it does not begin as it does when it asks; want one that does, "
            "or the model would be trained on other prompts than it is asked; give the tokenizer another"
        )
    return whole[len(asked) :]


def _question(row: Row) -> Question:
    """Return the row as prediction sees it: what prompts are made of, and nothing else."""
    blank: list[Any] = []
    return Question(
        id=row["id"],
        config="",
        subtask="",
        source="",
        domain="",
        instruction=row["instruction"],
        input=row["input"],
        history=blank,
        history_ratings=blank,
        candidates=blank,
        target_names=blank,
    )


def _place(row: Row, seed: int) -> bytes:
    return hashlib.md5(f"{seed}|{row['id']}".encode()).digest()


def _repeated(rows: Sequence[Row], weight: float) -> Iterator[Row]:
    whole, part = divmod(weight, 1.0)
    for _ in range(int(whole)):
        yield from rows
    yield from rows[: round(part * len(rows))]


def _check_files(folder: Path, cell: BuiltCell) -> None:
    for name, facts in cell.files.items():
        path = folder / cell.name / name
        digest = hash_file(path)
        if digest != facts.sha256:
            raise UsageError(
                f"{path}: sha256 {digest[:12]}…; want {facts.sha256[:12]}… as in ledger.json; build it again"
            )


def too_long(over: Sequence[tuple[int, str]], total: int, most: int, room: int) -> str:
    """Return what to say of examples with more than `most` tokens; `room` is what the model takes."""
    length, name = max(over)
    limit = "the model's limit" if most == room else "raise --max-length"
    return (
        f"{len(over):,} of {total:,} examples are longer than {most} tokens, {name} most with {length:,}; "
        f"want all whole; {limit}, or cut the beginning of their prompts with --allow-cut"
    )
