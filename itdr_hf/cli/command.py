"""A command of `itdr`: older spellings of its options still work, and --help lists the values an option may have."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from itdr_hf.cli.options import LISTS

OLDER = {"--configs": "--config"}  # hidden in --help


class Command(TyperCommand):
    """One command of the line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words typed, older spellings as the present ones."""
        known = {name for parameter in self.params for name in parameter.opts}
        return super().parse_args(ctx, [_present(word, known) for word in args])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write --help, with the values of every option that takes one of a few."""
        for parameter in self.params:
            if parameter.metavar in LISTS:
                parameter.metavar = LISTS[parameter.metavar].metavar() or parameter.metavar
        super().format_help(ctx, formatter)


def _present(word: str, known: set[str]) -> str:
    name, equals, value = word.partition("=")
    now = OLDER.get(name, name)
    return f"{now}{equals}{value}" if name not in known and now in known else word
