"""The server that these tests share."""

from chatserver import chat

__all__ = ["chat"]
