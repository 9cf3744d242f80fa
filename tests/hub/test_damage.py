"""Bytes that are not the ones that were sent."""

from __future__ import annotations

import pytest
from hubserver.folders import contents
from hubserver.stage import Stage

from itdr_hf.errors import HubError

pytest_plugins = ("hubserver.plugin",)


def test_a_file_corrupted_at_rest_is_found_and_not_tagged(released: Stage) -> None:
    victim = "rp-yelp/train-00000-of-00001.parquet"
    digest = contents(released.new)[victim]
    released.fault("POST", "/commit/main$", kind="call", action=lambda: released.hub.storage.damage(digest))
    with pytest.raises(HubError, match=rf"{victim}: sha256 .*, wanted {digest[:12]}.*; no tag was made"):
        released.push(released.new)
    assert "refs/tags/v2.0.0" not in released.repo.refs
    assert released.held("v1.0.0") == contents(released.old)
    with pytest.raises(HubError, match=victim):
        released.push(released.new)
    released.hub.storage.damage(digest)  # flips the byte back
    released.assert_finishes()


def test_a_file_corrupted_on_its_way_up_is_found(released: Stage) -> None:
    released.fault("PUT", "/upload/", kind="corrupt")
    with pytest.raises(HubError, match=r"\.parquet: sha256 .*; no tag was made"):
        released.push(released.new)


def test_corruption_that_only_the_tree_was_asked_about_is_not_found(released: Stage) -> None:
    released.fault("PUT", "/upload/", kind="corrupt")
    assert released.push(released.new, verify="tree").tag == "v2.0.0"


def test_a_file_corrupted_on_its_way_down_is_fetched_again(released: Stage) -> None:
    released.fault("GET", "/object/", kind="corrupt", nth=3)
    released.push(released.new)
    assert len(released.hub.requests("GET", "/object/")) == 5
    released.assert_finishes()
