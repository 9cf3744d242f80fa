"""The flow and the length plot for the card: true to the numbers, shown only while they are of its content."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from itdr_hf import catalogue
from itdr_hf.dataset import Dataset
from itdr_hf.errors import HubError
from itdr_hf.hub.local_files import read_folder
from itdr_hf.report.drawing import Box, Drawing, Ribbon, to_svg
from itdr_hf.report.flow import HEIGHT, Stream, flow
from report.conftest import itdr


@pytest.fixture(scope="module")
def drawn(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release with its pictures."""
    pytest.importorskip("matplotlib", reason="needs the extra [plots]")
    home = tmp_path_factory.mktemp("drawn")
    folder = shutil.copytree(release, home / "itdr")
    itdr("report", folder, "--out", home / "report.html", "--card", "--examples", 1)
    return folder


def drawn_flow(sizes: dict[str, int]) -> Drawing:
    """The picture of cells by name and number of examples."""
    known = catalogue.current()
    return flow([Stream(name, known.task_of(name), known.source_of(name), n) for name, n in sizes.items()], known)


def test_every_ribbon_is_as_thick_as_its_cell_has_examples():
    sizes = {name: catalogue.cell(name).size for name in catalogue.published()}
    ribbons = {s.cell: s for s in drawn_flow(sizes).shapes if isinstance(s, Ribbon) and s.cell}
    assert {name: r.thickness for name, r in ribbons.items()} == {
        name: pytest.approx(HEIGHT * n / sum(sizes.values())) for name, n in sizes.items()
    }


def test_ribbons_fill_the_bars_they_end_in():
    shapes = drawn_flow({name: catalogue.cell(name).size for name in catalogue.published()}).shapes
    for bar in (s for s in shapes if isinstance(s, Box)):
        for side in ("left", "right"):
            ends = [(r.y1, r.thickness) if side == "left" else (r.y0, r.thickness) for r in shapes if isinstance(r, Ribbon)
                    and (r.x1 == bar.x if side == "left" else r.x0 == bar.x + bar.width)
                    and bar.y - 1e-6 <= (r.y1 if side == "left" else r.y0) < bar.y + bar.height]  # fmt: skip
            assert not ends or sum(thickness for _, thickness in ends) == pytest.approx(bar.height)


def test_no_two_labels_of_a_column_overlap_however_small_a_cell_is():
    counts = {
        "tkr-mind": 100_000,
        **{f"tui-{s}": 1 for s in ("steam", "yelp", "mind", "pixelrec")},
        "cdr-amazon2023": 1,
    }
    drawing = drawn_flow(counts)
    words = sorted((s.x, s.y) for s in drawing.shapes if hasattr(s, "anchor"))
    assert all(b[1] - a[1] >= 13 for a, b in pairwise(words) if a[0] == b[0])
    assert all(0 < y < drawing.height for _, y in words)


def test_cells_of_an_unknown_source_or_subtask_are_drawn_under_their_ids():
    svg = to_svg(drawn_flow({"tkr-myshop": 10, "mine-myshop": 5, "rp-<b>": 5}), alone=True)
    texts = [e.text for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert any(t.startswith("myshop") for t in texts) and any(t.startswith("<b>") for t in texts)


def test_the_card_shows_the_pictures_and_the_hub_takes_them(drawn):
    card = (drawn / "README.md").read_text()
    for name in ("flow", "lengths"):
        assert f"](pictures/{name}.png)" in card
        assert (drawn / f"pictures/{name}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        ElementTree.fromstring((drawn / f"pictures/{name}.svg").read_text())
    assert {"pictures/flow.png", "pictures/lengths.svg"} <= set(read_folder(drawn).files)


def test_the_hub_still_refuses_any_other_file(drawn, tmp_path):
    copy = shutil.copytree(drawn, tmp_path / "itdr")
    (copy / "pictures/private.png").write_bytes(b"")
    with pytest.raises(HubError, match=r"private\.png: not in ledger\.json"):
        read_folder(copy)


def test_a_card_of_other_content_leaves_the_pictures_out(drawn, tmp_path):
    from itdr_hf.dataset.card import write_card

    copy = shutil.copytree(drawn, tmp_path / "itdr")
    dataset = Dataset.open(copy)
    dataset.record(replace(dataset.cells["nir-microlens"], content="0" * 64))
    write_card(dataset)
    assert "pictures/" not in (copy / "README.md").read_text()
