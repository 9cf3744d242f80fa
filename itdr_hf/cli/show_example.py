"""Print one example: its metadata, then instruction, prompt and answer, with the chosen titles marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.report.names import source_title, task_title
from itdr_hf.runtime.escaping import safe_line, safe_text
from itdr_hf.runtime.terminal import console

if TYPE_CHECKING:
    from rich.text import Text

    from itdr_hf.catalogue import Catalogue

BORDERS = {"instruction": "dim", "input": "blue", "output": "green"}
CHOSEN = "bold green"


def print_example(row: Mapping[str, Any], catalogue: Catalogue, *, split: str, index: int) -> None:
    """Print an example of a split: the truth is coloured on a terminal, and marked in a list of candidates."""
    from rich.panel import Panel
    from rich.text import Text

    out = console()
    titles = safe_line(f"{task_title(catalogue, row['subtask'])}, {source_title(catalogue, row['source'])}")
    out.print(Text.assemble((titles, "bold"), (f"  {split}, example {index}", "dim")), soft_wrap=True)
    out.print(Text(_facts(row), style="dim"))
    for part, border in BORDERS.items():
        if row[part]:
            out.print(Panel(_part(row, part), title=part, title_align="left", border_style=border))
    if len(row["candidates"]) > 1:
        listed = Text("\n").join(_mark(title, title in row["targets"]) for title in row["candidates"])
        out.print(Panel(listed, title="candidates, ✓ chosen by the user", title_align="left", border_style="dim"))


def _facts(row: Mapping[str, Any]) -> str:
    facts = [row["id"], row["domain"], row["user"] and f"user {row['user']}", f"answer by {row['reference_by']}"]
    return safe_line(" · ".join(filter(None, facts)))


def _part(row: Mapping[str, Any], part: str) -> Text:
    """Return the text of a part with the truth highlighted: chosen titles in a ranking, a rating, attributes."""
    from rich.text import Text

    shown = Text(text := safe_text(row[part]))
    if part == "output" or (part == "input" and len(row["candidates"]) > 1):
        for match in re.finditer(_truths([safe_line(t) for t in row["targets"]]), text, re.M):
            shown.stylize(CHOSEN, *match.span(1))
    return shown


def _truths(targets: Sequence[str]) -> str:
    """Return a pattern for a target as a line, after an optional number, dash or name, before optional brackets."""
    longest_first = sorted(map(re.escape, targets), key=len, reverse=True)
    return rf"^(?:\d+\. |- |[\w ]+: )?({'|'.join(longest_first)})(?=$| \[| \()"


def _mark(title: str, chosen: bool) -> Text:
    from rich.text import Text

    return Text(f"✓ {safe_line(title)}", style=CHOSEN) if chosen else Text(f"  {safe_line(title)}")
    return Text(f"✓ {safe_line(title)}", style=CHOSEN) if chosen else Text(f"  {safe_line(title)}")
