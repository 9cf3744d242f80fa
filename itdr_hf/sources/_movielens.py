"""Facts shared by the MovieLens releases: words, citation, titles and genres for display."""

from __future__ import annotations

from itdr_hf.raw.source import Words

WORDS = Words(item="movie", items="movies", do="watch", did="watched", doing="watching", acted="viewing")

CITATION = """@article{harper2015movielens,
  title={The MovieLens Datasets: History and Context},
  author={Harper, F. Maxwell and Konstan, Joseph A.},
  journal={ACM Transactions on Interactive Intelligent Systems},
  volume={5}, number={4}, pages={19:1--19:19}, year={2015},
  doi={10.1145/2827872}
}"""


def shown_title(column: str) -> str:
    """Return SQL that turns 'American President, The (1995)' into 'The American President (1995)'.

    A trailing article is before the year, or at the end of a title without one.
    """
    pattern = r"^(.*\S), (The|A|An|Les|Le|La|L''|Der|Die|Das|El|Il|Los|Las|Un|Une)((?: \(.*\))?)$"
    return rf"regexp_replace(trim({column}), '{pattern}', '\2 \1\3')"


def shown_genres(column: str) -> str:
    """Return SQL that turns 'Adventure|Children' into 'Adventure, Children'; NULL if there are no genres."""
    return f"CASE WHEN {column} <> '(no genres listed)' THEN replace({column}, '|', ', ') END"
