"""Facts shared by the two Last.FM releases: terms, citation, attributes, the wording of the UAP task."""

from __future__ import annotations

from itdr_hf.raw.source import Attribute
from itdr_hf.sources._people import AGE

ARCHIVE = "https://zenodo.org/records/6090214/files"  # by the data's maintainers, who call it canonical
LICENCE = "non-commercial use, with Last.fm's permission"
LICENCE_SOURCE = "README of the release"

CITATION = """@book{celma2010music,
  title={Music Recommendation and Discovery in the Long Tail},
  author={Celma, {\\`O}scar},
  publisher={Springer}, year={2010}
}"""

ATTRIBUTES = (
    Attribute(name="country", column="country"),
    Attribute(name="gender", column="gender", labels=("male", "female")),  # the releases know m and f
    AGE,
)

WORDING = {
    "attributes": "These are the {items} that a user listens to most, the most played first:\n{history}\n"
    "From this taste in music, predict the user's {attributes}.\nAnswer with one line for each, in this form:\n{form}"
}
