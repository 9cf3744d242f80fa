"""What stands beside the code agrees with it: packages, versions, citation."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

from itdr_hf import catalogue

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_sub_package_is_installed_with_what_lies_beside_its_code():
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "itdr_hf").rglob("__init__.py")}
    listed = set(PROJECT["tool"]["setuptools"]["packages"]) - {"itdr_hf.builders", "itdr_hf.cards"}
    assert listed == found
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for path in (p for p in (ROOT / "itdr_hf").rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        assert any(path.match(pattern) for pattern in data.get(package, [])), f"{path.name} is not installed"


def test_the_oldest_versions_that_are_allowed_are_those_that_are_tested():
    """The extras [train] and [kaggle] are too large, or want an account."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [
        *PROJECT["project"]["dependencies"],
        *extras["dev"],
        *extras["eval"],
        *extras["endpoint"],
        *extras["plots"],
    ]
    bounds = dict(found.groups() for need in wanted if (found := re.match(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", need)))
    tested = dict(
        re.findall(r"^([\w.-]+)==(.+)$", (ROOT / "constraints-oldest.txt").read_text().replace("_", "-"), re.M)
    )
    tested = {name.lower(): version for name, version in tested.items()}
    for name, bound in bounds.items():
        assert re.fullmatch(rf"{re.escape(bound)}(\.0)*", tested[name.replace("_", "-").lower()]), name


def test_the_changelog_begins_with_these_versions():
    heading = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert heading and heading[1] == f"Package {PROJECT['project']['version']}, dataset {catalogue.DATA_VERSION}"


def test_the_citation_names_this_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_the_guide_for_contributors_names_what_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for target in re.findall(r"^\$ make (\w+)", text, re.M):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), target
    for path in re.findall(r"`([\w./-]+/[\w.]*)`", text):
        assert (ROOT / path.rstrip("/")).exists(), path


def test_every_file_that_skips_for_want_of_torch_or_the_harness_is_run_by_make_test_train():
    """Otherwise nothing runs it, and nothing says so."""
    listed = re.search(r"^WANT_TORCH := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert listed
    named = [ROOT / word for word in listed[1].replace("\\\n", " ").split()]
    assert all(path.exists() for path in named)
    wants = re.compile(r"""(?:importorskip|skipif\(find_spec)\(\s*"(?:torch|transformers|peft|trl|lm_eval)\b""")
    wanting = [path for path in (ROOT / "tests").rglob("test_*.py") if wants.search(path.read_text())]
    assert len(wanting) > 10
    assert [path for path in wanting if not any(path == one or one in path.parents for one in named)] == []
