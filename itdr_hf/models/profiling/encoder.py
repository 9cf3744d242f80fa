"""Vectors of texts from any encoder of the Hub or in a folder: the mean of its last layer over a text's tokens, of length 1.

https://huggingface.co/docs/transformers/model_doc/auto#transformers.AutoModel
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itdr_hf.models.pretrained import SAFELY, attempt, best_device, extra, load_config, load_tokenizer, revision_of
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

TOGETHER = 32  # texts
LONGEST = 512  # tokens, where the encoder does not take more


class Encoder:
    """An encoder: a Hub id or a folder. Raises ModelError where it cannot be loaded."""

    def __init__(self, name: str, *, revision: str | None = None) -> None:
        config = load_config(name, revision=revision)
        commit: str | None = getattr(config, "_commit_hash", None) or revision
        self.tokenizer = load_tokenizer(name, revision=commit)
        options = {"revision": commit, "use_safetensors": True, **SAFELY}
        model = attempt(name, lambda: extra("transformers").AutoModel.from_pretrained(name, **options))
        self.model: Any = model.to(best_device()).eval()
        self.revision = revision_of(name, model)
        self.longest = min(LONGEST, getattr(config, "max_position_embeddings", None) or LONGEST)

    def vectors(self, texts: Sequence[str], *, progress: OnProgress = ignore) -> list[list[float]]:
        """Return a vector of length 1 for each text, of zeros for an empty one; a longer text is cut at its end."""
        found: dict[int, list[float]] = {}
        order = sorted(range(len(texts)), key=lambda place: (-len(texts[place]), place))
        for start in range(0, len(order), TOGETHER):
            part = order[start : start + TOGETHER]
            found |= dict(zip(part, self._together([texts[place] for place in part]), strict=True))
            progress(Progress("embedding", len(found), len(texts), "profiles"))
        return [found[place] for place in range(len(texts))]

    def _together(self, texts: Sequence[str]) -> list[list[float]]:
        torch = extra("torch")
        read = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
        ).to(self.model.device)
        with torch.inference_mode():
            layer = self.model(**read).last_hidden_state.float()
        mask = read["attention_mask"].unsqueeze(-1)
        mean = (layer * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        unit = torch.nn.functional.normalize(mean, dim=1)
        there = torch.tensor([[bool(text.strip())] for text in texts], device=unit.device)
        rows: list[list[float]] = (unit * there).cpu().tolist()
        return rows
