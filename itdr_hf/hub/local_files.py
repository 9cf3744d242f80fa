"""The local folder to be pushed: its files with their sha256, checked against its ledger, and its card."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from itdr_hf.dataset.card import CARD, COMPANIONS, PICTURES
from itdr_hf.dataset.ledger import LEDGER, read_file_list
from itdr_hf.errors import HubError
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

SHOWN = (".eval_results/itdr.yaml",)  # hidden files that are published: a model's figures for the Hub's leaderboards
MARKER = "itdr"
PICTURE = re.compile(rf"{PICTURES}/(flow|lengths)\.(png|svg)")  # the card's pictures, drawn after the build


GLOB = re.compile(r"\*\*/|\*\*|\*|\[[^\]]+\]|.", re.DOTALL)  # the parts of a data file pattern
MAX_PATTERN, MAX_DEPTH = (
    1_000,
    8,
)  # characters of a pattern, levels of lists and mappings around it: cards are others' text


@dataclass(frozen=True, kw_only=True)
class LocalFile:
    """One file to be published; `name` is its path in the repository."""

    name: str
    path: Path
    size: int
    sha256: str

    def git_oid(self) -> str:
        """Return the git blob id, by which the Hub identifies files that are not large."""
        header = b"blob %d\0" % self.size
        return hashlib.sha1(header + self.path.read_bytes(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The part of a ledger that publishing needs: the version, and (sha256, size) of each file by path.

    `edited` describes how it differs from the ledger that was written, '' if it does not.
    """

    version: str
    files: Mapping[str, tuple[str, int]]
    edited: str = ""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A release on disk; `version` is the ledger's, `globs` are pairs of config name and data file pattern."""

    path: Path
    version: str | None
    files: Mapping[str, LocalFile]
    globs: tuple[tuple[str, str], ...]


def read_folder(path: Path, repo_type: str = "dataset", progress: OnProgress = ignore) -> Folder:
    """Read a folder and hash every file.

    Raises HubError if the folder differs from its ledger, or if its card lacks the tag `itdr`. A folder without a ledger
    is accepted unless it is a dataset.
    """
    if not (path / CARD).is_file():
        raise HubError(f"{path}: no {CARD}; wanted a dataset folder with its card; build it first")
    found = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    names = [name for name in found if name in SHOWN or not any(part.startswith(".") for part in name.split("/"))]
    files = dict(_hashed(path, names, progress))
    version = None
    if LEDGER in files:
        ledger = read_ledger(path / LEDGER)
        _check_ledger(ledger, path, files)
        version = ledger.version
    elif repo_type == "dataset":
        raise HubError(f"{path}: no {LEDGER}; wanted the folder as it was built; build it again")
    card = read_card(path / CARD)
    if not is_ours(card):
        raise HubError(f"{path / CARD}: no tag `{MARKER}` in its YAML; wanted a card written by itdr; render it again")
    return Folder(path=path, version=version, files=files, globs=tuple(data_globs(card)))


def read_ledger(path: Path) -> Ledger:
    """Return the version of a ledger, and sha256 and size of each file. Raises HubError if it lacks them."""
    try:
        version, files, edited = read_file_list(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        wanted = 'wanted {"version", "files": {path: {"sha256", "size"}}}'
        raise HubError(f"{path}: {type(error).__name__} {error}; {wanted}; build the folder again") from error
    return Ledger(version=version, files=files, edited=edited)


def read_card(path: Path) -> Mapping[str, object]:
    """Return the YAML of a card; empty if there is none or it does not parse."""
    from huggingface_hub import metadata_load

    try:
        return metadata_load(path) or {}
    except Exception:  # a foreign card may raise any YAML error
        return {}


def is_ours(card: Mapping[str, object]) -> bool:
    """Return whether a card has the tag `itdr`, which marks cards of this package."""
    tags = card.get("tags")
    return isinstance(tags, list) and MARKER in tags


def data_globs(card: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (config, pattern) of every data file in a card, in any of the forms that `datasets` accepts."""
    configs = card.get("configs")
    for config in configs if isinstance(configs, list) else []:
        if isinstance(config, Mapping):
            for pattern in _patterns(config.get("data_files")):
                yield str(config.get("config_name")), pattern


def glob_matches(pattern: str, name: str) -> bool:
    """Return whether a data file pattern matches a path: `*` stays within a folder, `**` does not.

    The time is proportional to the lengths of both, whatever the pattern; one of more than MAX_PATTERN characters
    matches nothing.
    """
    if len(pattern) > MAX_PATTERN:
        return False
    tokens = _tokens(pattern)
    places = _entered(0, tokens)  # the tokens that may match the next character
    for character in name:
        places = {after for at in places if at < len(tokens) for after in _moved(at, tokens, character)}
    return len(tokens) in places


def _tokens(pattern: str) -> list[str]:
    """Return the parts of a pattern; a run of stars, which a short one can stand for, is at most two of them."""
    tokens: list[str] = []
    for starred, run in groupby(GLOB.findall(pattern), lambda token: token.startswith("*")):
        parts = list(run)
        tokens += parts if not starred else ["**"] if "**" in parts else dict.fromkeys(parts)
    return tokens


def _entered(at: int, tokens: Sequence[str]) -> set[int]:
    """Return the places that are reached with a token: itself, and those behind it while tokens may match nothing."""
    places = {at}
    while at < len(tokens) and tokens[at].startswith("*"):
        at += 1
        places.add(at)
    return places


def _moved(at: int, tokens: Sequence[str], character: str) -> set[int]:
    """Return the places that are reached from a token with one more character."""
    token = tokens[at]
    if token == "**/":
        return {at} | (_entered(at + 1, tokens) if character == "/" else set())
    if token == "**" or (token == "*" and character != "/"):
        return _entered(at, tokens)
    return _entered(at + 1, tokens) if _matches(token, character) else set()


def _matches(token: str, character: str) -> bool:
    """Return whether a token for one character matches it: `?`, a class such as `[!0-9]`, or the character itself."""
    if len(token) == 1:
        return character == token or (token == "?" and character != "/")
    try:
        return re.fullmatch(token.replace("[!", "[^"), character) is not None
    except re.error:  # not a class, such as [z-a]
        return False


def _patterns(spec: object, depth: int = 0) -> Iterator[str]:
    if isinstance(spec, str):
        yield spec
    elif depth == MAX_DEPTH:
        yield f"({MAX_DEPTH} levels of lists, too deep)"
    elif isinstance(spec, Mapping):
        for value in [spec["path"]] if "path" in spec else spec.values():
            yield from _patterns(value, depth + 1)
    elif isinstance(spec, list):
        for value in spec:
            yield from _patterns(value, depth + 1)


def _hashed(folder: Path, names: list[str], progress: OnProgress) -> Iterator[tuple[str, LocalFile]]:
    for done, name in enumerate(names, 1):
        path = folder / name
        yield name, LocalFile(name=name, path=path, size=path.stat().st_size, sha256=hash_file(path))
        progress(Progress("hash", done, len(names), "files"))


def _check_ledger(ledger: Ledger, folder: Path, files: Mapping[str, LocalFile]) -> None:
    """Raise HubError unless the files are exactly those that the ledger lists."""
    again = "build the folder again, or restore the change"
    if ledger.edited:
        raise HubError(f"{folder / LEDGER}: {ledger.edited}; wanted it as it was built; {again}")
    for name, (sha256, _) in ledger.files.items():
        if name not in files:
            raise HubError(f"{folder / name}: missing; wanted it, as {LEDGER} lists it; {again}")
        if files[name].sha256 != sha256:
            found = files[name].sha256
            raise HubError(f"{folder / name}: sha256 {found[:12]}…; wanted {sha256[:12]}… as in {LEDGER}; {again}")
    others = set(files) - set(ledger.files) - {CARD, LEDGER, *COMPANIONS}
    if strays := sorted(name for name in others if not PICTURE.fullmatch(name)):
        raise HubError(
            f"{folder / strays[0]}: not in {LEDGER} ({len(strays)} such); wanted only what was built; "
            "move it elsewhere, or build the folder again"
        )
