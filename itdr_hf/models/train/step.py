"""One real-size step of the recipe, measured: a random Llama of 3 B parameters, examples as long as the paper's.

`python -m itdr_hf.models.train.step` needs torch, transformers and peft, no model of the Hub and no data. It takes the
steps the trainer takes (LoRA, bf16, 1 × 8, activation checkpointing) with and without packing, on random tokens:
speed and memory do not depend on what the tokens say.

Operations a token: 4 N for the model of N parameters (2 forward, 2 backward for the activations; the base's
weights get no gradient), with recomputation 6 N, and attention's own by length; after Kaplan et al., 2020, app. B.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import time
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import TrainRecipe

LLAMA_3B = {"hidden_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 24, "num_key_value_heads": 8}
LLAMA_3B |= {"intermediate_size": 8192, "vocab_size": 128_256, "max_position_embeddings": 8192}
SMALL = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
SMALL |= {"intermediate_size": 128, "vocab_size": 500, "max_position_embeddings": 8192}
PEAKS = {"H100": 989.5, "H200": 989.5, "A100": 312.0, "L40S": 362.0, "4090": 165.2, "3090": 71.0}  # dense bf16 TFLOP/s
Example = tuple[int, int]  # tokens of a prompt, of its answer


def measure(recipe: TrainRecipe, shape: dict[str, int], *, steps: int, warm: int, peak: float | None) -> dict[str, Any]:
    """Speed and memory of the recipe's step on this machine's first device; tokens/s count prompts and answers."""
    torch = extra("torch")
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    model = _model(recipe, shape, device)
    batches = _batches(recipe, (warm + steps) * recipe.batch * recipe.accumulation)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=recipe.learning_rate)
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    seconds, tokens, examples, operations = 0.0, 0, 0, 0.0
    for number in range(warm + steps):
        started = _now(torch, cuda)
        group = batches[number * recipe.accumulation : (number + 1) * recipe.accumulation]
        for batch in group:
            ids, places, labels = _tensors(batch, shape["vocab_size"], device)
            with torch.autocast(device.type, torch.bfloat16):
                loss = model(input_ids=ids, position_ids=places, labels=labels).loss
            (loss / recipe.accumulation).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        spent = _now(torch, cuda) - started
        if number >= warm:
            seconds += spent
            tokens += sum(sum(example) for batch in group for example in batch)
            examples += sum(map(len, group))
            operations += sum(_operations(sum(example), shape) for batch in group for example in batch)
    again = 1.5 if recipe.gradient_checkpointing else 1.0
    return {
        "packing": recipe.packing,
        "checkpointing": recipe.gradient_checkpointing,
        "seconds_a_step": seconds / steps,
        "examples_a_second": examples / seconds,
        "tokens_a_second": tokens / seconds,
        "tokens_a_row": tokens / (steps * recipe.accumulation),
        "memory_gib": torch.cuda.max_memory_allocated() / 2**30 if cuda else None,
        "model_tflops": operations / seconds / 1e12,
        "share_of_peak": operations / seconds / 1e12 / peak if peak else None,
        "with_recomputation": again * operations / seconds / 1e12 / peak if peak else None,
        "trained_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "loss": float(loss.detach()),
    }


def _model(recipe: TrainRecipe, shape: dict[str, int], device: Any) -> Any:
    torch, transformers, peft = extra("torch"), extra("transformers"), extra("peft")
    torch.manual_seed(recipe.seed)
    config = transformers.LlamaConfig(**shape, tie_word_embeddings=True, use_cache=False, attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            base = transformers.LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(torch.float32)
    lora = peft.LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    model = peft.get_peft_model(base, lora)
    if recipe.gradient_checkpointing:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        base.enable_input_require_grads()
    return model.train()


def _batches(recipe: TrainRecipe, count: int) -> list[list[Example]]:
    """Rows of one example each or, packed, of as many as fit `max_length` (first that has room)."""
    drawn = _examples(recipe.seed)
    if not recipe.packing:
        return [[next(drawn)] for _ in range(count)]
    rows: list[list[Example]] = [[] for _ in range(count)]
    full = 0
    while full < count:  # each row closes when an example no longer fits
        example = next(drawn)
        if sum(map(sum, rows[full])) + sum(example) > recipe.max_length:
            full += 1
        if full < count:
            rows[full].append(example)
    return rows


def _examples(seed: int) -> Any:
    """Lengths without end: cells as often as they are in the paper's Table 5, lengths spread about its averages."""
    rng = random.Random(seed)
    with files("itdr_hf.tasks.itdr.paper").joinpath("statistics.csv").open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    weights = [int(cell["examples"]) for cell in cells]
    while True:
        cell = rng.choices(cells, weights)[0]
        asked = float(cell["avg_input_tokens"]) * rng.lognormvariate(-0.02, 0.2)
        yield max(8, min(round(asked), 3500)), max(2, round(float(cell["avg_output_tokens"])) + 1)


def _tensors(batch: Sequence[Example], vocabulary: int, device: Any) -> tuple[Any, Any, Any]:
    torch = extra("torch")
    total = sum(map(sum, batch))
    ids = torch.randint(0, vocabulary, (1, total), device=device)
    places = torch.cat([torch.arange(sum(example)) for example in batch])[None].to(device)
    trained = [flag for asked, answer in batch for flag in (*([False] * asked), *([True] * answer))]
    return ids, places, ids.masked_fill(~torch.tensor([trained], device=device), -100)


def _operations(length: int, shape: dict[str, int]) -> float:
    """Of one example, forward and backward, without recomputation and without LoRA's own, which are few."""
    hidden, heads, kv = shape["hidden_size"], shape["num_attention_heads"], shape["num_key_value_heads"]
    layer = hidden * hidden * (2 + 2 * kv / heads) + 3 * hidden * shape["intermediate_size"]
    dense = layer * shape["num_hidden_layers"] + hidden * shape["vocab_size"]
    attention = 2 * hidden * shape["num_hidden_layers"] * length  # causal: half of the square, scores and values
    return length * (4 * dense + 3 * attention)


def _now(torch: Any, cuda: bool) -> float:
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the four variants and print them, a JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--warm", type=int, default=2)
    parser.add_argument("--peak", type=float, help="bf16 TFLOP/s of the device; known for some")
    parser.add_argument("--small", action="store_true", help="a small shape, to try the script on a CPU")
    given = parser.parse_args(arguments)
    torch = extra("torch")
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    peak = given.peak or next((tflops for part, tflops in PEAKS.items() if part in name), None)
    print(json.dumps({"device": name, "peak_tflops": peak, "torch": torch.__version__}), flush=True)
    for packing in (False, True):
        for checkpointing in (True, False):
            recipe = TrainRecipe(model="random", packing=packing, gradient_checkpointing=checkpointing)
            shape = SMALL if given.small else LLAMA_3B
            found = measure(recipe, dict(shape), steps=given.steps, warm=given.warm, peak=peak)
            print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in found.items()}), flush=True)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
