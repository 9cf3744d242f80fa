"""Train encoder–decoder models by transformers' Seq2SeqTrainer with LoRA; TRL has no trainer for them.

The encoder reads the prompt, as prediction tokenises it, and the decoder learns the answer with the end token. What is
longer than a recipe's `max_length` is an error, or loses the beginning of its prompt and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.pretrained import attempt, extra, unknown_token
from itdr_hf.models.train.data import IGNORED, Encoded, Row, encode_row, too_long
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.start import lora_config

CAUSAL_ONLY = ("max_length", "packing", "eval_packing", "dataset_kwargs")  # arguments of TRL's trainer
OVERFLOWING = ("t5", "mt5", "umt5", "longt5")  # architectures whose activations are too large for fp16


def encodes(model: Any) -> bool:
    """Return whether a model is an encoder–decoder."""
    return bool(getattr(model.config, "is_encoder_decoder", False))


def check_recipe(model: Any, recipe: TrainRecipe) -> None:
    """Raise UsageError for settings that encoder–decoder models do not have."""
    kind = str(model.config.model_type)
    if recipe.stage != "sft":
        raise UsageError(
            f"{recipe.model}: an encoder–decoder ({kind}); want a causal model for stage {recipe.stage}; choose another"
        )
    if recipe.start:
        raise UsageError(
            f"{recipe.model}: an encoder–decoder ({kind}); want a causal model to go on from an adapter; train without start"
        )
    if recipe.packing:
        raise UsageError(
            f"{recipe.model}: an encoder–decoder ({kind}) reads one prompt at a time; train without packing"
        )
    if recipe.precision == "fp16" and kind in OVERFLOWING:
        raise UsageError(f"{recipe.model}: {kind} overflows in fp16; want bf16 or fp32; change --precision")


def encode_seq2seq(mix: Mapping[str, Sequence[Row]], tokenizer: Any, recipe: TrainRecipe, room: int) -> Encoded:
    """Return the tokens of all rows: prompts as `input_ids`, answers as `labels`.

    `room` is not used: encoders here have relative positions. Raises UsageError for rows that are no instructions, and
    for prompts longer than `max_length` that may not be cut.
    """
    prompts: list[list[int]] = []
    answers: list[list[int]] = []
    over: list[tuple[int, str]] = []
    for name, rows in mix.items():
        for row in rows:
            prompt, answer = _encoded(name, row, tokenizer)
            if len(prompt) > recipe.max_length:
                over.append((len(prompt), row["id"]))
            prompts.append(prompt[-recipe.max_length :])
            answers.append(answer)
    if over and not recipe.allow_cut:
        raise UsageError(too_long(over, len(prompts), recipe.max_length, recipe.max_length + 1))
    missing = unknown_token(tokenizer)
    return Encoded(
        input_ids=prompts,
        labels=answers,
        cells={name: len(rows) for name, rows in mix.items()},
        cut=len(over),
        longest=max([*(length for length, _ in over), *map(len, prompts)]),
        turns=len(answers),
        unknown=sum(token == missing for tokens in (*prompts, *answers) for token in tokens),
    )


def _encoded(name: str, row: Row, tokenizer: Any) -> tuple[list[int], list[int]]:
    if "output" not in row:
        raise UsageError(
            f"{name}: turns or pairs of answers; want instructions, each with one prompt and one answer, for an "
            "encoder–decoder; choose other configs, or a causal model"
        )
    return encode_row(row, tokenizer)


def make_seq2seq_trainer(
    model: Any, tokenizer: Any, data: Mapping[str, Encoded], recipe: TrainRecipe, arguments: Mapping[str, Any]
) -> Any:
    """Return transformers' trainer on tokens that are ready; `arguments` are those of `sft`."""
    import datasets

    transformers, peft = extra("transformers"), extra("peft")
    sets = {
        split: datasets.Dataset.from_dict({"input_ids": made.input_ids, "labels": made.labels})
        for split, made in data.items()
    }
    lora = lora_config(recipe, "SEQ_2_SEQ_LM")
    transformers.set_seed(recipe.seed)  # the adapter is drawn here, before the trainer takes the seed
    tuned = attempt(
        recipe.model,
        lambda: peft.get_peft_model(model, lora),
        wanted=f"want a base that can be tuned so (targets: {recipe.targets}); change targets, or choose another base",
    )
    if recipe.gradient_checkpointing:
        model.enable_input_require_grads()  # or nothing below the frozen embeddings would be computed again
    kept = {name: value for name, value in arguments.items() if name not in CAUSAL_ONLY}
    return transformers.Seq2SeqTrainer(
        model=tuned,
        args=transformers.Seq2SeqTrainingArguments(**kept),
        train_dataset=sets["train"],
        eval_dataset=sets.get("validation"),
        processing_class=tokenizer,
        data_collator=transformers.DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=IGNORED),
    )
