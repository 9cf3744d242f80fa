"""Find the candidates as a prompt shows them: 'Title [Category]'."""

from __future__ import annotations

import re
from collections.abc import Sequence

from itdr_hf.tasks.reading.list_lines import BREAK, unmarked

_NUMBERED = re.compile(r"\d+\. ")  # as prompts number their lines: what follows is the title, markup or not


def shown_candidates(prompt: str, candidates: Sequence[str]) -> list[str]:
    """Return each candidate's line in a prompt, without its mark; the title where no line begins with it.

    The last such line counts, since the history stands above the candidates.
    """
    bodies: dict[str, None] = {}
    for line in reversed(BREAK.split(prompt)):
        numbered = _NUMBERED.match(line)
        bodies.setdefault((line[numbered.end() :] if numbered else unmarked(line)).strip())
        bodies.setdefault(line.strip())
    labelled = [body for body in bodies if body.endswith("]")]
    return [title if title in bodies else _labelled(title, labelled) for title in candidates]


def _labelled(title: str, bodies: Sequence[str]) -> str:
    return next((body for body in bodies if body.startswith(f"{title} [")), title)
