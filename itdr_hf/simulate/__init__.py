"""Raw releases of all 13 sources in their true file formats, from one latent-taste world.

`simulate(out)` writes them; each module also has `write(folder, *, users, items, interactions, seed)`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from itdr_hf.simulate import (
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
    pixelrec,
    steam,
    yelp,
)
from itdr_hf.simulate.world import Size

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


def simulate(
    out: Path,
    *,
    sources: Sequence[str] | None = None,
    scale: float = 1.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, list[Path]]:
    """Write the named sources (default all) under `out`; scale 1 reaches every published cell size.

    The same seed gives the same bytes, whichever sources are written beside. Raises ValueError for an
    unknown source or a scale that is not positive.
    """
    names = list(SOURCES) if sources is None else list(dict.fromkeys(sources))
    for name in names:
        if name not in SOURCES:
            raise ValueError(f"no source {name!r} to simulate; have: {', '.join(SOURCES)}")
    if not scale > 0:
        raise ValueError(f"scale is {scale}; want a number above 0")
    written = {}
    for name in names:
        if progress:
            progress(name)
        module = SOURCES[name]
        size: Size = module.SIZE.scaled(scale)
        written[name] = module.write(
            Path(out) / module.FOLDER, users=size.users, items=size.items, interactions=size.interactions, seed=seed
        )
    return written
