"""A model as lm-evaluation-harness is to load it, so that it asks and decodes as `itdr predict` does.

Left to itself the harness obeys the base's generation_config.json, and lets a chat template write the date of today.
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/interface.md
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError
from itdr_hf.models.pretrained import check_quantised, extra, load_config, load_tokenizer

TOKENIZER = "tokenizer"  # folder beside the tasks, of a tokenizer whose template had to be pinned
# What a field of generation_config.json is set to so that it does nothing; those of sampling do nothing without it.
NEUTRAL: dict[str, float | int] = {
    "repetition_penalty": 1.0, "encoder_repetition_penalty": 1.0, "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0, "num_beams": 1, "num_return_sequences": 1, "min_length": 0, "min_new_tokens": 0,
}  # fmt: skip
LASTING = (
    "suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "force_words_ids", "constraints", "sequence_bias",
    "forced_bos_token_id", "forced_eos_token_id", "exponential_decay_length_penalty", "guidance_scale", "penalty_alpha",
    "dola_layers", "watermarking_config", "stop_strings",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HarnessModel:
    """What `lm_eval --model hf` takes: `--model_args`, `--gen_kwargs` ('' for none), and whether there is a chat template."""

    arguments: str
    generation: str
    chat: bool


def harness_model(name: str, out: Path, *, revision: str | None = None) -> HarnessModel:
    """Return how a base is to be loaded; a tokenizer with a pinned date is written below `out`.

    Raises ModelError for a base that cannot be loaded, or that decodes in a way that the harness cannot be talked out of.
    """
    config = load_config(name, revision=revision)
    check_quantised(name, config)
    commit = getattr(config, "_commit_hash", None) or revision
    tokenizer = load_tokenizer(name, revision=None if Path(name).is_dir() else commit)
    words = [f"pretrained={name}", *([f"revision={commit}"] if commit else [])]
    if getattr(tokenizer, "prompt_date", None):
        tokenizer.save_pretrained(out / TOKENIZER)
        words.append(f"tokenizer={out / TOKENIZER}")
    if odd := next((word for word in words if "," in word), ""):
        raise ModelError(f"{odd}: a comma, at which lm_eval would cut it; want a path without one; move it")
    own = _own_settings(name, commit)
    if lasting := [field for field in LASTING if field in own]:
        raise ModelError(
            f"{name}: its generation_config.json has {lasting[0]}, which lm_eval cannot be told to leave; want the likeliest "
            "answer; remove it in a copy of the base, or ask with `itdr predict`"
        )
    undone = ",".join(f"{field}={value}" for field, value in NEUTRAL.items() if field in own)
    return HarnessModel(arguments=",".join(words), generation=undone, chat=bool(tokenizer.chat_template))


def _own_settings(name: str, revision: str | None) -> dict[str, Any]:
    """Return what generation_config.json says besides the defaults; nothing where there is none."""
    kind = extra("transformers").GenerationConfig
    try:
        return dict(kind.from_pretrained(name, revision=revision).to_diff_dict())
    except OSError:  # none, or none that can be read: then the harness has none either
        return {}
