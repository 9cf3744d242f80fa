"""The errors that the package raises.

    ItdrError
    ├── UsageError          an unknown name or an invalid parameter
    │   ├── UnknownNameError
    │   └── MissingAnswersError
    ├── RawDataError        a raw release that its reader cannot use
    │   ├── MissingFileError
    │   │   └── AbsentReleaseError
    │   └── MalformedRowError
    ├── DownloadError       a file that cannot be downloaded
    ├── BuildError          a cell that cannot be built from these tables
    ├── OutputError         a folder or a disk that cannot be written
    ├── ModelError          a model or an endpoint that does not answer
    └── HubError            an error reported by the Hub, or a push that is refused

Messages have the form *where: what was found; what was wanted; what to do.*
"""

from __future__ import annotations

from collections.abc import Iterable


class ItdrError(Exception):
    """The base class; the command line prints the message without a traceback and exits with `exit_code`."""

    exit_code = 1


class UsageError(ItdrError):
    """An unknown name or an invalid parameter."""


class UnknownNameError(UsageError):
    """A name that is not among the known ones."""

    exit_code = 2


class MissingAnswersError(UsageError):
    """Some examples have no answer yet."""

    exit_code = 3


class RawDataError(ItdrError):
    """A raw release that its reader cannot use."""


class MissingFileError(RawDataError):
    """A missing file of a release."""


class AbsentReleaseError(MissingFileError):
    """A release of which nothing is present."""


class MalformedRowError(RawDataError):
    """A row that does not parse: the message states file, line, what was found and what was wanted."""


class DownloadError(ItdrError):
    """A file that cannot be downloaded."""


class BuildError(ItdrError):
    """A cell that cannot be built from these tables."""


class OutputError(ItdrError):
    """A folder or a disk that cannot be written."""


class ModelError(ItdrError):
    """A model or an endpoint that does not answer."""


class HubError(ItdrError):
    """An error reported by the Hub, or a push that is refused."""


def unknown(kind: str, name: str, have: Iterable[str]) -> UnknownNameError:
    """Return the error for a name that is not in a registry, with the closest known name, and all of them."""
    names = list(have)
    return UnknownNameError(f"no {kind} {name!r}; {meant(name, names)}have: {', '.join(names)}")


def meant(name: str, have: Iterable[str]) -> str:
    """Return a hint such as 'did you mean tkr-mind? ', or '' if no known name is close."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(have), 1)
    return f"did you mean {near[0]}? " if near else ""
