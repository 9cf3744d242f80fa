"""Connect to the Hub with a client that times out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def connect(token: str | None = None, *, endpoint: str | None = None, timeout: float = 300.0) -> HfApi:
    """Return an HfApi whose requests time out after `timeout` seconds of silence; by default they never do.

    The limit applies to every client of this process. Xet, which has its own transport, may retry a request for two
    minutes, unless HF_XET_CLIENT_RETRY_MAX_DURATION is set.
    """
    from huggingface_hub import HfApi, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def client_with_timeout() -> object:
        client = default_client_factory()
        client.event_hooks["request"].append(
            lambda request: request.extensions.update(
                timeout={k: min(v or timeout, timeout) for k, v in request.extensions["timeout"].items()}
            )
        )
        return client

    os.environ.setdefault("HF_XET_CLIENT_RETRY_MAX_DURATION", "120s")
    set_client_factory(client_with_timeout)
    return HfApi(token=token, endpoint=endpoint, library_name="itdr-hf")
