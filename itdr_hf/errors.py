"""Every error the package raises on purpose.

    ItdrError
    ├── UsageError          a name or a parameter that does not exist or does not fit
    │   ├── UnknownNameError
    │   └── MissingAnswersError
    ├── RawDataError        the raw release is not what its reader wants
    │   ├── MissingFileError
    │   └── MalformedRowError
    ├── DownloadError       a file that cannot be had from where it lies
    ├── BuildError          a cell that cannot be built from these tables
    ├── OutputError         a folder or a disk that cannot be written
    ├── ModelError          a model or an endpoint that does not answer
    └── HubError            what a Hub answered, or what we refuse to send it

A message reads *where: what was found; what was wanted; what to do.*
"""

from __future__ import annotations

from collections.abc import Iterable


class ItdrError(Exception):
    """The base of the tree; the command line prints it without a traceback and ends with `exit_code`."""

    exit_code = 1


class UsageError(ItdrError):
    """A name or a parameter that does not exist or does not fit."""


class UnknownNameError(UsageError):
    """A name that is in no list of those that may be given."""

    exit_code = 2


class MissingAnswersError(UsageError):
    """Some examples have no answer yet."""

    exit_code = 3


class RawDataError(ItdrError):
    """The raw release is not what its reader wants."""


class MissingFileError(RawDataError):
    """A file of the release is not there."""


class MalformedRowError(RawDataError):
    """A row that does not parse: the message names file, line, found and wanted."""


class DownloadError(ItdrError):
    """A file that cannot be had from where it lies."""


class BuildError(ItdrError):
    """A cell that cannot be built from these tables."""


class OutputError(ItdrError):
    """A folder or a disk that cannot be written."""


class ModelError(ItdrError):
    """A model or an endpoint that does not answer."""


class HubError(ItdrError):
    """What a Hub answered, or what we refuse to send it."""


def unknown(kind: str, name: str, have: Iterable[str]) -> UnknownNameError:
    """Return the error for a name that is not in a registry, with the nearest one that is, and all of them."""
    names = list(have)
    return UnknownNameError(f"no {kind} {name!r}; {meant(name, names)}have: {', '.join(names)}")


def meant(name: str, have: Iterable[str]) -> str:
    """Return 'did you mean tkr-mind? ', or '' where no name is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(have), 1)
    return f"did you mean {near[0]}? " if near else ""
