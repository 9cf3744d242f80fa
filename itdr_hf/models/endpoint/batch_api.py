"""The Batch API of OpenAI and of those who speak it: files up and down, batches made, found and looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint.keys import mask

T = TypeVar("T")
MARK = "itdr_requests"  # of a batch's metadata: sha256 and name of its request file
ENDPOINT = "/v1/chat/completions"


class Batch(NamedTuple):
    """How far a batch is, the files it made, and what is wrong with it."""

    status: str
    output_file: str
    error_file: str
    error: str


@dataclass(frozen=True, kw_only=True)
class BatchApi:
    """An address and its key; requests that only look are tried again, one that makes a batch is not."""

    endpoint: str
    key: str = ""
    retries: int = 6
    timeout: float = 600.0

    def upload(self, path: Path) -> str:
        """Upload a request file; return its id."""
        with path.open("rb") as file:
            made = self._ask(lambda c: c.files.create(file=(path.name, file), purpose="batch"))
        return str(made.id)

    def create(self, file_id: str, mark: str) -> str:
        """Make a batch of an uploaded file; return its id."""
        metadata = {MARK: mark}
        made = self._ask(
            lambda c: c.batches.create(
                input_file_id=file_id, endpoint=ENDPOINT, completion_window="24h", metadata=metadata
            ),
            retries=0,
        )
        return str(made.id)

    def batches_by_mark(self) -> dict[str, str]:
        """Return mark -> id of all batches that have not failed."""
        found = self._ask(lambda c: list(c.batches.list(limit=100)))
        named = [(str((one.metadata or {}).get(MARK, "")), one) for one in found]
        return {mark: str(one.id) for mark, one in named if mark and one.status != "failed"}

    def retrieve(self, batch_id: str) -> Batch:
        """Return how far a batch is."""
        found = self._ask(lambda c: c.batches.retrieve(batch_id))
        errors = getattr(found.errors, "data", None) or []
        said = "; ".join(str(error.message) for error in errors)[:300]
        return Batch(str(found.status), found.output_file_id or "", found.error_file_id or "", said)

    def content(self, file_id: str) -> bytes:
        """Return the content of a file."""
        return bytes(self._ask(lambda c: c.files.content(file_id).content))

    def _ask(self, what: Callable[[Any], T], retries: int | None = None) -> T:
        try:
            import openai
        except ModuleNotFoundError as error:
            raise UsageError("openai is not installed; want it: pip install -e '.[endpoint]'") from error
        tries = self.retries if retries is None else retries
        with openai.OpenAI(
            base_url=self.endpoint, api_key=self.key or "none", max_retries=tries, timeout=self.timeout
        ) as client:
            try:
                return what(client)
            except openai.OpenAIError as error:
                said = " ".join(mask(str(error), self.key).split())[:300]
                raise ModelError(
                    f"{client.base_url.host}: {said}; want its Batch API; run again to go on, or submit the request "
                    "files yourself and put what comes back next to them"
                ) from error
