"""Profiles out of a model: asked for every user and item, read into columns, measured, embedded, in one table."""

from itdr_hf.models.profiling.run import Profiling, profile_cells, profile_into

__all__ = ["Profiling", "profile_cells", "profile_into"]
