"""Answers from a model on this machine: transformers, with or without a peft adapter (extra [train]).

Prompts go in batches of similar length, the longest first, so that a batch too large for the memory is found at
once; it is then halved. Answers that have ended leave their batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.adapters import OpenedAdapter, open_adapter, other_base, put_on
from itdr_hf.models.predict.continuing import Decoding, continued
from itdr_hf.models.predict.decoding import decoding_facts, own_decoding, plain_decoding
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question, most_tokens
from itdr_hf.models.pretrained import (
    MAX_TEXT,
    best_device,
    check_numbers,
    check_tokens,
    embedding_rows,
    extra,
    load_base,
    load_tokenizer,
    revision_of,
)
from itdr_hf.models.provenance import library_versions, tokenizer_facts
from itdr_hf.prompts import token_ids

Asked = tuple[Question, list[int]]


class LocalModel:
    """A language model, causal or encoder–decoder: a Hub id or a folder, greedy unless `temperature` is above 0.

    `plain` asks without the chat template; None asks as the adapter was tuned, else through the template if there is
    one. `own_settings` decodes as the base's generation_config.json says (penalties, beams, sampling), which is ignored
    otherwise. `warnings` says what may be wrong with the pair of base and adapter.
    """

    def __init__(
        self,
        name: str,
        *,
        adapter: str | None = None,
        revision: str | None = None,
        adapter_revision: str | None = None,
        dtype: str = "auto",
        batch_tokens: int = 16_384,
        max_tokens: int | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        plain: bool | None = None,
        own_settings: bool = False,
    ) -> None:
        self.tuned = tuned = open_adapter(adapter, revision=adapter_revision) if adapter else None
        model = load_base(name, revision=revision, dtype=dtype)
        commit = revision_of(name, model)
        where = str(tuned.folder) if tuned and tuned.has_tokenizer else name
        self.tokenizer: Any = load_tokenizer(
            where, revision=None if where != name or Path(name).is_dir() else commit or revision
        )
        if _asks_plain(plain, tuned):
            self.tokenizer.chat_template = None
        self.encodes = bool(getattr(model.config, "is_encoder_decoder", False))
        self.rows = embedding_rows(model)
        own = model.generation_config
        model.generation_config = own_decoding(own, temperature) if own_settings else plain_decoding(own, temperature)
        if tuned:
            model = put_on(model, tuned)
        self.model: Any = model.to(best_device()).eval()
        self.batch_tokens, self.max_tokens, self.seed = batch_tokens, max_tokens, seed
        self.own_settings = own_settings
        settings: dict[str, Any] = {"dtype": str(model.dtype).removeprefix("torch."), "max_tokens": max_tokens}
        settings |= {"temperature": temperature, "seed": seed, "decoding": decoding_facts(model.generation_config)}
        settings |= {**tokenizer_facts(self.tokenizer), "libraries": library_versions()}
        if tuned:
            settings |= {"adapter": tuned.name, "adapter_revision": tuned.revision, "adapter_content": tuned.content}
        self.run = Run(
            model=Path(name).resolve().name if Path(name).is_dir() else name, revision=commit, settings=settings
        )
        self.warnings = tuple(_doubts(tuned, self.run)) if tuned else ()
        self.unknown = 0  # tokens of the prompts of the latest `answer` that stand for characters the tokenizer lacks

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer all; `keep` gets each answer as its batch is done. A prompt beyond the context is refused."""
        extra("transformers").set_seed(self.seed)
        asked = [(question, token_ids(self.tokenizer, question)) for question in questions]
        self._check(asked)
        room = getattr(self.model.config, "max_position_embeddings", None) or 1 << 30
        fits = []
        for question, ids in asked:
            if len(ids) + self._most(question) > room:
                keep(question, Completion("", "refused", len(ids), 0))
            else:
                fits.append((question, ids))
        for batch in self._batches(fits):
            self._answer_batch(batch, keep)

    def _check(self, asked: Sequence[Asked]) -> None:
        unknown = getattr(self.tokenizer, "unk_token_id", None)
        for _, ids in asked:
            check_tokens(self.run.model, ids, self.tokenizer, self.rows)
        ends = {self.tokenizer.bos_token_id, self.tokenizer.eos_token_id, self.tokenizer.pad_token_id}
        self.unknown = 0
        if unknown is not None and unknown not in ends:
            self.unknown = sum(token == unknown for _, ids in asked for token in ids)

    def _most(self, question: Question) -> int:
        return most_tokens(question.subtask, self.max_tokens)

    def _batches(self, asked: Sequence[Asked]) -> Iterator[list[Asked]]:
        """Batches of one task each, prompts longest first, at most `batch_tokens` with padding and answers."""
        batch: list[Asked] = []
        for pair in sorted(asked, key=lambda a: (-self._most(a[0]), a[0].subtask, -len(a[1]), a[0].id)):
            first = batch[0] if batch else pair
            size = len(first[1]) + self._most(first[0])
            if batch and (pair[0].subtask != first[0].subtask or size * (len(batch) + 1) > self.batch_tokens):
                yield batch
                batch = []
            batch.append(pair)
        if batch:
            yield batch

    def _answer_batch(self, batch: Sequence[Asked], keep: Keep) -> None:
        torch, ends = extra("torch"), self._ends()
        left, full = dict(enumerate(batch)), False
        try:
            for place, made in self._generate(batch, ends):
                question, ids = left.pop(place)
                keep(question, self._read(made, len(ids), ends))
        except torch.OutOfMemoryError as error:
            if len(batch) == 1:
                long = len(batch[0][1])
                raise ModelError(
                    f"{batch[0][0].id}: no memory for a prompt of {long} tokens; want more; use a smaller model or dtype"
                ) from error
            full = True
        if full:  # outside the handler, which still holds the batch's memory
            torch.cuda.empty_cache()
            rest = list(left.values())
            middle = (len(rest) + 1) // 2
            for part in filter(None, (rest[:middle], rest[middle:])):
                self._answer_batch(part, keep)

    def _generate(self, batch: Sequence[Asked], ends: list[int]) -> Iterator[tuple[int, list[int]]]:
        """Yield the place of each question in its batch and the tokens of its answer, as they end."""
        how = Decoding(
            most=self._most(batch[0][0]),
            ends=ends,
            pad=self._padding(ends),
            check=self._checked,
            together=self.encodes or self.own_settings,
        )
        try:
            yield from continued(self.model, [ids for _, ids in batch], how)
        except (ValueError, TypeError) as error:  # settings that transformers refuses
            said = " ".join(str(error).split())[:MAX_TEXT]
            raise ModelError(
                f"{self.run.model}: {said}; want settings that transformers takes; correct its generation_config.json, or "
                "leave out --own-settings"
            ) from error

    def _checked(self, ids: Any, scores: Any) -> Any:
        """Return the scores of the next token as they are, unless they are no numbers."""
        check_numbers(self.run.model, scores, self.model.dtype)
        return scores

    def _padding(self, ends: list[int]) -> int:
        """Return a token to pad with that the model has an embedding for; padding is masked, so any will do."""
        pad = self.tokenizer.pad_token_id
        fitting: list[int] = [token for token in (pad, *ends, 0) if token is not None and token < self.rows]
        return fitting[0]

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


def _asks_plain(plain: bool | None, tuned: OpenedAdapter | None) -> bool:
    """Return whether to leave out the chat template. Raises UsageError where the adapter was tuned the other way."""
    form = tuned.form if tuned else ""
    if plain is None:
        return form == "plain"
    if tuned and form and (form == "plain") is not plain:
        option = "without --plain" if plain else "with --plain"
        raise UsageError(f"{tuned.name}: was tuned on {form} prompts; want it asked the same way; run {option}")
    return plain


def _doubts(tuned: OpenedAdapter, run: Run) -> Iterator[str]:
    """Yield warnings: an adapter on another base than it was tuned on, or asked with other prompts."""
    prompt = tuned.told("prompt")
    if other := other_base(tuned, run.model, run.revision):
        yield f"{other}; want the same weights; its answers say nothing of either"
    if odd := tuned.shape_fault:
        yield f"{tuned.name}: {odd}; want those of one run; copy the adapter again"
    for name in ("tokenizer", "template"):
        if prompt.get("tokenizer") and prompt.get(name) != run.settings.get(name):
            yield f"{tuned.name}: was tuned with another {name}; want the tokenizer it was trained with; check its files"
