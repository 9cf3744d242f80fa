"""Continue a batch of prompts token by token; rows that have ended leave it, so that short answers do not wait for long ones.

Whenever half of the rows have ended, the others go on from their cache as a smaller batch: a step costs less, and what
has ended can be kept at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from itdr_hf.models.pretrained import extra


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a batch is continued: at most `most` tokens, up to one of `ends`; `check` is a logits processor.

    `together` keeps all rows to the end, as beams and an encoder–decoder model want.
    """

    most: int
    ends: list[int]
    pad: int
    check: Callable[[Any, Any], Any]
    together: bool = False


def continued(model: Any, prompts: Sequence[list[int]], how: Decoding) -> Iterator[tuple[int, list[int]]]:
    """Yield the place of each prompt and its new tokens as they end; padding may follow an end token."""
    torch = extra("torch")
    width = max(map(len, prompts))
    ids = torch.tensor([[how.pad] * (width - len(row)) + row for row in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts], device=model.device)
    if how.together:
        ids, _ = _generate(model, ids, mask, how, how.most)
        begun = 1 if model.config.is_encoder_decoder else width  # a decoder begins with a token of its own
        yield from enumerate(ids[:, begun:].tolist())
        return

    places, cache = list(range(len(prompts))), None
    while places:
        left = how.most - (ids.shape[1] - width)
        ids, cache = _generate(model, ids, mask, how, left, cache=cache, stop=_half_ended(len(ids), width, how.ends))
        going = []
        for row, made in enumerate(ids[:, width:].tolist()):
            if len(made) < how.most and not any(token in how.ends for token in made):
                going.append(row)
            else:
                yield places[row], made

        places = [places[row] for row in going]
        rows = torch.tensor(going, dtype=torch.long, device=model.device)
        ids = ids[rows]
        mask = torch.nn.functional.pad(mask[rows], (0, ids.shape[1] - mask.shape[1]), value=1)
        cache = _rows_of(cache, rows)


def _half_ended(count: int, width: int, ends: Sequence[int]) -> Callable[[Any, Any], Any]:
    """Return what stops a batch of `count` rows, whose prompts are `width` wide, when half of them have ended."""
    torch = extra("torch")

    def stop(ids: Any, scores: Any) -> Any:
        ended = torch.isin(ids[:, width:], torch.tensor(ends, device=ids.device)).any(dim=1)
        return (2 * ended.sum() >= count).expand(count)

    return stop


def _generate(
    model: Any, ids: Any, mask: Any, how: Decoding, most: int, *, cache: Any = None, stop: Any = None
) -> tuple[Any, Any]:
    """Return prompts and answers as tokens, and the cache; what is in `cache` is not computed again."""
    with extra("torch").inference_mode():
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=most,
            pad_token_id=how.pad,
            eos_token_id=how.ends,
            logits_processor=[how.check],
            stopping_criteria=[stop] if stop else [],
            return_dict_in_generate=True,
            **({"past_key_values": cache} if cache is not None else {}),
        )
    return made.sequences, made.get("past_key_values")


def _rows_of(cache: Any, rows: Any) -> Any:
    """Return the cache of some rows; None where it has no rows to choose from, so that their tokens are computed again."""
    chosen_from = extra("transformers.cache_utils").DynamicLayer
    if not all(isinstance(layer, chosen_from) for layer in getattr(cache, "layers", [None])):
        return None
    cache.batch_select_indices(rows)
    return cache
