"""Whether a folder asks with the prompts that an adapter was tuned on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.adapters import OpenedAdapter
from itdr_hf.models.train.data import prompt_facts


def check_prompts(
    dataset: Dataset, configs: Iterable[str], tuned: OpenedAdapter, tokenizer: Any, *, split: str = "test"
) -> None:
    """Raise UsageError where a split is asked otherwise than an adapter was tuned: other words, template or descriptions.

    Cells that it was not tuned on, and adapters of before the hash of each cell was kept, are not compared.
    """
    known = tuned.told("prompt").get("cells", {})
    shared = [name for name in configs if name in known and name in dataset.cells]
    now = prompt_facts(dataset, shared, tokenizer, split=split)["cells"] if shared else {}
    if other := [name for name in shared if known[name] != now[name]]:
        raise UsageError(
            f"{tuned.name}: was tuned on {other[0]} with prompts {known[other[0]]}, and this folder asks with "
            f"{now[other[0]]} ({len(other)} such); want the same wording and template; build the folder with the template "
            "it was tuned on, or ask all the same with --other-prompts"
        )
