"""Small bases with random weights, of every kind that is found on the Hub: what tests load, train, export and break."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TURN = "{% for m in messages %}<|turn|>{{ m['role'] }}\n{{ m['content'] }}<|over|>\n{% endfor %}"
ASK = "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
TEMPLATES = {
    "chat": TURN + ASK,
    "dated": "<|turn|>system\nToday: {{ strftime_now('%d %b %Y') }}<|over|>\n" + TURN + ASK,
    "no-system": "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    + TURN
    + ASK,
}
TEMPLATES |= {"tied": TEMPLATES["chat"], "pad-is-eos": TEMPLATES["chat"]}
SPECIAL = ["<unk>", "<s>", "</s>", "<|turn|>", "<|over|>", "<pad>"]
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{0:064d}\nsize 12345\n"

LOADED = ("tied", "untied", "pad-is-eos", "no-pad", "no-template", "no-system", "dated", "pad-beyond")
BROKEN = {
    "quantised": "quantised with",
    "pointer": "model.safetensors is a Git LFS pointer",
    "cut-shard": "model-00001-of-0000",
    "bin-only": "pytorch_model.bin is pickled",
    "custom-code": "needs code of its own",
}


def make_tokenizer(kind: str = "untied", *, bytewise: bool = True) -> Any:
    """Return a tokenizer of bytes, or of printable ASCII with <unk> for all else."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet()) if bytewise else [*map(chr, range(32, 127)), "\n"]
    vocabulary = {token: place for place, token in enumerate([*SPECIAL, *letters])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=None if bytewise else "<unk>"))
    made.decoder = decoders.ByteLevel() if bytewise else decoders.Fuse()
    if bytewise:
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pad = {"pad-is-eos": "</s>", "no-pad": None, "pad-beyond": None}.get(kind, "<pad>")
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": None if bytewise else "<unk>", "pad_token": pad}
    given = {name: token for name, token in named.items() if token}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, **given)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|turn|>", "<|over|>"]})
    if kind == "pad-beyond":
        tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.chat_template = TEMPLATES.get(kind)
    return tokenizer


def make_base(folder: Path, kind: str = "untied", *, bytewise: bool = True, seed: int = 0) -> Path:
    """Write a base of one of LOADED or BROKEN."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    tokenizer = make_tokenizer(kind, bytewise=bytewise)
    config = LlamaConfig(
        vocab_size=len(tokenizer) - (kind == "pad-beyond"), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=16_384, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=kind == "tied", pad_token_id=None, initializer_range=0.2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder, max_shard_size="30KB" if kind == "cut-shard" else "1GB")
    tokenizer.save_pretrained(folder)
    damage(folder, kind)
    return folder


def damage(folder: Path, kind: str) -> None:
    """Break a base as its kind says."""
    weights = folder / "model.safetensors"
    if kind == "pointer":
        weights.write_text(POINTER)
    elif kind == "bin-only":
        weights.rename(folder / "pytorch_model.bin")
    elif kind == "cut-shard":
        shard = min(folder.glob("model-00001-of-*"))
        shard.write_bytes(shard.read_bytes()[:-100])
    elif kind == "quantised":
        change_json(folder / "config.json", quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 32})
    elif kind == "custom-code":
        code = {"AutoConfig": "modeling_x.XConfig", "AutoModelForCausalLM": "modeling_x.XForCausalLM"}
        change_json(folder / "config.json", model_type="x-of-our-own", auto_map=code)
        (folder / "modeling_x.py").write_text("raise SystemExit('this code ran')\n")


def change_json(path: Path, **changes: Any) -> None:
    """Change fields of a JSON file."""
    known = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**known, **changes}))


def scramble(adapter: Path, seed: int = 1) -> None:
    """Give an adapter weights that matter."""
    import safetensors.torch as files
    import torch

    torch.manual_seed(seed)
    path = adapter / "adapter_model.safetensors"
    tensors = files.load_file(path)
    new = {name: torch.randn_like(value) * 0.3 if "lora_B" in name else value for name, value in tensors.items()}
    files.save_file(new, path, metadata={"format": "pt"})
