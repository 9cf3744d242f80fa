"""Where users and items start: a vector per code, or a network over their text, with profiles joined to it.

    base        user: own vector                      item: T_raw(text), or own vector without texts
    augmented   user: Ψ(own vector | T_pro(profile))  item: Ψ(T_raw(text) | T_pro(profile))

After RecLM section 2.2, eq. 1 and 2: T_raw and T_pro are networks of one hidden layer, Ψ is linear, and item
vectors that come of a text have length 1, as in its code.
"""

from __future__ import annotations

from typing import TypeAlias

import torch

from itdr_hf.models.recommenders.interactions import Features, Floats
from itdr_hf.models.recommenders.losses import Tensor

Parameters: TypeAlias = dict[str, Tensor]


class StartingVectors:
    """The starting vectors of one side, and the parameters they come from, named after `name`."""

    def __init__(
        self, name: str, count: int, dim: int, *, text: Floats | None = None, profile: Floats | None = None
    ) -> None:
        self.name, self.parameters = name, Parameters()
        self.text = None if text is None else torch.from_numpy(text)
        self.profile = None if profile is None else torch.from_numpy(profile)
        if self.text is None:
            self.parameters[name] = table(count, dim)
        else:
            self._add_network("text", self.text.shape[1], dim)
        if self.profile is not None:
            self._add_network("profile", self.profile.shape[1], dim)
            self.parameters[f"{name}.join"] = table(dim, 2 * dim)

    def __call__(self, codes: Tensor | None = None) -> Tensor:
        """Return the vectors of some codes, or of all (rows × dim); only what is asked for is computed."""
        own = _rows(self.parameters[self.name], codes) if self.text is None else self._network("text", self.text, codes)
        if self.profile is not None:
            joined = torch.cat([own, self._network("profile", self.profile, codes)], dim=1)
            own = joined @ self.parameters[f"{self.name}.join"].T
        return own if self.text is None else torch.nn.functional.normalize(own)

    def _add_network(self, part: str, width: int, dim: int) -> None:
        self.parameters[f"{self.name}.{part}.first"] = table(dim, width)
        self.parameters[f"{self.name}.{part}.bias"] = torch.zeros(dim, requires_grad=True)
        self.parameters[f"{self.name}.{part}.second"] = table(dim, dim)

    def _network(self, part: str, inputs: Tensor, codes: Tensor | None) -> Tensor:
        first, bias, second = (self.parameters[f"{self.name}.{part}.{layer}"] for layer in ("first", "bias", "second"))
        hidden = torch.nn.functional.leaky_relu(_rows(inputs, codes) @ first.T + bias)
        return hidden @ second.T


def user_vectors(count: int, dim: int, features: Features, name: str = "user") -> StartingVectors:
    """Return the users' side: own vectors, joined with profiles where there are any."""
    return StartingVectors(name, count, dim, profile=features.user_profiles)


def item_vectors(count: int, dim: int, features: Features, name: str = "item") -> StartingVectors:
    """Return the items' side: texts or own vectors, joined with profiles where there are any."""
    return StartingVectors(name, count, dim, text=features.item_texts, profile=features.item_profiles)


def table(rows: int, columns: int) -> Tensor:
    """Return a trainable matrix (rows × columns) with Glorot's uniform start, from torch's global generator."""
    return torch.nn.init.xavier_uniform_(torch.empty(rows, columns)).requires_grad_()


def _rows(matrix: Tensor, codes: Tensor | None) -> Tensor:
    return matrix if codes is None else torch.nn.functional.embedding(codes, matrix)
