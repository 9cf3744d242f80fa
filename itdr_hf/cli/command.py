"""The command class of `itdr`: older option names still work, and --help lists the values an option may have."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from itdr_hf.cli.options import LISTS

OLDER = {"--configs": "--config"}  # older name -> present one; hidden in --help


class Command(TyperCommand):
    """One command of the command line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse arguments, with older option names replaced by the present ones."""
        known = {name for parameter in self.params for name in parameter.opts}
        return super().parse_args(ctx, [_present(word, known) for word in args])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write --help, with the allowed values of options that have only a few."""
        for parameter in self.params:
            if parameter.metavar in LISTS:
                parameter.metavar = LISTS[parameter.metavar].metavar() or parameter.metavar
        super().format_help(ctx, formatter)


def _present(word: str, known: set[str]) -> str:
    name, equals, value = word.partition("=")
    now = OLDER.get(name, name)
    return f"{now}{equals}{value}" if name not in known and now in known else word
