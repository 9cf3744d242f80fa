"""All commands with their full names: those of a group after its name, as 'experiment run'."""

from __future__ import annotations

from typing import Any

from typer.main import get_command


def all_commands(app: Any) -> dict[str, Any]:
    """Return full name -> command, in the order of --help."""
    return dict(_under("", get_command(app)))


def _under(name: str, command: Any) -> list[tuple[str, Any]]:
    parts = getattr(command, "commands", None)
    if parts is None:
        return [(name, command)]
    return [found for part, inner in parts.items() for found in _under(f"{name} {part}".strip(), inner)]
