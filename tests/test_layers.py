"""Imports go one way, type-only imports included, and each library has its room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [*sorted((ROOT / "itdr_hf").rglob("*.py")), *sorted((ROOT / "builders").glob("*.py"))]

# From the ground up: a module may import its own layer and those before it.
LAYERS = (
    "itdr_hf.errors", "itdr_hf.records", "itdr_hf.prompts", "itdr_hf.runtime", "itdr_hf.metrics", "itdr_hf.raw",
    "itdr_hf.simulate", "itdr_hf.sources", "itdr_hf.tables", "itdr_hf.tasks", "itdr_hf.catalogue", "itdr_hf.dataset",
    "itdr_hf.build", "itdr_hf.models", "itdr_hf.hub", "itdr_hf.score", "itdr_hf.rewards", "itdr_hf.download", "itdr_hf.report",
    "itdr_hf.bench", "itdr_hf.train", "itdr_hf.builders", "itdr_hf.loading", "itdr_hf.ablations", "itdr_hf.experiments",
    "itdr_hf.cli", "itdr_hf.__main__",
)  # fmt: skip

ROOMS = {
    "datasets": (
        "builders/", "itdr_hf/loading.py", "itdr_hf/ablations.py", "itdr_hf/dataset/experiment.py", "itdr_hf/models/train/",
        "itdr_hf/experiments/folders.py", "itdr_hf/bench/",
    ),
    "huggingface_hub": ("itdr_hf/hub/", "itdr_hf/download/from_hub.py", "itdr_hf/models/adapters.py"),
    "typer": ("itdr_hf/cli/",),
}  # fmt: skip


def name_of(path: Path) -> str:
    place = path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
    return place if place.startswith("itdr_hf") else f"itdr_hf.{place}"


MODULES = {name_of(path): path for path in FILES}


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module and name that a file imports, at any depth of its code, for type checkers too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in MODULES else node.module for name in full}
    return frozenset(names)


def layer(module: str) -> int:
    """The place of a module's layer in LAYERS."""
    within = [place for place, name in enumerate(LAYERS) if module == name or module.startswith(f"{name}.")]
    assert within, f"{module} is in no layer: give its package a place in LAYERS"
    return within[0]


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_is_imported_only_in_its_rooms(library):
    for path in FILES:
        place = path.relative_to(ROOT).as_posix()
        if any(name.split(".")[0] == library for name in imported(path)):
            assert place.startswith(ROOMS[library]), f"{place} imports {library}"


@pytest.mark.parametrize("module", [name for name in MODULES if name != "itdr_hf"])
def test_a_module_imports_only_from_its_own_layer_and_lower_ones(module):
    ours = {name for name in imported(MODULES[module]) if name in MODULES and name != "itdr_hf"}
    higher = {name for name in ours if layer(name) > layer(module)}
    assert not higher, f"{module} imports {sorted(higher)}, which stand above it"


def test_no_modules_import_each_other_in_a_circle():
    waiting = {name: {i for i in imported(path) if i in MODULES and i != name} for name, path in MODULES.items()}
    while done := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in done}
    assert not waiting, f"circles among {sorted(waiting)}"


def test_importing_the_package_loads_none_of_its_heavy_libraries():
    heavy = "{'pandas', 'pyarrow', 'duckdb', 'ibis', 'datasets', 'torch'}"
    code = f"import sys, itdr_hf, itdr_hf.cli.app; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("package", sorted((ROOT / "itdr_hf").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_package_lists_only_modules_that_it_has(package):
    described = ast.get_docstring(ast.parse(package.read_text())) or ""
    listed = re.findall(r"(?:^ *|\S {3,})([a-z_0-9]+) {2,}(?=\S)", described, re.MULTILINE)
    present = {path.stem for path in package.parent.iterdir()}
    assert not set(listed) - present, (
        f"{package.parent.name} describes {sorted(set(listed) - present)}, which it has not"
    )
