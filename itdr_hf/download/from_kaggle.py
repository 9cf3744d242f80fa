"""Download files from Kaggle with its own client, for users who have a token."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from itdr_hf.errors import DownloadError
from itdr_hf.raw.layout import Download

SCHEME = "kaggle://"
TOKENS = ("access_token", "kaggle.json")  # in ~/.kaggle


def is_there(file: Download) -> bool:
    return file.url.startswith(SCHEME)


def handle(file: Download) -> str:
    """Return owner/name of the dataset that contains a file."""
    return "/".join(file.url.removeprefix(SCHEME).split("/")[:2])


def has_token() -> bool:
    """Return whether Kaggle's client would find a token."""
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle")
    named = os.environ.get("KAGGLE_API_TOKEN") or (os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"))
    return bool(named) or any((folder / name).is_file() for name in TOKENS)


def fetch(file: Download, target: Path, client: Any = None) -> None:
    """Download one file of a dataset to `target`; Kaggle's client resumes and shows its own progress.

    Raises DownloadError, without the client's message, which may contain the token.
    """
    name = file.url.removeprefix(f"{SCHEME}{handle(file)}/")
    folder = target.with_name(f".{target.name}.kaggle")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        downloaded = (client or _client()).dataset_download(handle(file), path=name, output_dir=str(folder))
    except OSError as error:  # the base class of the errors of `requests`
        status = getattr(getattr(error, "response", None), "status_code", None)
        advice = {401: "want a valid token; make a new one at https://www.kaggle.com/settings"}
        advice[403] = f"want its terms accepted; open https://www.kaggle.com/datasets/{handle(file)} and do so"
        reason = f"Kaggle answered {status}" if status else f"{type(error).__name__} during the transfer"
        wanted = advice.get(status or 0, "want an answer; run it again")
        raise DownloadError(f"{file.url}: {reason}; {wanted}") from error

    Path(downloaded).replace(target)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def _client() -> Any:
    try:
        import kagglehub
    except ImportError as error:
        raise DownloadError("kaggle: kagglehub is not installed; want it; pip install -e '.[kaggle]'") from error
    return kagglehub
