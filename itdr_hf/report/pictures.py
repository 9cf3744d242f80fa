"""The flow and the lengths as pictures in the dataset folder, for its card: SVG and PNG (extra [plots]).

A card on the Hub shows the PNG, since the Hub serves SVG files as text. The pictures are noted with the content
they are of, as the audit is; a card of other content leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from itdr_hf.dataset.card import PICTURES, note_pictures
from itdr_hf.dataset.folder import Dataset
from itdr_hf.report.drawing import Drawing, write_png, write_svg


def draw_for_card(dataset: Dataset, drawings: Mapping[str, Drawing]) -> list[Path]:
    """Draw the pictures of `write_report` into `pictures/` of the folder and write its card anew; gives their paths.

    Raises UsageError without matplotlib, and for a folder that was not built.
    """
    folder = dataset.as_built().folder
    paths = []
    for name, drawing in drawings.items():
        paths += [folder / PICTURES / f"{name}.{ending}" for ending in ("png", "svg")]
        write_png(drawing, paths[-2])
        write_svg(drawing, paths[-1])
    note_pictures(dataset)
    return paths
