"""The builder: `Itdr(config_name="tkr-pixelrec", raw=...)`, or through `itdr_hf.load_dataset`.

Prepared data is in the Hugging Face cache under the name 'itdr', where plain `datasets.load_dataset` finds it without
this package.
"""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import datasets
from itdr_hf.builders.config import ItdrConfig
from itdr_hf.builders.generation import GeneratesExamples, SplitsByUser, features

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, identity
from itdr_hf.errors import unknown
from itdr_hf.runtime.hashing import fingerprint

VERSION = datasets.Version(catalogue.DATA_VERSION)


class Itdr(SplitsByUser, GeneratesExamples, datasets.GeneratorBasedBuilder):  # type: ignore[misc]  # datasets is untyped
    """Builds ITDR from raw files: a config for every cell and union, with fields of ItdrConfig as keyword arguments.

    `raw` is the folder of raw releases. The cache key covers raw content, recipe and code, so that a config is built
    again if any of them has changed, and loaded otherwise. Raises UsageError for an unknown config and MissingFileError
    for a missing release.
    """

    BUILDER_CONFIG_CLASS = ItdrConfig
    BUILDER_CONFIGS: ClassVar[list[ItdrConfig]] = [
        ItdrConfig(name=name, version=VERSION) for name in [*catalogue.published(), *catalogue.unions()]
    ]

    def __init__(
        self,
        *,
        config_name: str,
        raw: Path | str,
        family: str = catalogue.DEFAULT,
        tables_cache: Path | str | None = None,
        memory_limit: str | None = None,
        num_proc: int = 1,
        engine: str = "duckdb",
        spark_master: str | None = None,
        **kwargs: Any,
    ) -> None:
        changes = {name: value for name, value in kwargs.items() if name in ItdrConfig.__dataclass_fields__}
        unknown_options = [
            n for n in kwargs if n not in changes and n not in signature(datasets.DatasetBuilder.__init__).parameters
        ]
        if unknown_options:
            raise unknown("option", unknown_options[0], ItdrConfig.__dataclass_fields__)
        version = datasets.Version(catalogue.current().family(family).version)
        config = ItdrConfig(name=config_name, version=version, **changes)
        self.settings = Settings(
            raw=Path(raw).expanduser(),
            cache=Path(tables_cache) if tables_cache else None,
            bad=config.bad_rows(),
            memory_limit=memory_limit,
            num_proc=num_proc,
            engine=engine,
            spark_master=spark_master,
        )
        self.recipes = config.recipes(self.settings.known, family)
        key = fingerprint([identity(cell, recipe, self.settings) for cell, recipe in self.recipes])
        if config_name not in {c.name for c in self.BUILDER_CONFIGS}:  # registered later: a custom source
            self.BUILDER_CONFIGS = []  # type: ignore[misc]
        super().__init__(config_name=config_name, dataset_name=family, hash=key, version=version, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        cells = [cell for cell, _ in self.recipes]
        return datasets.DatasetInfo(
            description="; ".join(f"{cell.task.title} on {cell.source.title}" for cell in cells),
            features=features(cells[0].task.shape),
            citation="\n\n".join(dict.fromkeys(cell.source.citation for cell in cells)),
            license="; ".join(dict.fromkeys(cell.source.licence for cell in cells)),
        )
