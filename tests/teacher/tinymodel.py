"""Writes a tiny untrained model that speaks in known words: `python tinymodel.py FOLDER WORD...` (needs transformers)."""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CHAT = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
ENDS = 2  # of the words, drawn at random: answers of some 70 words, no two alike


def main(folder: Path, words: list[str]) -> None:
    torch.manual_seed(0)
    vocabulary = {word: number for number, word in enumerate(["[UNK]", "[END]", *dict.fromkeys(words)])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="[END]", pad_token="[END]", unk_token="[UNK]")
    tokenizer.chat_template = CHAT
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(vocabulary), max_position_embeddings=2048, **size))
    model.generation_config.eos_token_id = list(range(1, 1 + ENDS))
    model.generation_config.do_sample = True  # the server takes the temperature only then
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
