"""Load bases, tokenizers and adapters: the one place that does, and every way in which it can fail is one line.

Only safetensors are read, no code of a model is ever run, nothing is asked on the terminal, and with HF_HUB_OFFLINE
nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.weights import base_fault

TRAIN = "the extra [train]; pip install -e '.[train]' (on a machine without a GPU, pip install torch==2.13.0 first)"
QLORA = "it for --quantised; pip install bitsandbytes, or train without --quantised"
WANTED = "want a Hub id or a folder with config.json and weights"
SAFELY = {"trust_remote_code": False}  # None would ask on the terminal
PROMPT_DATE = date(2025, 1, 1)  # the prompts of a run must not change with the day it is run on
TODAYS = "strftime_now("
TODAY = re.compile(r"""strftime_now\(\s*(["'])(.*?)\1\s*\)""")
UNREACHED = ("couldn't connect to", "cached snapshot folder")  # in a library's words for what is nowhere
MAX_TEXT = 300  # of a library's own words


def extra(name: str, wanted: str = TRAIN) -> Any:
    """Return a module that is imported when it is needed; UsageError saying how to get it when it is not installed."""
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"models: {error.name or name} is not installed; want {wanted}") from error
    if name == "transformers" and not sys.stderr.isatty():  # a log would keep every step of "Loading weights"
        module.utils.logging.disable_progress_bar()
    return module


def best_device() -> str:
    """Return the first of cuda, mps and cpu that this machine has."""
    torch = extra("torch")
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def revision_of(name: str, model: Any) -> str:
    """Return the commit of a Hub model, or of a folder 16 hex digits of the sha256 of its weights and configs."""
    folder = Path(name)
    if not folder.is_dir():
        return str(getattr(getattr(model, "config", None), "_commit_hash", None) or "")
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".json", ".jinja", ".model")):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def load_tokenizer(name: str, *, revision: str | None = None) -> Any:
    """Return the tokenizer of a model; a chat template that writes the date of today writes PROMPT_DATE. Raises ModelError."""
    _check_place(name)
    transformers = extra("transformers")
    tokenizer = attempt(name, lambda: transformers.AutoTokenizer.from_pretrained(name, revision=revision, **SAFELY))
    template = str(tokenizer.chat_template or "")
    pinned = TODAY.sub(lambda found: json.dumps(PROMPT_DATE.strftime(found[2])), template)
    if TODAYS in pinned:
        raise ModelError(
            f"{name}: its chat template asks for the date in an unknown way; want strftime_now('…'); edit it"
        )
    if pinned != template:
        tokenizer.chat_template, tokenizer.prompt_date = pinned, PROMPT_DATE.isoformat()
    return tokenizer


def load_config(name: str, *, revision: str | None = None) -> Any:
    """Return the config of a base model; its `_commit_hash` is the commit that a Hub id stands for now.

    Raises UsageError for an adapter, ModelError for a folder that cannot be loaded.
    """
    _check_place(name)
    _refuse_adapter(name, revision)
    if Path(name).is_dir() and (fault := base_fault(Path(name))):
        raise ModelError(f"{name}: {fault}")
    transformers = extra("transformers")
    return attempt(name, lambda: transformers.AutoConfig.from_pretrained(name, revision=revision, **SAFELY))


def load_base(name: str, *, revision: str | None = None, dtype: Any = "auto", **more: Any) -> Any:
    """Return a base model on the CPU: causal or encoder–decoder; `more` goes to `from_pretrained`.

    Raises UsageError for an adapter, and ModelError for a model that is absent, damaged, pickled, in need of code of its
    own, or lacking weights, which would be random.
    """
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")  # it would ask the Hub to convert a pickled model
    config = load_config(name, revision=revision)
    transformers = extra("transformers")
    encodes = bool(getattr(config, "is_encoder_decoder", False))
    kind = transformers.AutoModelForSeq2SeqLM if encodes else transformers.AutoModelForCausalLM
    options = {"revision": getattr(config, "_commit_hash", None) or revision, "dtype": dtype, **SAFELY, **more}
    model, found = attempt(
        name,
        lambda: kind.from_pretrained(name, use_safetensors=True, output_loading_info=True, **options),
        quantised=_quantisation(config),
    )
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"{name}: {missing[0]} is not among its weights ({len(missing)} such), and would be random; "
            f"want a complete language model; download it again, or choose another"
        )
    return model


def check_quantised(name: str, config: Any) -> None:
    """Raise ModelError for a quantised base whose library is not here; loading it would say so after its download."""
    if kind := _quantisation(config):
        quantizers = extra("transformers.quantizers")
        attempt(
            name,
            lambda: quantizers.AutoHfQuantizer.from_config(config.quantization_config).validate_environment(),
            quantised=kind,
        )


def fit_padding(tokenizer: Any, model: Any) -> None:
    """Pad with the end token where the tokenizer has no padding token, or one that the model has no embedding for."""
    pad = tokenizer.pad_token_id
    if pad is None or pad >= embedding_rows(model):
        tokenizer.pad_token = tokenizer.eos_token


def unknown_token(tokenizer: Any) -> int | None:
    """Return the token that stands for characters the tokenizer lacks, None if there is none or it also ends texts."""
    token = getattr(tokenizer, "unk_token_id", None)
    return None if token == tokenizer.eos_token_id else token


def embedding_rows(model: Any) -> int:
    """Return the number of tokens that a model has embeddings for."""
    return int(model.get_input_embeddings().weight.shape[0])


def check_tokens(name: str, ids: list[int], tokenizer: Any, rows: int) -> None:
    """Raise ModelError for a token id that a model of that many embeddings does not have."""
    if (largest := max(ids, default=0)) >= rows:
        token = tokenizer.convert_ids_to_tokens(largest)
        raise ModelError(
            f"{name}: token {largest} ({token}) of the tokenizer, but its embeddings have {rows} rows; "
            "want the tokenizer of this model; use the one it came with"
        )


def check_numbers(name: str, scores: Any, dtype: Any) -> None:
    """Raise ModelError where a model's scores of tokens are no numbers: the likeliest would be any."""
    if bool(scores.isnan().any()):
        found = str(dtype).removeprefix("torch.")
        raise ModelError(
            f"{name}: its scores of tokens are not numbers in {found}; want numbers; ask with --dtype float32, or check "
            "its weights and the adapter's"
        )


def attempt(name: str, call: Any, *, quantised: str = "", wanted: str = WANTED) -> Any:
    """Return what a library loads; a ModelError of one line for whatever it raises instead."""
    try:
        return call()
    except UsageError:
        raise
    except Exception as error:  # transformers, peft and safetensors raise two dozen types
        text = " ".join(str(error).split()) or type(error).__name__
        if "trust_remote_code" in text:
            said = (
                "needs code of its own, which is never run here; want an architecture of transformers; choose another"
            )
        elif quantised:
            said = (
                f"quantised with {quantised}: {text[:MAX_TEXT]}; want its library, or a base in bf16, fp16 or fp32; "
                "install it, or choose another"
            )
        elif "ignore_mismatched_sizes" in text:
            said = "its weights have other shapes than its config.json says; want those of one model; download it again"
        elif any(words in text for words in UNREACHED):
            said = f"no such folder, not in the cache, and the Hub was not reached (offline?); {wanted}; check the name, or "
            said += f"download it when online: hf download {name}"
        else:
            said = f"{text[:MAX_TEXT]}; {wanted}"
        raise ModelError(f"{name}: {said}") from error


def _check_place(name: str) -> None:
    """Raise ModelError for what can only be a folder and is none, before any Hub is asked."""
    a_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or not name
    if a_path and not Path(name).is_dir():
        raise ModelError(f"{name or 'model'}: no such folder; {WANTED}; check the name")


def _refuse_adapter(name: str, revision: str | None) -> None:
    """Raise UsageError for an adapter in the place of a base: libraries would load its base in silence."""
    from transformers.utils import find_adapter_config_file

    found = attempt(name, lambda: find_adapter_config_file(name, revision=revision))
    if found is None:
        return
    config = attempt(name, lambda: json.loads(Path(found).read_text(encoding="utf-8")))
    base = config.get("base_model_name_or_path") or "another model"
    raise UsageError(
        f"{name}: is an adapter of {base}; want a base model; merge it first, "
        f"train on {base} itself, or ask both with --model {base} --adapter {name}"
    )


def _quantisation(config: Any) -> str:
    found = getattr(config, "quantization_config", None)
    if not found:
        return ""
    return str(found.get("quant_method", "an unnamed method") if isinstance(found, dict) else found.quant_method)
