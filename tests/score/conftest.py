"""The small dataset folder and the server that these tests share."""

from chatserver import asked, chat

__all__ = ["asked", "chat"]
