"""From an example to what a model reads: the one place where prompts are put together.

Training, prediction and export all call these, so the prompt a model is tuned on and the prompt it is asked
are the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import TypedDict

from itdr_hf.errors import UsageError

MIXED = "mixed"  # as a template: each example in one of its subtask's wordings, by stable hash …
HELD_OUT = "unseen"  # … but never in this one, kept for testing on a wording that no model was tuned on


class Message(TypedDict):
    role: str
    content: str


def prompt(instruction: str, text: str) -> str:
    """Task description, a line break, the input; only the input when there is no description."""
    return f"{instruction}\n{text}" if instruction else text


def to_alpaca(row: Mapping[str, str]) -> dict[str, str]:
    """instruction, input, output: the columns as they are."""
    return {"instruction": row["instruction"], "input": row["input"], "output": row["output"]}


def to_messages(row: Mapping[str, str]) -> dict[str, list[Message]]:
    """A user turn with the prompt and an assistant turn with the answer."""
    asked = Message(role="user", content=prompt(row["instruction"], row["input"]))
    return {"messages": [asked, Message(role="assistant", content=row["output"])]}


def to_prompt_completion(row: Mapping[str, str]) -> dict[str, str]:
    """prompt, ending in a line break, and completion: the form for a loss on the answer only."""
    return {"prompt": prompt(row["instruction"], row["input"]) + "\n", "completion": row["output"]}


def compile_template(
    template: str, constants: Mapping[str, str], slots: frozenset[str]
) -> Callable[[Mapping[str, str]], str]:
    """A function that fills a template's {slots}; values are never looked into, so '{title}' is safe in them.

    Raises UsageError for a slot that neither `constants` nor `slots` know.
    """
    texts, names = [""], []  # texts[0], the slot names[0], texts[1], …
    for text, field, _, _ in Formatter().parse(template):
        texts[-1] += text
        if field is None:
            continue
        if field in constants:
            texts[-1] += constants[field]
        elif field in slots:
            names.append(field)
            texts.append("")
        else:
            have = ", ".join(sorted({*constants, *slots}))
            raise UsageError(f"template: slot {{{field}}} is unknown; have: {have}; mend the template")

    def fill(values: Mapping[str, str]) -> str:
        pieces = between.copy()
        pieces[1::2] = [values[name] for name in names]
        return "".join(pieces)

    between = [piece for text in texts for piece in (text, "")][:-1]
    return fill
