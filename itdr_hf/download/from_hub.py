"""Download files from the Hub with its own client, which resumes and checks the length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf import hub
from itdr_hf.errors import DownloadError, HubError
from itdr_hf.hub.retry import ask
from itdr_hf.raw.layout import Download
from itdr_hf.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from huggingface_hub import HfApi

SCHEME = "hf://datasets/"


def is_there(file: Download) -> bool:
    return file.url.startswith(SCHEME)


def fetch(file: Download, target: Path, api: HfApi | None, retry: RetryPolicy) -> None:
    """Download a file of a dataset repository to `target`. Raises DownloadError."""
    owner, name, path = file.url.removeprefix(SCHEME).split("/", 2)
    api = api or hub.connect()
    folder = target.with_name(f".{target.name}.hub")  # where the client keeps partial downloads

    def get() -> str:
        return api.hf_hub_download(f"{owner}/{name}", path, repo_type="dataset", local_dir=folder)

    try:
        downloaded = Path(ask(api, file.url, get, retry))
    except HubError as error:
        raise DownloadError(str(error)) from error

    downloaded.replace(target)
    for partial in sorted(folder.rglob("*"), reverse=True):
        partial.rmdir() if partial.is_dir() else partial.unlink()
    folder.rmdir()
