"""Amazon Reviews 2023 at its published size: a log for each category, and in pairs of categories the same users review most."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import amazon2023
from itdr_hf.simulate.codes import BASE32, BASE36
from itdr_hf.simulate.published.columns import codes_of, digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, form_of
from itdr_hf.simulate.world import IntArray


def _category(users: int, items: int, rows: int, review_bytes: int, meta_bytes: int) -> Figures:
    files = {"reviews": File(rows=rows, bytes=review_bytes), "meta": File(rows=items, bytes=meta_bytes)}
    return Figures(rows=rows, users=users, items=items, files=files)


# Amazon Reviews 2023, a category each: counts from the release's card (rounded there), bytes of the .jsonl from its host.
CATEGORIES: Mapping[str, Figures] = {
    "All_Beauty": _category(632_000, 112_600, 701_500, 326_611_506, 212_990_142),
    "Amazon_Fashion": _category(2_000_000, 825_900, 2_500_000, 1_051_324_731, 1_422_365_805),
    "Appliances": _category(1_800_000, 94_300, 2_100_000, 929_451_412, 285_298_475),
    "Arts_Crafts_and_Sewing": _category(4_600_000, 801_300, 9_000_000, 3_945_063_799, 2_170_215_242),
    "Baby_Products": _category(3_400_000, 217_700, 6_000_000, 2_947_785_967, 691_003_271),
    "CDs_and_Vinyl": _category(1_800_000, 701_700, 4_800_000, 3_287_195_043, 948_861_684),
    "Grocery_and_Gourmet_Food": _category(7_000_000, 603_200, 14_300_000, 5_973_991_903, 1_382_105_675),
    "Home_and_Kitchen": _category(23_200_000, 3_700_000, 67_400_000, 31_408_889_188, 11_788_767_944),
    "Industrial_and_Scientific": _category(3_400_000, 427_500, 5_200_000, 2_347_015_351, 1_130_006_344),
    "Musical_Instruments": _category(1_800_000, 213_600, 3_000_000, 1_557_845_107, 631_877_970),
    "Software": _category(2_600_000, 89_200, 4_900_000, 1_869_151_448, 256_220_771),
    "Video_Games": _category(2_800_000, 137_200, 4_600_000, 2_682_948_518, 437_375_785),
}

FIGURES = Figures(
    rows=sum(one.number("rows") for one in CATEGORIES.values()),
    users=None,  # of all categories together
    items=sum(one.number("items") for one in CATEGORIES.values()),
    files={
        f"raw/{kind}_categories/{head}{name}.jsonl": one.files[what]
        for name, one in CATEGORIES.items()
        for kind, head, what in (("review", "", "reviews"), ("meta", "meta_", "meta"))
    },
    assumed={"users": sum(one.number("users") for one in CATEGORIES.values()) * 2 // 3},
)

TARGETS = {target: source for source, target in amazon2023.PAIRS}


@dataclass(frozen=True, kw_only=True)
class _Category:
    """A category to be written: its place among all, its products' codes, and how many reviewers each one has."""

    name: str
    figures: Figures
    small: Path
    asins: pa.Array
    crowds: Mapping[str, int]

    def lines_of(self, kind: str) -> Path:
        head = "meta_" if kind == "meta" else ""
        return self.small / "raw" / f"{kind}_categories" / f"{head}{self.name}.jsonl"


def write(job: Job) -> Iterator[Path]:
    """Write reviews and products of each category, and yield each file."""
    small = job.scratch / "small"
    amazon2023.write(small, items=6_000, **job.few(24_000, 200_000), domains=job.domains, compress=False, casual=0.5, heavy=True)  # fmt: skip
    crowds = {name: CATEGORIES[name].scaled(job.share).number("users") for name in job.domains}
    for number, name in enumerate(job.domains):
        figures = CATEGORIES[name].scaled(job.share)
        codes = codes_of(np.arange(figures.number("items")), 8, BASE36, salt=100 + number)
        asins = pc.binary_join_element_wise(b"B0", codes, b"")
        category = _Category(name=name, figures=figures, small=small, asins=asins, crowds=crowds)
        yield _write_products(job, category)
        yield _write_reviews(job, category)


def _write_products(job: Job, category: _Category) -> Path:
    file, asins = category.figures.files["meta"], category.asins
    form = form_of(category.lines_of("meta"), rb'"title": "(?:(?:[^"\\]|\\.)+(?P<mark>))?", "average_rating".*?(?:"description": \["[^"]*(?P<more>)"\].*)?"parent_asin": "(?P<item>[^"]+)"', short_of=file.row_bytes)  # fmt: skip

    def fields(rng: np.random.Generator, rows: IntArray) -> Fields:
        mark = pc.binary_join_element_wise(b", No. ", digits(rows + 1), b"")  # so that titles differ
        return {"mark": mark, "item": asins.take(pa.array(rows))}

    path = f"raw/meta_categories/meta_{category.name}{_ending(job)}"
    listed = np.flatnonzero(np.arange(len(asins)) % 41 != 27)  # reviews of the others stay
    return job.fill(path, form, len(asins), fields, file=file, rows=listed, plain=job.compress)


def _write_reviews(job: Job, category: _Category) -> Path:
    file, asins = category.figures.files["reviews"], category.asins
    form = form_of(category.lines_of("review"), rb'"text": "(?:[^"\\]|\\.)*(?P<more>)", "images".*"asin": "(?P<stem>[^"]{9})(?:(?P<last>[^V"])|V)", "parent_asin": "(?P<item>[^"]+)", "user_id": "(?P<user>[^"]+)", "timestamp": (?P<time>\d+)', short_of=file.row_bytes)  # fmt: skip
    stems, lasts = pc.binary_slice(asins, 0, 9), pc.binary_slice(asins, 9, 10)
    people, rows = category.figures.number("users"), category.figures.number("rows")
    drawn = log(job.seeds(category.name), groups=people, members=len(asins), rows=rows)
    written = replace(drawn, lengths=np.sort(drawn.lengths)[:: -1 if category.name in TARGETS else 1])

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = written.times(rng, part, group, amazon2023.PERIOD) * 1000
        stamp += np.where(stamp > 1.3e12, rng.integers(1, 1000, len(stamp)), 0)
        place, user = pa.array(item), codes_of(_reviewers(group, category), 27, BASE32)
        return np.arange(len(group)), {
            "stem": stems.take(place), "last": lasts.take(place), "item": asins.take(place),
            "user": pc.binary_join_element_wise(b"A", user, b""), "time": digits(stamp),
        }  # fmt: skip

    path = f"raw/review_categories/{category.name}{_ending(job)}"
    return job.write_log(path, form, written, fields, file=file, plain=job.compress)


def _ending(job: Job) -> str:
    return ".jsonl.gz" if job.compress else ".jsonl"


def _reviewers(group: IntArray, category: _Category) -> IntArray:
    """Return the number of each reviewer of a category: of the second of a pair, the first are the last of the other.

    These review most in both.
    """
    places = list(category.crowds)
    base, source = places.index(category.name) << 27, TARGETS.get(category.name)
    if source is None or source not in category.crowds:
        return group + base
    both, last = min(category.crowds.values()) // 3, (places.index(source) << 27) + category.crowds[source] - 1
    return np.where(group < both, last - group, group + base)
