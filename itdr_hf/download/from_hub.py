"""Files from the Hub, through its own client, which resumes and checks their length."""

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


def fetch(file: Download, target: Path, api: HfApi | None, patience: RetryPolicy) -> None:
    """Have a file of a dataset repository at `target`. Raises DownloadError."""
    owner, name, path = file.url.removeprefix(SCHEME).split("/", 2)
    api = api or hub.connect()
    folder = target.with_name(f".{target.name}.hub")  # its client keeps what it has of a file in here

    def have() -> str:
        return api.hf_hub_download(f"{owner}/{name}", path, repo_type="dataset", local_dir=folder)

    try:
        got = Path(ask(api, file.url, have, patience))
    except HubError as error:
        raise DownloadError(str(error)) from error
    got.replace(target)
    for left in sorted(folder.rglob("*"), reverse=True):
        left.rmdir() if left.is_dir() else left.unlink()
    folder.rmdir()
