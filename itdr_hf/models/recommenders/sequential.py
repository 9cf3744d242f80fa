"""SASRec: the next item from the last ones, by causal self-attention (Kang and McAuley 2018).

Each position predicts the item after it against one random negative, by binary cross-entropy. A position is
counted from the end of its sequence, as left-padded sequences have it; short sequences are padded on the right,
where the causal mask alone hides the padding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from itdr_hf.models.recommenders.interactions import Features, Interactions, Ints
from itdr_hf.models.recommenders.losses import Tensor
from itdr_hf.models.recommenders.network import array
from itdr_hf.models.recommenders.sampling import PairSampler
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.vectors import Parameters, item_vectors, table

functional = torch.nn.functional
USERS_AT_ONCE = 1024


class SASRec:
    """A user is the last position of an encoder over the user's latest items; an item is its starting vector."""

    def __init__(self, train: Interactions, features: Features, settings: Settings, rng: np.random.Generator) -> None:
        self.settings, self.rng, self.pairs = settings, rng, PairSampler(train, rng)
        self.sequences = train.sequences
        self.items = item_vectors(train.item_count, settings.dim, features)
        self.blocks = [_block(settings.dim) for _ in range(settings.layers)]
        self.parameters = {**self.items.parameters, "positions": table(settings.length, settings.dim)}
        for depth, block in enumerate(self.blocks):
            self.parameters |= {f"block{depth}.{name}": tensor for name, tensor in block.items()}

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        trained = self.rng.permutation(np.flatnonzero((self.sequences.lengths > 1) & self.pairs.comparable))
        for start in range(0, len(trained), self.settings.batch):
            yield self._loss(trained[start : start + self.settings.batch])

    def scorer(self) -> DotScorer:
        """Return the encoded users, zero for a user without items, and the items."""
        with torch.no_grad():
            items = self.items()
            starts = range(0, len(self.sequences.lengths), USERS_AT_ONCE)
            users = [
                self._users(np.arange(s, min(s + USERS_AT_ONCE, len(self.sequences.lengths))), items) for s in starts
            ]
            return DotScorer(user_vectors=array(torch.cat(users)), item_vectors=array(items))

    def _users(self, users: Ints, items: Tensor) -> Tensor:
        latest, lengths = self._latest(users, drop=0)
        encoded = self._encode(functional.embedding(torch.from_numpy(latest), items), torch.from_numpy(lengths), 0.0)
        last = encoded[torch.arange(len(users)), torch.from_numpy(np.maximum(lengths - 1, 0))]
        return last * torch.from_numpy(lengths > 0)[:, None]

    def _loss(self, users: Ints) -> Tensor:
        """Return the cross-entropy of the next items and of as many negatives, over all real positions."""
        past, lengths = self._latest(users, drop=1)
        following, _ = self._latest(users, drop=0, width=past.shape[1] + 1)
        rows, places = np.nonzero(np.arange(past.shape[1]) < lengths[:, None])
        truth = following[rows, places + 1]  # `following` begins where `past` does, and has one item more
        negatives = self.pairs.negatives(users[rows])

        vectors = self.items(torch.from_numpy(past.ravel())).view(*past.shape, -1)
        encoded = self._encode(vectors, torch.from_numpy(lengths), self.settings.dropout)[rows, places]
        liked, other = ((encoded * self.items(torch.from_numpy(codes))).sum(dim=1) for codes in (truth, negatives))
        return (functional.softplus(-liked) + functional.softplus(other)).mean()

    def _latest(self, users: Ints, *, drop: int, width: int | None = None) -> tuple[Ints, Ints]:
        """Return the latest items of users but for the last `drop` (users × width, padded with 0), and how many."""
        lengths = np.clip(self.sequences.lengths[users] - drop, 0, width or self.settings.length)
        columns = np.arange(max(int(lengths.max(initial=0)), 1))
        first = self.sequences.starts[users + 1] - drop - lengths
        real = columns < lengths[:, None]
        places = np.where(real, first[:, None] + columns, 0)
        return np.where(real, self.sequences.items[places], 0), lengths

    def _encode(self, vectors: Tensor, lengths: Tensor, dropout: float) -> Tensor:
        """Run the blocks over (users × places × dim)."""
        from_end = (lengths[:, None] - 1 - torch.arange(vectors.shape[1])).clamp(min=0)
        hidden = vectors * self.settings.dim**0.5 + functional.embedding(from_end, self.parameters["positions"])
        hidden = functional.dropout(hidden, dropout, training=dropout > 0)
        for block in self.blocks:
            hidden = _attend(hidden, block, dropout)
        return functional.layer_norm(hidden, hidden.shape[-1:])


def _block(dim: int) -> Parameters:
    parts = {name: table(dim, dim) for name in ("query", "key", "value", "first", "second")}
    return parts | {name: torch.zeros(dim, requires_grad=True) for name in ("first_bias", "second_bias")}


def _attend(hidden: Tensor, block: Parameters, dropout: float) -> Tensor:
    """Apply one block: attention to earlier places, then two layers at each place, each added to its input."""
    normal = functional.layer_norm(hidden, hidden.shape[-1:])
    query, key, value = (
        inputs @ block[name].T for inputs, name in ((normal, "query"), (hidden, "key"), (hidden, "value"))
    )
    attended = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    hidden = hidden + functional.dropout(attended, dropout, training=dropout > 0)

    normal = functional.layer_norm(hidden, hidden.shape[-1:])
    inner = torch.relu(normal @ block["first"].T + block["first_bias"]) @ block["second"].T + block["second_bias"]
    return hidden + functional.dropout(inner, dropout, training=dropout > 0)
