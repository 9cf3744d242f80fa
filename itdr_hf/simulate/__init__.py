"""Raw releases of all 15 sources in their true file formats, from one latent-taste world.

`simulate(out)` writes them small, `simulate_published(out, sources)` as large as their owners publish them; each module
also has `write(folder, *, users, items, interactions, seed)`.
"""

from collections.abc import Sequence
from pathlib import Path

from itdr_hf.errors import UsageError, unknown
from itdr_hf.raw.release import SIMULATED
from itdr_hf.runtime.progress import OnProgress, each, ignore
from itdr_hf.simulate import (
    amazon2018,
    amazon2023,
    amazonbooks,
    anime2023,
    bookcrossing,
    lastfm1k,
    lastfm360k,
    microlens,
    mind,
    movielens1m,
    movielens32m,
    netflix,
    pixelrec,
    steam,
    yelp,
)
from itdr_hf.simulate.files import write_text

SOURCES = {
    "movielens32m": movielens32m,
    "movielens1m": movielens1m,
    "bookcrossing": bookcrossing,
    "anime2023": anime2023,
    "yelp": yelp,
    "amazon2023": amazon2023,
    "microlens": microlens,
    "pixelrec": pixelrec,
    "amazonbooks": amazonbooks,
    "mind": mind,
    "lastfm1k": lastfm1k,
    "lastfm360k": lastfm360k,
    "steam": steam,
}
OTHERS = {"netflix": netflix, "amazon2018": amazon2018}  # written by name only: no cell is built from them by default
KNOWN = SOURCES | OTHERS


def simulate(
    out: Path,
    *,
    sources: Sequence[str] | None = None,
    scale: float = 1.0,
    seed: int = 0,
    progress: OnProgress = ignore,
) -> dict[str, list[Path]]:
    """Write the named sources (default: those of the catalogue's grid) under `out`; scale 1 reaches every published cell size.

    The same seed gives the same bytes, whichever sources are written beside. Each folder is marked, so that
    what is built from it says so. Raises UsageError for an unknown source or a scale that is not positive.
    """
    names = _writable(out, list(SOURCES) if sources is None else sources, scale)
    written = {}
    for name in each("simulating", names, progress):
        module = KNOWN[name]
        folder, size = Path(out) / module.FOLDER, module.SIZE.scaled(scale)
        mark = _mark(folder, f"{name} as `itdr simulate` writes it; no fact about people or items.\n")
        files = module.write(folder, users=size.users, items=size.items, interactions=size.interactions, seed=seed)
        written[name] = [*files, mark]
    return written


def simulate_published(
    out: Path,
    sources: Sequence[str],
    *,
    scale: float = 1.0,
    seed: int = 0,
    domains: Sequence[str] = (),
    compress: bool = False,
    progress: OnProgress = ignore,
) -> dict[str, list[Path]]:
    """Write the named sources under `out` as large as their owners publish them, or `scale` times that, in bounded memory.

    Rows, users, items, bytes and skew are the release's (`published.PUBLISHED`); tastes and times are drawn more simply than
    in the small releases. Of amazon2023, only these `domains` (none: all), and gzipped with `compress`.
    """
    from itdr_hf.simulate.published import AMAZON2023
    from itdr_hf.simulate.published import write as write_published

    names = _writable(out, sources, scale)
    for domain in domains:
        if domain not in AMAZON2023:
            raise unknown("category of amazon2023", domain, AMAZON2023)
    written = {}
    for name in each("simulating", names, progress):
        folder = Path(out) / KNOWN[name].FOLDER
        mark = _mark(folder, f"{name} as `itdr simulate --published` writes it; no fact about people or items.\n")
        written[name] = [
            *write_published(name, folder, share=scale, seed=seed, domains=domains, compress=compress),
            mark,
        ]
    return written


def _writable(out: Path, sources: Sequence[str], scale: float) -> list[str]:
    """Return the sources, each once; their folders must not hold anything but what was simulated."""
    names = list(dict.fromkeys(sources))
    for name in names:
        if name not in KNOWN:
            raise unknown("source to simulate", name, KNOWN)
    if not scale > 0:
        raise UsageError(f"scale: {scale}; want a number above 0; 1 gives the paper's sizes")
    for folder in (Path(out) / KNOWN[name].FOLDER for name in names):
        if folder.is_dir() and any(folder.iterdir()) and not (folder / SIMULATED).is_file():
            raise UsageError(
                f"{folder}: holds files that are not simulated; want them left alone; choose another folder"
            )
    return names


def _mark(folder: Path, text: str) -> Path:
    """Mark a folder as simulated, before anything else is in it: what a killed run leaves must not pass for real either."""
    return write_text(folder / SIMULATED, [text])
