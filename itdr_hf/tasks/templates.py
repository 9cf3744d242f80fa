"""Templates: the constants a source fills in, and the text a row completes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

MIXED = "mixed"  # as a template: each example in one of its subtask's wordings, by stable hash …


HELD_OUT = "unseen"  # … but never in this one, kept for testing on a wording that no model was tuned on


def compile_template(
    template: str, constants: Mapping[str, str], slots: frozenset[str]
) -> Callable[[Mapping[str, str]], str]:
    """Return a function that fills a template's {slots}; values are never looked into, so '{title}' is safe in them.

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
            raise UsageError(f"template: slot {{{field}}} is unknown; have: {have}; fix the template")

    def fill(values: Mapping[str, str]) -> str:
        pieces = between.copy()
        pieces[1::2] = [values[name] for name in names]
        return "".join(pieces)

    between = [piece for text in texts for piece in (text, "")][:-1]
    return fill


def wording_of(template: str) -> str:
    """Return the wording that a template's id names: itself, or 'plain' of 'A7/P1-I0-T3:plain'."""
    kind, _, wording = template.partition(":")
    return wording or ("default" if "/" in kind else kind)


def setting_of(template: str) -> str:
    """Return the setting that a template's id names, 'P1-I0-T3' of 'A7/P1-I0-T3:plain'; "" where it names none."""
    return template.partition(":")[0].partition("/")[2]


def _in_time(by_time: bool, order: str) -> dict[str, str]:
    """How a history is ordered, and what that makes of what is asked for: the next of it, or more of the same."""
    if by_time or order == "file":
        shown = "oldest first" if by_time else "in no particular order of time"
        return {"order": shown, "next": "next", "afterwards": "afterwards", "choice": "next choice"}
    return {"order": "in no particular order", "next": "as well", "afterwards": "as well", "choice": "further choice"}


def template_text(cell: Cell, template: str) -> str:
    """Return the wording of a template in a cell: a source may have its own in place of the default one."""
    own = cell.source.wording.get(cell.task.answer) if template == "default" else None
    return own or cell.task.templates[template]


def constants(cell: Cell, recipe: Recipe) -> dict[str, str]:
    """Return the slots that are the same in every example of a cell."""
    return source_words(cell.source, recipe.order)


def source_words(source: Source, order: str = "hash") -> dict[str, str]:
    """Return the slots that a source fills: its words, its rating scale, and how histories are ordered."""
    words, scale = source.words, source.scale
    named = {
        name: getattr(words, name) for name in ("item", "items", "do", "did", "doing", "acted", "liked", "disliked")
    }
    named |= {
        "done": words.participle,
        "Item": words.item.capitalize(),
        **_in_time(source.by_time, order),
    }
    if scale:
        named |= {"low": scale.text(scale.low), "high": scale.text(scale.high)}
    return named
