"""How a local model decodes: exactly what the options say, or on request what its generation_config.json says.

https://huggingface.co/docs/transformers/main_classes/text_generation#transformers.GenerationConfig
"""

from __future__ import annotations

from typing import Any

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.pretrained import extra

# Which tokens begin, end and fill a text is a fact of the model; all other fields are decisions about decoding.
TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


def plain_decoding(own: Any, temperature: float) -> Any:
    """Return the likeliest token at every step or, above temperature 0, a draw from all; of `own` only its tokens."""
    kept = {name: value for name in TOKENS if (value := getattr(own, name, None)) is not None}
    _check_ids(kept)
    drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
    steady = {"num_beams": 1, "num_return_sequences": 1, "repetition_penalty": 1.0}
    return extra("transformers").GenerationConfig(**{"do_sample": False, **steady, **drawn, **kept})


def _check_ids(kept: dict[str, Any]) -> None:
    """Raise ModelError for tokens that are no ids, which generation would stumble over."""
    for name, value in kept.items():
        if not all(isinstance(token, int) for token in (value if isinstance(value, list) else [value])):
            raise ModelError(
                f"generation_config.json: {name} {value!r}; want ids of tokens; correct it, or download it again"
            )


def own_decoding(own: Any, temperature: float) -> Any:
    """Return the model's own settings, with one answer a prompt. Raises UsageError for a temperature besides them."""
    if temperature:
        raise UsageError(f"predict: --own-settings and --temperature {temperature:g}; want one of them; leave one out")
    given = {**own.to_dict(), "num_return_sequences": 1}
    given = {name: value for name, value in given.items() if name not in ("max_length", "max_new_tokens")}
    return extra("transformers").GenerationConfig.from_dict(given)


def decoding_facts(config: Any) -> dict[str, Any]:
    """Return the decisions about decoding that differ from doing nothing, for the record; greedy is do_sample false."""
    found = {name: value for name, value in config.to_diff_dict().items() if name not in TOKENS}
    kept = {name: value for name, value in found.items() if not name.startswith(("_", "transformers_version"))}
    return {"do_sample": bool(config.do_sample), **kept}
