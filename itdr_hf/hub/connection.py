"""A client that does not wait for ever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def connect(token: str | None = None, *, endpoint: str | None = None, timeout: float = 300.0) -> HfApi:
    """Return an HfApi whose requests end after `timeout` seconds of silence; by itself it would wait for ever.

    The limit holds for every client of this process. Xet, which has its own transport, is given two minutes
    to insist on a request, unless HF_XET_CLIENT_RETRY_MAX_DURATION says otherwise.
    """
    from huggingface_hub import HfApi, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def impatient_client() -> object:
        client = default_client_factory()
        client.event_hooks["request"].append(
            lambda request: request.extensions.update(
                timeout={k: min(v or timeout, timeout) for k, v in request.extensions["timeout"].items()}
            )
        )
        return client

    os.environ.setdefault("HF_XET_CLIENT_RETRY_MAX_DURATION", "120s")
    set_client_factory(impatient_client)
    return HfApi(token=token, endpoint=endpoint, library_name="itdr-hf")
