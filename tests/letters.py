"""A tokenizer of letters and tiny models with random weights, loaded as systems that rank by likelihood."""

from __future__ import annotations

from itdr_hf.models.predict.likelihood import Likelihood
from itdr_hf.models.predict.predictions import Run

RUN = Run(model="tiny", revision="", settings={"seed": 0})


class Letters:
    """A tokenizer of letters: enough for a model with random weights."""

    eos_token_id = 1
    chat_template = None

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [2 + ord(letter) % 60 for letter in text]}


def system(kind: str, normalise: str = "sum") -> Likelihood:
    import torch
    import transformers

    torch.manual_seed(0)
    if kind == "t5":
        config = transformers.T5Config(
            vocab_size=64, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0
        )
        model = transformers.T5ForConditionalGeneration(config)
    else:
        config = transformers.LlamaConfig(
            vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=512,
        )  # fmt: skip
        model = transformers.LlamaForCausalLM(config)
    return Likelihood(model.eval(), Letters(), RUN, normalise=normalise)  # type: ignore[arg-type]
