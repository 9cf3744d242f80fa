"""Answers from a model on this machine: transformers, with or without a peft adapter (extra [train]).

Prompts go in batches of like length, the longest first, so that a batch too large for the memory shows at
once; it is then halved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question, most_tokens
from itdr_hf.models.pretrained import _device, _extra, _loaded, revision_of
from itdr_hf.prompts import token_ids

Asked = tuple[Question, list[int]]


class LocalModel:
    """A language model, causal or encoder–decoder: a Hub id or a folder, greedy unless `temperature` is above 0."""

    def __init__(
        self,
        name: str,
        *,
        adapter: str | None = None,
        revision: str | None = None,
        dtype: str = "auto",
        batch_tokens: int = 16_384,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        transformers = _extra("transformers")
        device = _device()
        try:
            self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                adapter or name, revision=None if adapter else revision
            )
        except (OSError, ValueError):  # an adapter may come without a tokenizer of its own
            self.tokenizer = _loaded(transformers.AutoTokenizer, name, revision=revision)
        config = _loaded(transformers.AutoConfig, name, revision=revision)
        self.encodes = bool(getattr(config, "is_encoder_decoder", False))
        kind = transformers.AutoModelForSeq2SeqLM if self.encodes else transformers.AutoModelForCausalLM
        model = _loaded(kind, name, revision=revision, dtype=dtype, use_safetensors=True)
        commit = revision_of(name, model)
        if adapter:
            model = _loaded(_extra("peft").PeftModel, model, adapter)
        self.model: Any = model.to(device).eval()
        self.batch_tokens, self.max_tokens = batch_tokens, max_tokens
        self.temperature, self.seed = temperature, seed
        settings: dict[str, Any] = {"form": "chat" if self.tokenizer.chat_template else "plain", "dtype": dtype}
        settings |= {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        if adapter:
            settings |= {"adapter": Path(adapter).name if Path(adapter).is_dir() else adapter}
            settings |= {"adapter_revision": revision_of(adapter, None)}
        self.run = Run(model=Path(name).name if Path(name).is_dir() else name, revision=commit, settings=settings)

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer all; `keep` gets each answer as its batch is done. A prompt beyond the context is refused."""
        _extra("transformers").set_seed(self.seed)
        asked = [(question, token_ids(self.tokenizer, question)) for question in questions]
        room = getattr(self.model.config, "max_position_embeddings", None) or 1 << 30
        fits = []
        for question, ids in asked:
            if len(ids) + self._most(question) > room:
                keep(question, Completion("", "refused", len(ids), 0))
            else:
                fits.append((question, ids))
        for batch in self._batches(fits):
            self._answer_batch(batch, keep)

    def _most(self, question: Question) -> int:
        return most_tokens(question.subtask, self.max_tokens)

    def _batches(self, asked: Sequence[Asked]) -> Iterator[list[Asked]]:
        """Batches of one answer length, prompts longest first, at most `batch_tokens` with padding and answers."""
        batch: list[Asked] = []
        for pair in sorted(asked, key=lambda a: (-self._most(a[0]), -len(a[1]), a[0].id)):
            first = batch[0] if batch else pair
            size = len(first[1]) + self._most(first[0])
            if batch and (self._most(pair[0]) != self._most(first[0]) or size * (len(batch) + 1) > self.batch_tokens):
                yield batch
                batch = []
            batch.append(pair)
        if batch:
            yield batch

    def _answer_batch(self, batch: list[Asked], keep: Keep) -> None:
        torch = _extra("torch")
        try:
            answers = self._generate(batch)
        except torch.OutOfMemoryError as error:
            if len(batch) == 1:
                long = len(batch[0][1])
                raise ModelError(
                    f"{batch[0][0].id}: no memory for a prompt of {long} tokens; want more; use a smaller model or dtype"
                ) from error
            answers = None
        if answers is None:  # outside the handler, which still holds the batch's memory
            torch.cuda.empty_cache()
            middle = len(batch) // 2
            self._answer_batch(batch[:middle], keep)
            self._answer_batch(batch[middle:], keep)
            return
        for (question, _), answered in zip(batch, answers, strict=True):
            keep(question, answered)

    def _generate(self, batch: list[Asked]) -> list[Completion]:
        torch = _extra("torch")
        width = max(len(ids) for _, ids in batch)
        ends = self._ends()
        pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else ends[0]
        ids = torch.tensor([[pad] * (width - len(row)) + row for _, row in batch], device=self.model.device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for _, row in batch], device=self.model.device)
        warm = {"do_sample": True, "temperature": self.temperature} if self.temperature else {"do_sample": False}
        cold = {} if self.temperature else {"temperature": None, "top_p": None, "top_k": None}
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=self._most(batch[0][0]),
                pad_token_id=pad,
                eos_token_id=ends,
                **warm,
                **cold,
            )
        begun = 1 if self.encodes else width  # a decoder begins with a token of its own, not with the prompt
        return [
            self._read(row, len(asked), ends) for row, (_, asked) in zip(made[:, begun:].tolist(), batch, strict=True)
        ]

    def _read(self, made: list[int], asked: int, ends: list[int]) -> Completion:
        stop = next((place for place, token in enumerate(made) if token in ends), None)
        text = self.tokenizer.decode(made[:stop], skip_special_tokens=True)
        return Completion(text, "length" if stop is None else "stop", asked, len(made) if stop is None else stop + 1)

    def _ends(self) -> list[int]:
        """Return the tokens that end an answer: the model's and the tokenizer's."""
        given = self.model.generation_config.eos_token_id
        listed = given if isinstance(given, list) else [given]
        ends = [token for token in dict.fromkeys([*listed, self.tokenizer.eos_token_id]) if token is not None]
        if not ends:
            raise ModelError(f"{self.run.model}: no end-of-text token; want one in its generation_config.json")
        return ends
