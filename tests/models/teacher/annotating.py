"""What the tests of annotating share: reading a folder, running the command."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from typer.testing import CliRunner

from itdr_hf.cli.app import app


def rows(folder: Path, cell: str) -> list[dict]:
    """All rows of a cell."""
    return [row for path in sorted((folder / cell).iterdir()) for row in pq.read_table(path).to_pylist()]


def contents(folder: Path) -> dict[str, bytes]:
    """File name -> bytes."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def itdr(*arguments: object, code: int = 0) -> str:
    """What the command prints; it must end with `code`."""
    done = CliRunner().invoke(app, ["annotate", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout
