"""The system that answers in a step: a baseline, a model behind a server, or one on this machine with its adapter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.experiments.options import BASELINE, is_baseline
from itdr_hf.models.predict.run import System
from itdr_hf.models.recommenders.baselines import BASELINES
from itdr_hf.models.recommenders.opening import open_baseline


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who is asked, and how; the fields are options of `itdr predict`."""

    model: str
    way: str = "generation"
    adapter: Path | None = None
    endpoint: str | None = None
    raw: Path | None = None
    dtype: str = "auto"
    max_tokens: int | None = None
    batch_tokens: int = 16_384
    revision: str | None = None
    other_prompts: bool = False  # the arm is about asking an adapter otherwise than it was tuned

    def words(self) -> list[str]:
        """Return these as words of a command line."""
        if is_baseline(self.model):
            name = self.model.removeprefix(BASELINE)
            return ["--baseline", name, *(["--raw", str(self.raw)] if name not in BASELINES else [])]
        words = ["--max-tokens", str(self.max_tokens)] if self.max_tokens else []
        words += ["--by", self.way] if self.way != "generation" else []
        if self.endpoint:
            return ["--endpoint", self.endpoint, "--model-name", self.model, *words]
        words += ["--adapter", str(self.adapter)] if self.adapter else []
        words += ["--revision", self.revision] if self.revision else []
        words += ["--dtype", self.dtype] if self.dtype != "auto" else []
        words += ["--other-prompts"] if self.other_prompts else []
        return ["--model", self.model, "--batch-tokens", str(self.batch_tokens), *words]


def label_of(model: str) -> str:
    """Return a system's name as a part of a path: of a folder its last part, of a Hub id both."""
    name = Path(model).resolve().name if Path(model).is_dir() else model
    return name.replace("/", "--").replace(":", "-")


def open_system(asking: Asking, dataset: Dataset, configs: Iterable[str] = ()) -> System:
    """Return the system that is asked the test split of some cells (none: all).

    Raises UsageError for a baseline of full logs without raw releases, and for an adapter that would be asked otherwise
    than it was tuned: with other prompts, or on another base.
    """
    if is_baseline(asking.model):
        return open_baseline("experiment", asking.model.removeprefix(BASELINE), dataset, asking.raw)
    return _served(asking) if asking.endpoint else _local(asking, dataset, configs)


def _served(asking: Asking) -> System:
    from itdr_hf.models.predict.served import Endpoint

    server = Endpoint(url=asking.endpoint or "", model=asking.model, max_tokens=asking.max_tokens)
    if asking.way == "generation":
        return server
    from itdr_hf.models.predict.served_likelihood import ServedLikelihood

    return ServedLikelihood(endpoint=server, normalise="sum")


def _local(asking: Asking, dataset: Dataset, configs: Iterable[str]) -> System:
    from itdr_hf.models.predict.likelihood import Likelihood
    from itdr_hf.models.predict.local import LocalModel
    from itdr_hf.models.train.same_prompts import check_prompts

    model = LocalModel(
        asking.model,
        adapter=str(asking.adapter) if asking.adapter else None,
        revision=asking.revision,
        dtype=asking.dtype,
        batch_tokens=asking.batch_tokens,
        max_tokens=asking.max_tokens,
    )
    if model.tuned and not asking.other_prompts:
        check_prompts(dataset, dataset.select(configs or None), model.tuned, model.tokenizer)
    if model.warnings:
        raise UsageError(model.warnings[0])
    if asking.way == "generation":
        return model
    return Likelihood(model.model, model.tokenizer, model.run)
