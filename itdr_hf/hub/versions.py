"""Choose the version of the next release from the Hub's tags and from what changed since the latest one.

A change of the recipe, or a cell less, raises the first number; other data or more cells the second; the card, the
package versions or other facts of the ledger the third.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from itdr_hf.dataset.card import CARD, COMPANIONS, dataset_card, write_card
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.ledger import LEDGER, edited
from itdr_hf.errors import HubError
from itdr_hf.hub.repository import Repository
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Kind = Literal["first", "asked", "built", "same", "card", "data", "recipe"]
VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
RAISED: Mapping[str, int] = {"recipe": 0, "data": 1, "card": 2}  # which number of a version


@dataclass(frozen=True, kw_only=True)
class NextRelease:
    """The version to release, why, the changes since the latest release, and the releases with this one, newest first."""

    version: str
    kind: Kind
    since: str | None
    changes: str
    releases: tuple[Mapping[str, str], ...]

    @property
    def sentence(self) -> str:
        """Return the choice in one line."""
        if self.since is None:
            return f"version {self.version}: the first release"
        if self.kind == "same":
            return f"version {self.version}: released already"
        return f"version {self.version} after {self.since}: {self.changes}"


def next_release(
    api: HfApi, dataset: Dataset, repo_id: str, *, asked: str | None = None, retry: RetryPolicy | None = None
) -> NextRelease:
    """Return the version that a push of this folder releases; `asked` is chosen by hand.

    Raises HubError for a version that is none or below the latest release, and for a tag that does not stand on the
    release it names.
    """
    if asked is not None and not VERSION.fullmatch(asked):
        raise HubError(f"version {asked!r}: wanted three numbers such as 1.1.0; correct --version")
    repo = Repository(api=api, id=repo_id, type="dataset", retry=retry or RetryPolicy())
    tags = _released(repo)
    if not tags:
        version = asked or dataset.version
        return NextRelease(
            version=version, kind="first", since=None, changes="", releases=tuple(dataset.ledger.releases)
        )
    latest = max(tags, key=_numbers)
    held, card = _held(repo, latest, tags[latest])
    change, changes = _change(dataset, repo_id, latest, held, card)
    past = tuple(held.get("releases", ()))
    version, kind = _chosen(asked, change, latest, dataset.version, tags)
    releases = past if kind == "same" else ({"version": version, "changes": changes}, *past)
    return NextRelease(version=version, kind=kind, since=latest, changes=changes, releases=releases)


@contextmanager
def stamped(dataset: Dataset, repo_id: str, release: NextRelease, *, keep: bool) -> Iterator[None]:
    """Write version, changelog and card of a release into the folder; without `keep` only while the block runs."""
    before = {name: _bytes(dataset.folder / name) for name in (LEDGER, CARD, *COMPANIONS)}
    with dataset.locked():
        dataset.mark_release(release.version, release.releases)
        write_card(dataset, repo_id)
    try:
        yield
    finally:
        if not keep:
            for name, content in before.items():
                path = dataset.folder / name
                path.unlink(missing_ok=True) if content is None else path.write_bytes(content)


def check_complete(dataset: Dataset) -> None:
    """Raise HubError for a folder that lacks files of its ledger, before anything in it is written."""
    missing = [name for name in dataset.files if not (dataset.folder / name).is_file()]
    if missing:
        raise HubError(
            f"{dataset.folder}: {missing[0]} of its {LEDGER} is not there ({len(missing)} such); wanted a complete "
            "folder; download all of it, or build it again"
        )


def _released(repo: Repository) -> dict[str, str]:
    """Return version -> commit of the tags v<version>."""
    if repo.state() is None:
        return {}
    found = {name[1:]: commit for name, commit in repo.tags().items() if name.startswith("v")}
    return {version: commit for version, commit in found.items() if VERSION.fullmatch(version)}


def _held(repo: Repository, version: str, commit: str) -> tuple[dict[str, Any], str]:
    """Return the ledger and the card of a release. Raises HubError where its tag was moved to something else."""
    where = f"{repo.id}: tag v{version} points to {commit[:8]}"
    back = "put the tag back on its release, or remove it"
    tree = repo.tree(commit)
    if missing := [name for name in (LEDGER, CARD) if name not in tree]:
        raise HubError(f"{where}, which has no {missing[0]}; wanted the release {version}; {back}")
    with repo.download(LEDGER, commit) as path:
        try:
            ledger = json.loads(path.read_text(encoding="utf-8"))
            found = str(ledger["version"])
            if wrong := edited(ledger):
                raise ValueError(wrong)
        except (ValueError, KeyError, TypeError) as error:
            raise HubError(f"{where}, whose {LEDGER} cannot be used ({error}); wanted a release; {back}") from error
    if found != version:
        raise HubError(f"{where}, whose {LEDGER} is of version {found}; wanted {version}; {back}")
    with repo.download(CARD, commit) as path:
        return ledger, path.read_text(encoding="utf-8")


def _change(
    dataset: Dataset, repo_id: str, latest: str, held: Mapping[str, Any], card: str
) -> tuple[Literal["same", "card", "data", "recipe"], str]:
    """Return the kind of change since a release, and what changed in words."""
    mine, theirs = dataset.ledger.as_dict(), held
    cells = {
        name: (mine["cells"].get(name), theirs["cells"].get(name)) for name in {**theirs["cells"], **mine["cells"]}
    }
    gone = [name for name, (new, _) in cells.items() if new is None]
    added = [name for name, (_, old) in cells.items() if old is None]
    both = {name: pair for name, pair in cells.items() if None not in pair}
    recipes = [name for name, (new, old) in both.items() if new.get("recipe") != old.get("recipe")]
    data = [name for name in both if name not in recipes and _shards(mine, name) != _shards(theirs, name)]
    texts = {"without": gone, "recipe of": recipes, "new": added, "data of": data}
    changes = "; ".join(f"{what} {_listed(names)}" for what, names in texts.items() if names)
    if changes:
        return ("recipe" if gone or recipes else "data"), changes
    as_released = dataset.as_released(latest, tuple(held.get("releases", ())))
    if as_released.ledger.as_dict() == held and dataset_card(as_released, repo_id) == card:
        return "same", ""
    return "card", "card, or facts beside the data"


def _chosen(asked: str | None, kind: Any, latest: str, built: str, tags: Mapping[str, str]) -> tuple[str, Kind]:
    if asked is not None:
        if asked not in tags and _numbers(asked) < _numbers(latest):
            raise HubError(f"version {asked}: below {latest}, the latest release; wanted a later one; raise --version")
        return asked, "same" if kind == "same" and asked == latest else "asked"
    if kind == "same":
        return latest, kind
    if VERSION.fullmatch(built) and _numbers(built) > _numbers(latest):
        return built, "built"
    place, numbers = RAISED[kind], _numbers(latest)
    raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    return ".".join(map(str, raised)), kind


def _shards(document: Mapping[str, Any], cell: str) -> dict[str, str]:
    return {name: entry["sha256"] for name, entry in document["files"].items() if name.startswith(f"{cell}/")}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(sorted(names)[:4]) + more


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
