"""ITDR-HF: build recommendation instructions from raw data, audit and publish them, tune models on them, and score.

Names are imported on first use, so that `import itdr_hf` is fast.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from itdr_hf.builders.config import ItdrConfig as ItdrConfig
    from itdr_hf.builders.itdr import Itdr as Itdr
    from itdr_hf.catalogue import cell_names as cell_names
    from itdr_hf.catalogue import register as register
    from itdr_hf.loading import load_dataset as load_dataset
    from itdr_hf.raw.source import RatingScale as RatingScale
    from itdr_hf.raw.source import Words as Words
    from itdr_hf.sources.own import own_source as own_source

__version__: str

_CHECKOUT = Path(__file__).parent.parent
if (_CHECKOUT / "builders/itdr.py").is_file():  # a checkout, in which builders/ and cards/ are outside this folder
    __path__.append(str(_CHECKOUT))

_HOMES = {
    "Itdr": "itdr_hf.builders.itdr",
    "ItdrConfig": "itdr_hf.builders.config",
    "cell_names": "itdr_hf.catalogue",
    "load_dataset": "itdr_hf.loading",
    "own_source": "itdr_hf.sources.own",
    "register": "itdr_hf.catalogue",
    "RatingScale": "itdr_hf.raw.source",
    "Words": "itdr_hf.raw.source",
}

__all__ = ["Itdr", "ItdrConfig", "RatingScale", "Words", "cell_names", "load_dataset", "own_source", "register"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("itdr-hf")
    if name not in _HOMES:
        raise AttributeError(f"module 'itdr_hf' has no attribute {name!r}; have: {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
