"""The key of an endpoint: read from the environment, and masked in whatever is stored or printed."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from itdr_hf.errors import UsageError

KEY_VARIABLE = "OPENAI_API_KEY"
SHORTEST_KEY = 8  # characters; what is shorter is a dummy such as `none`, and a word of many answers
UNMISTAKABLE = 16  # characters, letters and digits among them: no word of any text


def read_key(endpoint: str, variable: str) -> str:
    """Return the key from the environment; '' for a server on this machine, which needs none.

    Raises UsageError when there is none, saying how to get one.
    """
    key = given_key(variable)
    host = urlsplit(endpoint).hostname or ""
    if not key and not _is_here(host):
        raise UsageError(
            f"{variable}: not set; want the key that {host} gives its users; set it, name another variable with "
            "--key-variable, or serve a model yourself (`transformers serve`, vLLM, llama.cpp) and give its "
            "address as --endpoint; until then the extractive references serve"
        )
    return key


def given_key(variable: str) -> str:
    """Return the key from the environment, '' when there is none. Raises UsageError for one that no header can hold."""
    key = os.environ.get(variable, "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise UsageError(
            f"{variable}: holds blanks or letters outside ASCII; want a key as the server gives it; copy it again"
        )
    return key


def mask(text: str, key: str) -> str:
    """Return the text with the key replaced, where it stands as a whole token; a dummy key is left alone."""
    if len(key) < SHORTEST_KEY or key not in text:
        return text
    if len(key) >= UNMISTAKABLE and re.search(r"[A-Za-z]", key) and re.search(r"\d", key):
        return text.replace(key, "[key]")
    return re.sub(rf"(?<![\w-]){re.escape(key)}(?![\w-])", "[key]", text)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
