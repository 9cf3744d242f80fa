"""Hyperparameters of the learned recommenders, with defaults that suit a small set; `RECLM` has the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

from itdr_hf.errors import UsageError, unknown


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train. Losses are means over a batch, so that weights do not depend on its size.

    dim              length of user and item vectors
    layers           propagations over the graph (LightGCN, SGL, SimGCL), blocks of attention (SASRec)
    batch            pairs per step, or users per step of SASRec
    l2               weight of the squared starting vectors of a batch
    epochs           at most this many; `patience` epochs without a better validation end training earlier
    contrast         weight of the contrastive loss; `temperature` divides its cosines
    contrast_rows    users, and items, per step that are contrasted with one another
    keep             share of the pairs that an SGL view keeps; `noise` is the length of SimGCL's
    dropout, length  of SASRec, which reads the last `length` items
    """

    dim: int = 64
    layers: int = 2
    learning_rate: float = 5e-3
    batch: int = 2048
    l2: float = 1e-7
    epochs: int = 20
    patience: int = 5
    contrast: float = 0.0
    temperature: float = 0.2
    contrast_rows: int = 1024
    keep: float = 0.5
    noise: float = 0.1
    dropout: float = 0.2
    length: int = 50
    seed: int = 421

    def __post_init__(self) -> None:
        for name in ("dim", "layers", "batch", "epochs", "patience", "contrast_rows", "length"):
            if getattr(self, name) < 1:
                raise UsageError(f"setting {name}: {getattr(self, name)}; want 1 or more")
        for name in ("learning_rate", "temperature", "keep"):
            if getattr(self, name) <= 0:
                raise UsageError(f"setting {name}: {getattr(self, name)}; want more than 0")

    def changed(self, **changes: float) -> Settings:
        """Return a copy with some settings changed; UsageError for a name that does not exist."""
        known = [field.name for field in fields(self)]
        if stray := [name for name in changes if name not in known]:
            raise unknown("setting", stray[0], known)
        return replace(self, **changes)  # type: ignore[arg-type]


DEFAULTS: dict[str, Settings] = {
    "biasmf": Settings(),
    "ncf": Settings(),
    "lightgcn": Settings(epochs=30),
    "sgl": Settings(contrast=0.01),
    "simgcl": Settings(contrast=0.005),
    "sasrec": Settings(learning_rate=1e-3, batch=128, epochs=100),
}

_PAPER = Settings(dim=32, learning_rate=1e-3, batch=4096, epochs=50)
RECLM: dict[str, Settings] = {
    "biasmf": _PAPER,
    "ncf": _PAPER,
    "lightgcn": _PAPER,
    "sgl": _PAPER.changed(l2=1e-5, contrast=1e-2, temperature=0.1),
    "simgcl": _PAPER.changed(l2=1e-5, contrast=1e-2, temperature=0.1, noise=0.9),
}
"""What HKUDS/RecLM@b9a4072 sets. Too few steps for a small set: 90,000 pairs make 18 an epoch."""


def read_changes(texts: Sequence[str]) -> dict[str, float]:
    """Read NAME=VALUE texts as changes of settings; UsageError for an unknown name or a value of another type."""
    types = {name: type(value) for name, value in asdict(Settings()).items()}
    changes: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in types:
            raise unknown("setting", name, types)
        try:
            changes[name] = types[name](value)
        except ValueError as error:
            raise UsageError(f"setting {text!r}: {error}; want NAME=VALUE, such as dim=32") from error
    return changes
