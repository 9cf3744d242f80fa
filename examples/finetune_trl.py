"""For fine-tuners: a LoRA adapter on one config with plain `datasets`, TRL and PEFT.

    pip install -e '.[train]'
    python examples/finetune_trl.py itdr tkr-pixelrec --model meta-llama/Llama-3.2-3B --out adapter

`dataset` is a folder that `itdr build` wrote or a Hub id. `itdr train` does the same with the paper's whole recipe:
resuming, recipe.json, and longer examples refused rather than cut.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from datasets import load_dataset

from itdr_hf.models.train.lines import prompt_completion_turns
from itdr_hf.prompts import to_prompt_completion


def main() -> None:
    parser = argparse.ArgumentParser(description="Tune a LoRA adapter on one config of ITDR.")
    parser.add_argument("dataset", help="a dataset folder, or a Hub id")
    parser.add_argument("config", help="a cell or union, such as tkr-pixelrec, tkr or all")
    parser.add_argument("--model", required=True, help="Hub id or folder of the base")
    parser.add_argument("--out", default="adapter", help="folder of the adapter")
    parser.add_argument("--steps", type=int, default=-1, help="stop after so many; default: two epochs")
    parser.add_argument("--plain", action="store_true", help="without the model's chat template, if it has one")
    given = parser.parse_args()

    import torch
    from peft import LoraConfig
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    # `itdr predict --adapter` asks through the chat template if the adapter's tokenizer has one, and plainly if not;
    # the same functions make its prompts, so the model is asked as it was taught.
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    if given.plain:
        tokenizer.chat_template = None
    form = "chat" if tokenizer.chat_template else "plain"
    shape = prompt_completion_turns if form == "chat" else to_prompt_completion
    data = load_dataset(given.dataset, given.config)
    train = data["train"].map(shape, remove_columns=data["train"].column_names)

    trainer = SFTTrainer(
        model=given.model,
        processing_class=tokenizer,
        train_dataset=train,
        peft_config=LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
        args=SFTConfig(
            output_dir=given.out,
            max_steps=given.steps,
            num_train_epochs=2,
            learning_rate=1e-4,
            lr_scheduler_type="cosine",
            bf16=torch.cuda.is_available(),
            per_device_train_batch_size=1,
            gradient_accumulation_steps=8,
            max_length=2048,
            completion_only_loss=True,
            save_strategy="no",
            report_to="none",
            seed=0,
        ),
    )
    trainer.train()
    trainer.save_model(given.out)
    recipe = Path(given.out) / "recipe.json"
    recipe.write_text(json.dumps({"prompt": {"form": form}}) + "\n", encoding="utf-8")
    print(f"{given.out}: {trainer.state.global_step} steps, {len(train):,} examples, {form}")
    print(f"\n    itdr predict {given.dataset} --config {given.config} --model {given.model} --adapter {given.out}")


if __name__ == "__main__":
    main()
