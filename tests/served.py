"""A real server on loopback, `transformers serve`, and tiny models for it to serve."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NEEDED = ("torch", "transformers", "fastapi", "uvicorn")
CHAT = "{{ bos_token }} {% for m in messages %}{{ m['content'] }} {% endfor %}"
ENDS = 2  # of the words, drawn at random: answers of some 70 words, no two alike
SURE = 100.0  # of a logit: the temperature has no say

needs_serving = pytest.mark.skipif(
    not all(map(find_spec, NEEDED)), reason="needs transformers[serving] and torch: make test-train"
)


def write_model(folder: Path, words: Iterable[str]) -> None:
    """A tiny untrained model that speaks in known words: it answers each prompt in its own way, and greedily."""
    vocabulary = _write_tokenizer(folder, words)
    model = _llama(len(vocabulary), hidden_size=32)
    model.generation_config.eos_token_id = list(range(1, 1 + ENDS))
    model.save_pretrained(folder)


def write_parrot(folder: Path, words: Iterable[str]) -> None:
    """A tiny model that says these words, each once and in their order, at any temperature and whatever it is asked.

    A server draws every answer from one generator that each request seeds anew: what a model with a choice says
    to several requests at once depends on which comes first.
    """
    import torch

    vocabulary = _write_tokenizer(folder, words)
    model, every = _llama(len(vocabulary), hidden_size=len(vocabulary)), torch.eye(len(vocabulary))
    unknown, end, *said, begin = vocabulary.values()
    next_of = {unknown: said[0], end: end, begin: said[0], **dict(zip(said, [*said[1:], end], strict=True))}
    with torch.no_grad():
        for layer in model.model.layers:  # so that a word hangs on the one before it alone
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(every)
        model.lm_head.weight.copy_(SURE * every[[next_of[word] for word in vocabulary.values()]].T)
    model.generation_config.do_sample, model.generation_config.eos_token_id = True, end
    model.save_pretrained(folder)


def _write_tokenizer(folder: Path, words: Iterable[str]) -> dict[str, int]:
    """Whole words and three marks; returns the number of each, [UNK] first, [END] second, [BOS] last."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[END]", *dict.fromkeys(words), "[BOS]"])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    begins = [("[BOS]", vocabulary["[BOS]"])]
    core.post_processor = processors.TemplateProcessing(single="[BOS] $A", special_tokens=begins)
    marks = {"bos_token": "[BOS]", "eos_token": "[END]", "pad_token": "[END]", "unk_token": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, **marks)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    return vocabulary


def _llama(vocabulary: int, *, hidden_size: int) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    size = {"intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1, "head_dim": 32}
    shape = LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden_size, max_position_embeddings=2048, initializer_range=0.5, **size
    )
    return LlamaForCausalLM(shape)


@contextmanager
def serving(model: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server of the model in a folder, which it calls by the folder's name, and the server's log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["serve", model.name, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    command = [str(Path(sys.executable).with_name("transformers")), *words]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    logged = model.with_name(f"{model.name}.log")
    with logged.open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=model.parent, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1", logged
        finally:
            server.terminate()
            server.wait(20)


def answered(log: Path) -> int:
    """How many requests for a text the server's own log says it answered."""
    return len(re.findall(r"POST /v1/(?:chat/)?completions .* 200", log.read_text()))


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            assert server.poll() is None, "the server ended"
            time.sleep(0.1)
    raise AssertionError("the server does not come up")
