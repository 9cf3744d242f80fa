"""Imports go one way, and each library has its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [*sorted((ROOT / "itdr_hf").rglob("*.py")), *sorted((ROOT / "builders").glob("*.py"))]

ROOMS = {
    "datasets": ("builders/", "itdr_hf/loading.py", "itdr_hf/ablations.py", "itdr_hf/train/", "itdr_hf/bench/"),
    "huggingface_hub": ("itdr_hf/hub",),
    "typer": ("itdr_hf/cli.py", "itdr_hf/commands/"),
}
FORBIDDEN = [
    ("itdr_hf/sources/", "itdr_hf.subtasks"),
    ("itdr_hf/subtasks/", "itdr_hf.sources"),
    ("itdr_hf/records.py", "itdr_hf.sources"),
    ("itdr_hf/simulate/", "itdr_hf.sources"),
    ("itdr_hf/catalogue.py", "itdr_hf.builders"),
    *[(f"itdr_hf/{low}.py", f"itdr_hf.{high}") for low in ("errors", "layouts", "records", "engine", "scan", "sampling", "texts", "prompts")
      for high in ("catalogue", "tables", "rows", "render", "folder", "builders", "commands", "cli")],
]  # fmt: skip


def imported(path: Path) -> set[str]:
    """What a module imports when it runs; imports for type checkers do not count."""
    names: set[str] = set()
    tree = ast.parse(path.read_text())
    typing = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    ignored = {inner for block in typing for inner in ast.walk(block)}
    for node in (n for n in ast.walk(tree) if n not in ignored):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_is_imported_only_in_its_rooms(library):
    for path in FILES:
        place = path.relative_to(ROOT).as_posix()
        if any(name.split(".")[0] == library for name in imported(path)):
            assert place.startswith(ROOMS[library]), f"{place} imports {library}"


@pytest.mark.parametrize(("place", "module"), FORBIDDEN)
def test_a_lower_layer_never_imports_a_higher_one(place, module):
    for path in FILES:
        if path.relative_to(ROOT).as_posix().startswith(place):
            assert not {n for n in imported(path) if n == module or n.startswith(f"{module}.")}, (
                f"{path} imports {module}"
            )


def test_importing_the_package_loads_none_of_its_heavy_libraries():
    heavy = "{'pandas', 'pyarrow', 'duckdb', 'ibis', 'datasets', 'torch'}"
    code = f"import sys, itdr_hf, itdr_hf.cli; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
