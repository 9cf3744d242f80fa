"""Histories of releases with the real commands' functions: edits, parts, parallel and interrupted pushes, moved tags."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hubserver import OTHER, WRITE
from hubserver.stage import REPO, Stage
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

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


def test_a_shard_deleted_on_the_hub_leaves_the_release_standing_and_the_next_one_has_it(shop: Shop):
    shop.build()
    shop.push()
    shard = next(path for path in shop.stage.held() if path.startswith(f"{CELLS[0]}/train"))
    shop.stage.client(OTHER).create_commit(
        REPO, [CommitOperationDelete(shard)], commit_message="Oops", repo_type="dataset"
    )
    again = push_folder(shop.stage.api, shop.work, REPO, retry=shop.stage.retry, verify="tree")
    assert not again.committed and again.changed_since == (shard,)
    shop.stands("2.0.0")
    shop.build("more")
    assert shop.push() == "2.1.0"
    shop.stands("2.1.0")


def test_a_tag_that_was_removed_is_put_back_on_its_release(shop: Shop):
    shop.build()
    shop.push()
    commit = shop.stage.repo.refs.pop("refs/tags/v2.0.0")
    assert shop.push() == "2.0.0" and shop.tags == ["v2.0.0"]
    assert shop.stage.repo.refs["refs/tags/v2.0.0"] == commit


def test_tags_of_other_names_are_no_releases_and_one_of_a_later_version_on_something_else_is_named(shop: Shop):
    shop.build()
    shop.push()
    refs = shop.stage.repo.refs
    refs |= dict.fromkeys(("refs/tags/paper", "refs/tags/v2", "refs/tags/v3.0.0-rc1"), refs["refs/heads/main"])
    shop.build("more")
    assert shop.push() == "2.1.0"
    refs["refs/tags/v9.0.0"] = refs["refs/heads/main"]
    shop.build("seed")
    with pytest.raises(
        HubError, match=r"tag v9.0.0 points to .*, whose ledger.json is of version 2.1.0; .* put the tag"
    ):
        shop.push()


# Two people, two processes, the same moment: the Hub lets neither commit before both want to.

PUSH = """
import sys
from pathlib import Path
from itdr_hf import hub
from itdr_hf.dataset import Dataset
from itdr_hf.errors import HubError
api, dataset = hub.connect(), Dataset.open(Path(sys.argv[1])).as_built()
chosen = hub.next_release(api, dataset, sys.argv[2])
try:
    with hub.stamped(dataset, sys.argv[2], chosen, keep=True):
        print(hub.push_folder(api, dataset.folder, sys.argv[2]).committed)
except HubError as error:
    raise SystemExit(str(error))
"""


def begin(shop: Shop, *code: str) -> subprocess.Popen[str]:
    """Push in another process: with the command, or with some code that spares the audit."""
    words = (
        ["-c", *code, str(shop.work), REPO] if code else ["-m", "itdr_hf", "push", str(shop.work), "--repo-id", REPO]
    )
    settings = {"HF_TOKEN": WRITE, "HF_ENDPOINT": shop.stage.hub.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    environment = {**os.environ, **settings, "HF_HUB_DISABLE_TELEMETRY": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *words], env=environment, **pipes)  # type: ignore[call-overload, no-any-return]


def at_once(one: Shop, two: Shop) -> list[tuple[int, str, str]]:
    """Push two folders at once; return how each ended, and what it printed."""
    both = threading.Barrier(2, timeout=60)
    wait = one.stage.fault("POST", "/commit/main$", kind="call", times=2, action=both.wait)
    found = [(process, *process.communicate(timeout=120)) for process in [begin(one, PUSH), begin(two, PUSH)]]
    assert wait.fired == 2
    one.stage.hub.faults.clear()
    return [(process.returncode, out, error) for process, out, error in found]


def rival_of(shop: Shop, build: str) -> Shop:
    made = Shop(shop.stage, shop.builds, shop.work.with_name("rival"))
    made.build(build)
    return made


@pytest.mark.parametrize("released", [False, True], ids=["a first release", "a second release"])
def test_of_two_processes_that_release_other_things_at_once_one_is_told_and_is_next(shop: Shop, released: bool):
    shop.build()
    if released:
        shop.push()
    shop.build("more")
    rival = rival_of(shop, "seed")
    ends = at_once(shop, rival)
    assert sorted(code for code, _, _ in ends) == [0, 1]
    lost = rival if ends[1][0] else shop
    told = next(error for code, _, error in ends if code)
    assert "was changed by someone else during the push" in told and "Traceback" not in told
    before = list(shop.tags)
    assert len(before) == 1 + released
    last = lost.push()
    lost.stands(last)
    assert [tag for tag in shop.tags if tag not in before] == [f"v{last}"]
    for tag in before:
        ledger = shop.stage.hub.storage.object_path(shop.stage.held(tag)["ledger.json"])
        assert json.loads(ledger.read_text())["version"] == tag[1:]


def test_two_processes_that_release_the_same_folder_at_once_make_one_release(shop: Shop):
    shop.build()
    shop.push()
    shop.build("more")
    ends = at_once(shop, rival_of(shop, "more"))
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert sorted(out.strip() for _, out, _ in ends) == ["False", "True"]
    shop.stands("2.1.0")
    assert shop.tags == ["v2.0.0", "v2.1.0"] and shop.stage.commits().count("Release v2.1.0") == 1


def test_a_process_killed_as_it_uploads_while_the_card_is_edited_leaves_nothing_half(shop: Shop):
    shop.build()
    shop.push()
    shop.build("more")
    process: list[subprocess.Popen[str]] = []
    kill = shop.stage.fault("PUT", "/upload/", nth=2, kind="call", action=lambda: process[0].kill())
    process.append(begin(shop))
    process[0].communicate(timeout=120)
    assert kill.fired == 1 and process[0].returncode == -signal.SIGKILL
    assert shop.tags == ["v2.0.0"] and shop.stage.commits()[-1] == "Release v2.0.0"
    shop.edit()
    with pytest.raises(HubError, match=r"README.md was changed on the Hub since v2.0.0"):
        shop.push()
    assert shop.push(force=True) == "2.1.0"
    shop.stands("2.1.0")
