"""`load_dataset` for ITDR: reads the cache, and builds from raw files if necessary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.catalogue import current
from itdr_hf.errors import ItdrError, MissingFileError

if TYPE_CHECKING:
    import datasets


def load_dataset(
    path: str = "itdr",
    name: str = "all",
    *,
    split: str | None = None,
    data_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
    streaming: bool = False,
    **options: Any,
) -> datasets.Dataset | datasets.DatasetDict | datasets.IterableDataset | datasets.IterableDatasetDict:
    """Load a config of ITDR, as `datasets.load_dataset` does: one split, or a dict of all three.

    `data_dir` (or $ITDR_RAW) is the folder of raw releases; if it is given, everything not in the cache is built, and
    `options` may be any field of ItdrConfig, `num_proc`, `memory_limit`, or `engine` ("spark" plans on Spark and renders
    examples locally) and `spark_master`. Otherwise, and for any other `path`, `datasets.load_dataset` is called. Raises
    the package's own errors, not wrapped ones.
    """
    import datasets

    raw = data_dir or os.environ.get("ITDR_RAW")
    where = None if cache_dir is None else str(cache_dir)
    if path not in current().families() or raw is None:
        return _read(path, name, split=split, cache_dir=where, streaming=streaming, **options)
    from itdr_hf.builders.itdr import Itdr

    builder = Itdr(family=path, config_name=name, raw=raw, cache_dir=where, **options)
    if streaming:
        return builder.as_streaming_dataset(split=split)
    try:
        builder.download_and_prepare()
    except datasets.exceptions.DatasetGenerationError as error:
        raise _cause(error) from None
    return builder.as_dataset(split=split)


def _read(path: str, name: str, **options: Any) -> Any:
    import datasets

    try:
        return datasets.load_dataset(path, name, **options)
    except (FileNotFoundError, ConnectionError, datasets.exceptions.DatasetNotFoundError) as error:
        if path not in current().families():
            raise
        raise MissingFileError(
            f"{path}: neither a local folder nor in the Hugging Face cache; want one of them; "
            f"name the raw releases with data_dir=, or run `itdr build` first ({error})"
        ) from error


def _cause(error: BaseException) -> BaseException:
    """Return the package's own error inside a wrapped one, or else the error itself."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ItdrError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error
