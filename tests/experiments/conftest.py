"""The small dataset folder that these tests share."""

from chatserver import asked

__all__ = ["asked"]
