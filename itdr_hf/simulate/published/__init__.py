"""Releases at the size that their owners publish: true formats, rows, users, items, bytes and skew, quickly and in little memory."""

from itdr_hf.simulate.published.figures import AMAZON2023, PUBLISHED, Figures, File
from itdr_hf.simulate.published.releases import write

__all__ = ["AMAZON2023", "PUBLISHED", "Figures", "File", "write"]
