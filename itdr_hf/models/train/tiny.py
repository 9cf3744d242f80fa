"""A small base for the whole loop on a CPU: a tokenizer and a Llama-shaped model, both trained from scratch.

It stands in for a model of the Hub: it has read the prompts of the training split and, apart from them and
shuffled, their answers, but never one after the other, so that it knows the words and not the task. What is
tuned on it shows that the plumbing works, with a pulse; its figures say nothing of any real model.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.data import mixed_rows
from itdr_hf.models.train.recipe import TINY, TrainRecipe, changed, read_weights
from itdr_hf.prompts import to_prompt_completion
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.progress import Progress
from itdr_hf.runtime.terminal import show_progress

END = "<|end|>"
PIECES = r" ?[^\s]+|\s"  # a word with its blank, or a line break: figures stay whole


@dataclass(frozen=True, kw_only=True)
class TinyShape:
    """Sizes of the model and of its training."""

    vocabulary: int = 2048
    hidden: int = 128
    layers: int = 2
    heads: int = 4
    inner: int = 352
    context: int = 1024
    batch_tokens: int = 4096
    learning_rate: float = 3e-3
    epochs: int = 1
    again: bool = False  # whether lines of a prompt are read once more behind it
    seed: int = 0


def make_base(folder: Path, out: Path, recipe: TrainRecipe, shape: TinyShape | None = None) -> dict[str, Any]:
    """Train tokenizer and model on the training split of a dataset folder; writes a folder as `from_pretrained` reads.

    Of the recipe count configs, weights and limit: what is read, and how often.

    Returns (and keeps in `tiny.json`) the shape, the number of parameters, documents and tokens, and the last loss.
    """
    sizes = shape or TinyShape()
    texts = list(documents(folder, recipe, sizes.seed, again=sizes.again))
    tokenizer = train_tokenizer(texts, sizes)
    extra("transformers").set_seed(sizes.seed)
    model = _model(sizes, tokenizer)
    ids = [[*row, tokenizer.eos_token_id] for row in tokenizer(texts)["input_ids"]]
    batches = [batch for epoch in range(sizes.epochs) for batch in _batches(ids, sizes, epoch)]
    loss = _train(model, batches, tokenizer.eos_token_id, sizes)
    facts = {"shape": asdict(sizes), "parameters": model.num_parameters(), "documents": len(texts)}
    facts |= {"tokens": sum(map(len, ids)), "loss": round(loss, 4), "torch": extra("torch").__version__}
    with new_folder(out) as draft:
        model.save_pretrained(draft)
        tokenizer.save_pretrained(draft)
        (draft / "tiny.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return facts


def documents(folder: Path, recipe: TrainRecipe, seed: int = 0, *, again: bool = False) -> Iterator[str]:
    """Prompts without answers, one in ten with its task description; then answers without prompts, shuffled.

    With `again`, some of a prompt's own lines follow it once more, in another order: so the base learns to look back, as
    any model of the Hub can, and nothing of the answers.
    """
    rows = [row for found in mixed_rows(folder, "train", recipe).values() for row in found]
    for place, row in enumerate(rows):
        text = to_prompt_completion(row if place % 10 == 0 else {**row, "instruction": ""})["prompt"]
        yield text + (_again(text, seed + place) if again else "")
    answers = [row["output"] for row in rows]
    random.Random(seed).shuffle(answers)
    for start in range(0, len(answers), 20):
        yield "\n".join(answers[start : start + 20])


def _again(text: str, seed: int) -> str:
    lines = [line for line in dict.fromkeys(text.splitlines()) if line.strip()]
    return "\n".join(random.Random(seed).sample(lines, len(lines) // 2))


def train_tokenizer(texts: Sequence[str], sizes: TinyShape) -> Any:
    """Return a byte-level BPE tokenizer; no text is unknown to it."""
    tokenizers = extra("tokenizers")
    pre, bytes_ = tokenizers.pre_tokenizers, tokenizers.pre_tokenizers.ByteLevel
    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    split = pre.Split(tokenizers.Regex(PIECES), "isolated")
    core.pre_tokenizer = pre.Sequence([split, bytes_(add_prefix_space=False, use_regex=False)])
    core.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=sizes.vocabulary, special_tokens=[END], initial_alphabet=bytes_.alphabet(), show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    made = extra("transformers").PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END, pad_token=END)
    made.model_max_length = sizes.context
    return made


def _model(sizes: TinyShape, tokenizer: Any) -> Any:
    transformers = extra("transformers")
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.hidden,
        intermediate_size=sizes.inner,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.heads,
        max_position_embeddings=sizes.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    return transformers.LlamaForCausalLM(config)


def _batches(ids: Sequence[list[int]], sizes: TinyShape, epoch: int) -> Iterator[list[list[int]]]:
    """Batches of like length, at most `batch_tokens` with padding, in random order."""
    made: list[list[list[int]]] = [[]]
    for row in sorted((row[: sizes.context] for row in ids), key=len):
        if (len(made[-1]) + 1) * len(row) > sizes.batch_tokens:
            made.append([])
        made[-1].append(row)
    random.Random(sizes.seed + epoch).shuffle(made)
    yield from (batch for batch in made if batch)


def _train(model: Any, batches: Sequence[list[list[int]]], pad: int, sizes: TinyShape) -> float:
    """All passes, warmed up and cosine to nought; the mean loss of the last tenth."""
    torch = extra("torch")
    optimizer = torch.optim.AdamW(model.parameters(), lr=sizes.learning_rate, weight_decay=0.01)
    losses: list[float] = []
    with show_progress("base") as progress:
        for number, batch in enumerate(batches):
            width = max(map(len, batch))
            ids = torch.tensor([row + [pad] * (width - len(row)) for row in batch])
            labels = torch.tensor([row + [-100] * (width - len(row)) for row in batch])
            warm = min(1.0, (number + 1) / 20)
            cool = 0.5 * (1 + math.cos(math.pi * number / len(batches)))
            for group in optimizer.param_groups:
                group["lr"] = sizes.learning_rate * warm * cool
            loss = model(input_ids=ids, attention_mask=(labels != -100).long(), labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
            progress(Progress("base", number + 1, len(batches), "steps", f"loss {losses[-1]:.4f}"))
    last = losses[-max(1, len(losses) // 10) :]
    return sum(last) / len(last)


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m itdr_hf.models.train.tiny itdr/ base/`: a base from a dataset folder, what it is in one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a dataset folder")
    parser.add_argument("out", type=Path, help="the folder of the base")
    names = "a config, union or pattern; several separated by commas, or given again"
    parser.add_argument("--config", action="extend", type=lambda text: text.split(","), help=names)
    parser.add_argument("--weight", action="append", help="as of `itdr train`; may be given again")
    parser.add_argument("--limit", type=int, help="prompts of a cell, at most")
    parser.add_argument("--layers", type=int, default=TinyShape.layers)
    parser.add_argument("--epochs", type=int, default=TinyShape.epochs, help="how often everything is read")
    parser.add_argument("--again", action="store_true", help="read some lines of a prompt once more behind it")
    given = parser.parse_args(arguments)
    shape = TinyShape(layers=given.layers, epochs=given.epochs, again=given.again)
    mix = {"configs": given.config, "weights": read_weights(given.weight), "limit": given.limit or 1_000_000}
    facts = make_base(given.folder, given.out, changed(TINY, mix), shape)
    print(f"{given.out}: {facts['parameters']:,} parameters, {facts['tokens']:,} tokens read, loss {facts['loss']}")


if __name__ == "__main__":
    main()
