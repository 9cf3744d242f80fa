"""The dataset folders of arms: the whole dataset, a sample of it, parts of that; each with its ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from itdr_hf import ablations
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.experiments.declaration import Data
from itdr_hf.records import SPLITS

if TYPE_CHECKING:
    import datasets


def write_data(data: Data, whole: Path, out: Path, *, sampled: float, configs: tuple[str, ...] = ()) -> Dataset:
    """Write the folder of an arm, made of the cells of a whole dataset; what is at `out` is replaced.

    Raises UsageError when nothing is left to train on.
    """
    shutil.rmtree(out, ignore_errors=True)
    with TemporaryDirectory(prefix="itdr-experiment-") as cache, _without_bars():
        ds = load(whole, configs or data.configs, Path(cache))
        if data.protocol != "whole":
            ds = ablations.paper_protocol(ds, by=data.protocol, sampled=sampled)
        for change in _changes(data):
            ds = change(ds)
        if not len(ds["train"]):
            raise UsageError(f"{data.name}: no training example is left; want cells of other tasks too; add --config")
        ablations.save(ds, out, of=whole)
    return Dataset.open(out)


def load(folder: Path, configs: tuple[str, ...], cache: Path) -> datasets.DatasetDict:
    """Load cells of a dataset folder as one dataset with all splits."""
    import datasets

    dataset = Dataset.open(folder).as_built()
    cells = [name for name in dataset.catalogue.select(configs or None, dataset.ledger.family) if name in dataset.cells]
    paths = {split: [str(path) for name in cells for path in dataset.paths(name, split)] for split in SPLITS}
    read = partial(datasets.Dataset.from_parquet, cache_dir=str(cache))
    return datasets.DatasetDict({split: read(found) for split, found in paths.items() if found})


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep the library's progress bars away, which know nothing of ours."""
    import datasets

    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def _changes(data: Data) -> list[Callable[[datasets.DatasetDict], datasets.DatasetDict]]:
    """Return what is done to the sample, in order."""
    changes: list[Callable[[datasets.DatasetDict], datasets.DatasetDict]] = []
    if data.left_out:
        changes.append(lambda ds: ablations.leave_out(ds, *data.left_out))
    if data.share < 1:
        changes.append(lambda ds: ablations.fraction(ds, data.share))
    if data.blanked:
        changes.append(lambda ds: ablations.without_descriptions(ds, train_only=data.blanked == "train"))
    return changes
