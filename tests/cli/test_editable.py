"""Another person's script, in another folder, sees the types of the package that is installed here."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import itdr_hf

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """import itdr_hf
reveal_type(itdr_hf.cell_names())
reveal_type(itdr_hf.__version__)
itdr_hf.load_dataset(3)
"""


def test_a_script_elsewhere_is_checked_against_our_types(tmp_path):
    pytest.importorskip("mypy")
    paths = [
        Path(line) for p in map(Path, sys.path) for f in p.glob("*itdr*.pth") for line in f.read_text().splitlines()
    ]
    if not any(path == ROOT for path in paths if path.is_absolute()):
        pytest.skip("itdr-hf is not installed here as an editable package of this folder; `make test` does that")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-P", "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "script.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    revealed = re.findall(r'Revealed type is "(.*?)"', said)
    assert [kind.replace("builtins.", "") for kind in revealed] == ["list[str]", "str"], said
    assert re.search(r'script\.py:4: error: Argument 1 to "load_dataset" has incompatible type "int"', said)


def test_the_version_is_the_distributions():
    assert itdr_hf.__version__ == version("itdr-hf")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == itdr_hf.__version__


def test_the_packages_beside_the_main_folder_are_found_without_an_import_hook(tmp_path):
    code = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in str(f)];"
        f"sys.path.insert(0, {str(ROOT)!r}); import itdr_hf.builders.itdr, itdr_hf.cards; print(itdr_hf.cards.__file__)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == str(ROOT / "cards/__init__.py"), done.stderr


def test_what_building_needs_is_less_than_what_the_tests_need():
    text = (ROOT / "Makefile").read_text()
    assert re.search(r"^\.venv/\.builds:.*\n(?:\t.*\n)*\t.*--editable \.$", text, re.M)
    assert re.search(r"^\$\(RAW\)/\.simulated-\$\(SCALE\): \.venv/\.builds$", text, re.M)
