"""A real server on loopback, `transformers serve`, and a tiny untrained model for it to serve."""

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

import pytest

NEEDED = ("torch", "transformers", "fastapi", "uvicorn")
CHAT = "{{ bos_token }} {% for m in messages %}{{ m['content'] }} {% endfor %}"
ENDS = 2  # of the words, drawn at random: answers of some 70 words, no two alike

needs_serving = pytest.mark.skipif(
    not all(map(find_spec, NEEDED)), reason="needs transformers[serving] and torch: make test-train"
)


def write_model(folder: Path, words: Iterable[str], *, sampled: bool) -> None:
    """A tiny untrained model that speaks in known words; `sampled`: a server then takes the temperature it is asked for."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[END]", *dict.fromkeys(words), "[BOS]"])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    begins = [("[BOS]", vocabulary["[BOS]"])]
    core.post_processor = processors.TemplateProcessing(single="[BOS] $A", special_tokens=begins)
    marks = {"bos_token": "[BOS]", "eos_token": "[END]", "pad_token": "[END]", "unk_token": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, **marks)
    tokenizer.chat_template = CHAT
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=len(vocabulary), max_position_embeddings=2048, initializer_range=0.5, **size)
    )
    model.generation_config.eos_token_id = list(range(1, 1 + ENDS))
    model.generation_config.do_sample = sampled
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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
