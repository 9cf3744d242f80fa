"""Built datasets: the folder, its shards, ledger, card, statistics, differences and audit."""

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.folder import Dataset, opened

__all__ = ["BuiltCell", "Dataset", "opened"]
