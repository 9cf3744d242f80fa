"""Find the candidates as a prompt shows them: 'Title [Category]'."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from itdr_hf.tasks.reading.list_lines import BREAK, unmarked

_MARK = re.compile(r"\d+\. |- ")  # as prompts mark their lines: what follows is the title, markup or not


def shown_candidates(prompt: str, candidates: Sequence[str]) -> list[str]:
    """Return each candidate's line in a prompt, without its mark; the title where no line begins with it.

    The last such line counts, since the history stands above the candidates.
    """
    lines = BREAK.split(prompt)[::-1]
    marked = dict.fromkeys([line[mark.end() :] for line in lines if (mark := _MARK.match(line))])
    shown = [_shown(title, marked) for title in candidates]
    return shown if None not in shown else _any_mark(lines, candidates)  # type: ignore[return-value]


def _any_mark(lines: Sequence[str], candidates: Sequence[str]) -> list[str]:
    """As `shown_candidates`, of lines with any mark or none, the last one first."""
    bodies: dict[str, None] = {}
    for line in lines:
        mark = _MARK.match(line)
        bodies.setdefault((line[mark.end() :] if mark and line[0] != "-" else unmarked(line)).strip())
        bodies.setdefault(line.strip())
    return [_shown(title, bodies) or title for title in candidates]


def _shown(title: str, bodies: Collection[str]) -> str | None:
    if title in bodies:
        return title
    return next((body for body in bodies if body.startswith(f"{title} [") and body[-1] == "]"), None)
