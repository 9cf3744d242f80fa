"""How much quicker candidates are ranked by likelihood when they share the computed prompt, on a tiny model with random weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from itdr_hf.errors import ModelError
from itdr_hf.models.predict.likelihood import Likelihood, brute_force
from itdr_hf.models.predict.predictions import Run

PROMPT_TOKENS, CANDIDATES, ANSWER_TOKENS, ROUNDS = 512, 10, 10, 5
SPREAD = 8.0  # factor of the random weights: at 1 all scores are nearly alike, and so would be wrong ones
APART = 5.0  # nats between the best and the worst candidate, below which equal scores prove nothing


def measure() -> dict[str, float]:
    """Return the times faster than one pass for every candidate, and the largest difference of a score.

    Of one thread's processor time, the quickest of a few rounds. Needs torch and transformers.
    """
    import torch

    torch.set_num_threads(1)
    system = Likelihood(_model(), _Numbers(), Run(model="tiny", revision="", settings={}))
    prompt = [2 + place % 500 for place in range(PROMPT_TOKENS)]
    titles = [f"{k} " * ANSWER_TOKENS for k in range(CANDIDATES)]
    together, separate = system.scores(prompt, titles), list(brute_force(system, prompt, titles))
    if max(separate) - min(separate) < APART:
        raise ModelError(f"likelihood: scores from {min(separate)} to {max(separate)}; want them apart; raise SPREAD")
    shared = _quickest(lambda: system.scores(prompt, titles))
    alone = _quickest(lambda: list(brute_force(system, prompt, titles)))
    return {
        "times faster": alone / shared,
        "largest difference": max(abs(one - other) for one, other in zip(together, separate, strict=True)),
    }


class _Numbers:
    """A tokenizer of numbers: enough for a model with random weights."""

    eos_token_id = 1
    chat_template = None

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [2 + int(number) for number in text.split()]}


def _model() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=128,
        intermediate_size=344,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=1024,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() == 2:
                weights *= SPREAD
    return model


def _quickest(job: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        job()
        times.append(time.process_time() - started)
    return min(times)
