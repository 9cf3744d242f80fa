"""Histories of releases with the real commands' functions: edits, parts, parallel and interrupted pushes, moved tags."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hubserver import OTHER
from hubserver.stage import REPO, Stage
from huggingface_hub import CommitOperationAdd

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.errors import HubError
from itdr_hf.hub import check_complete, next_release, push_folder, stamped

pytest_plugins = ("hubserver.plugin",)
CELLS = ("rp-movielens32m", "uap-movielens1m")


@pytest.fixture(scope="module")
def builds(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of one dataset: as first built, with another seed (recipe), with a cell more, and with one less."""
    out = tmp_path_factory.mktemp("builds")
    ways: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "first": (CELLS, {}), "seed": (CELLS, {"seed": 7}), "less": (CELLS[:1], {}),
        "more": ((*CELLS, "nir-movielens32m"), {}),
    }  # fmt: skip
    for name, (configs, changes) in ways.items():
        settings = Settings(raw=raw, warn=lambda text: None)
        build_folder(out / name, settings, configs=configs, changes={"num_examples": 20, **changes})
    return {name: out / name for name in ways}


@pytest.fixture
def shop(stage: Stage, builds: dict[str, Path], tmp_path: Path) -> Shop:
    return Shop(stage, builds, tmp_path / "work")


class Shop:
    """What one maintainer does: a working folder, and a Hub."""

    def __init__(self, stage: Stage, builds: dict[str, Path], work: Path) -> None:
        self.stage, self.builds, self.work = stage, builds, work

    def build(self, name: str = "first") -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.builds[name], self.work)

    def push(self, *, version: str | None = None, dry: bool = False, **options: Any) -> str:
        dataset = Dataset.open(self.work)
        check_complete(dataset)
        chosen = next_release(self.stage.api, dataset, REPO, asked=version, retry=self.stage.retry)
        with stamped(dataset, REPO, chosen, keep=not dry):
            if not dry:
                made = push_folder(self.stage.api, self.work, REPO, verify="tree", retry=self.stage.retry, **options)
                assert made.tag == f"v{chosen.version}"
        return chosen.version

    def edit(self, path: str = "README.md", text: str = "\n## Known errors\n\nSee discussion 3.\n") -> None:
        entry = self.stage.repo.resolve("main").files.get(path)
        before = (self.work / path).read_bytes() if entry else b""
        self.stage.client(OTHER).create_commit(
            REPO,
            [CommitOperationAdd(path, before + text.encode())],
            commit_message=f"Update {path}",
            repo_type="dataset",
        )

    def other_data(self) -> None:
        """The same recipe on other raw files, in short: other rows in one shard, and a ledger that says so."""
        from dataclasses import replace

        from itdr_hf.runtime.hashing import hash_file

        dataset = Dataset.open(self.work)
        cell = dataset.cells[CELLS[0]]
        name = next(name for name in cell.files if name.startswith("train"))
        path = self.work / cell.name / name
        table = pq.read_table(path)
        pq.write_table(pa.concat_tables([table.slice(1), table.slice(0, 1)]), path)
        facts = replace(cell.files[name], sha256=hash_file(path), size=path.stat().st_size)
        with dataset.locked():
            dataset.record(replace(cell, files={**cell.files, name: facts}))

    @property
    def tags(self) -> list[str]:
        return sorted(ref.removeprefix("refs/tags/") for ref in self.stage.repo.refs if ref.startswith("refs/tags/"))

    def stands(self, version: str) -> None:
        """The tag holds the working folder, byte for byte."""
        from hubserver.folders import contents

        held = self.stage.held(f"v{version}")
        here = {name: digest for name, digest in contents(self.work).items() if not name.startswith(".")}
        assert {name: held.get(name) for name in here} == here


CHANGES: dict[str, tuple[Callable[[Shop], object], str]] = {
    "nothing": (lambda shop: None, "2.0.0"),
    "the same, built anew": (lambda shop: shop.build(), "2.0.0"),
    "other data": (lambda shop: shop.other_data(), "2.1.0"),
    "a cell more": (lambda shop: shop.build("more"), "2.1.0"),
    "a cell less": (lambda shop: shop.build("less"), "3.0.0"),
    "another seed": (lambda shop: shop.build("seed"), "3.0.0"),
    "an empty folder": (lambda shop: (shop.work / "pictures").mkdir(), "2.0.0"),
}


@pytest.mark.parametrize(("change", "version"), CHANGES.values(), ids=CHANGES)
def test_a_second_push_raises_the_version_by_what_changed(shop: Shop, change: Callable[[Shop], object], version: str):
    shop.build()
    first = shop.push()
    assert first == Dataset.open(shop.builds["first"]).version == "2.0.0"
    change(shop)
    assert shop.push() == version
    shop.stands(version)
    assert shop.tags == sorted({"v2.0.0", f"v{version}"})
    assert shop.push() == version  # and a third changes nothing
    assert len([title for title in shop.stage.commits() if title.startswith("Release")]) == len(shop.tags)


def test_the_card_tells_what_every_release_changed(shop: Shop):
    shop.build()
    shop.push()
    shop.build("more")
    shop.push()
    shop.build("seed")
    shop.push()
    card = (shop.work / "README.md").read_text()
    assert "- **3.0.0**: without nir-movielens32m; recipe of" in card and "- **2.1.0**: new nir-movielens32m" in card


def test_a_version_is_chosen_by_hand_and_never_backwards(shop: Shop):
    shop.build()
    assert shop.push(version="2.5.0") == "2.5.0"
    shop.build("more")
    for version, message in (("2.4.0", "below 2.5.0"), ("new", "three numbers")):
        with pytest.raises(HubError, match=message):
            shop.push(version=version)
    with pytest.raises(HubError, match=r"tag v2.5.0 points to .* raise the version"):
        shop.push(version="2.5.0")
    assert shop.push() == "2.6.0"


def test_a_dry_run_leaves_the_folder_as_it_was(shop: Shop):
    shop.build()
    before = {path: path.read_bytes() for path in shop.work.rglob("*.*") if path.is_file()}
    assert shop.push(dry=True) == "2.0.0" and shop.stage.hub.storage.repo("datasets", REPO) is None
    assert {path: path.read_bytes() for path in shop.work.rglob("*.*") if path.is_file()} == before


def test_a_card_edited_on_the_hub_leaves_the_release_standing(shop: Shop):
    shop.build()
    shop.push()
    shop.edit()
    again = push_folder(shop.stage.api, shop.work, REPO, retry=shop.stage.retry, verify="tree")
    assert not again.committed and again.changed_since == ("README.md",)
    assert shop.push() == "2.0.0" and shop.tags == ["v2.0.0"]


def test_a_later_release_does_not_wipe_out_a_card_edited_on_the_hub_unless_told_to(shop: Shop):
    shop.build()
    shop.push()
    shop.edit()
    shop.build("more")
    with pytest.raises(HubError, match=r"README.md was changed on the Hub since v2.0.0 \('Update README.md' by"):
        shop.push()
    assert shop.push(force=True) == "2.1.0"
    shop.stands("2.1.0")


def test_a_partly_downloaded_release_is_refused_before_anything_is_written(shop: Shop):
    shop.build()
    shutil.rmtree(shop.work / CELLS[0])
    card = (shop.work / "README.md").read_bytes()
    with pytest.raises(
        HubError, match=rf"{CELLS[0]}/.* of its ledger.json is not there \(\d+ such\); wanted a complete"
    ):
        shop.push()
    assert (shop.work / "README.md").read_bytes() == card


def test_a_moved_tag_is_named(shop: Shop):
    shop.build()
    shop.push()
    shop.build("more")
    shop.push()
    refs = shop.stage.repo.refs
    refs["refs/tags/v2.1.0"] = refs["refs/tags/v2.0.0"]
    shop.build("seed")
    with pytest.raises(
        HubError, match=r"tag v2.1.0 points to .*, whose ledger.json is of version 2.0.0; .* put the tag"
    ):
        shop.push()


@pytest.mark.parametrize("step", ["commit/main", "/tag/", "/preupload/"])
def test_an_interrupted_release_is_finished_by_the_next_push(shop: Shop, step: str):
    shop.build()
    shop.push()
    shop.build("more")
    shop.stage.fault("POST", step, status=400, times=50)
    with pytest.raises(HubError):
        shop.push()
    shop.stage.hub.faults.clear()
    assert shop.push() == "2.1.0"
    shop.stands("2.1.0")
    assert shop.tags == ["v2.0.0", "v2.1.0"]


def test_of_two_releases_at_once_one_wins_and_the_other_is_next(shop: Shop, tmp_path: Path):
    shop.build()
    shop.push()
    rival = Shop(shop.stage, shop.builds, tmp_path / "rival")
    rival.build("seed")
    shop.build("more")
    dataset = Dataset.open(shop.work)
    chosen = next_release(shop.stage.api, dataset, REPO, retry=shop.stage.retry)
    assert rival.push() == "3.0.0"
    with stamped(dataset, REPO, chosen, keep=True):
        pass
    assert shop.push() in ("3.1.0", "4.0.0")
    assert len(shop.tags) == 3


def test_a_full_quota_is_not_a_matter_of_the_token(shop: Shop):
    shop.build()
    shop.stage.fault(
        "POST", "/objects/batch$", status=403, times=50, body=b'{"error": "Private storage quota exceeded"}'
    )
    with pytest.raises(HubError) as told:
        shop.push()
    assert "free storage" in str(told.value) and "widen" not in str(told.value)
