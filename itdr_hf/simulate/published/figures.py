"""What the owners of each release publish about it: rows, users, items, and each file's rows and bytes.

A figure that is not published is None, and `assumed` says what is written instead. Bytes are those of the file as it is
downloaded and unpacked, or of the .gz where the release is read as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class File:
    """Lines or records without the header, and bytes; None where it is not published."""

    rows: int | None = None
    bytes: int | None = None

    def scaled(self, share: float) -> "File":
        """Return a share of the file; rows are as large."""
        return File(rows=_scaled(self.rows, share), bytes=_scaled(self.bytes, share))

    @property
    def row_bytes(self) -> float | None:
        return self.bytes / self.rows if self.bytes and self.rows else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Rows of the main table, users who have any, items that are listed; by file name, those of each file."""

    rows: int | None
    users: int | None
    items: int | None
    files: Mapping[str, File]
    assumed: Mapping[str, int] = field(default_factory=dict)

    def number(self, what: str) -> int:
        """Return a published number, or the assumed one where it is not published."""
        published: int | None = getattr(self, what, None)
        return self.assumed[what] if published is None else published

    def scaled(self, share: float) -> "Figures":
        """Return a share of everything."""
        return Figures(
            rows=_scaled(self.rows, share),
            users=_scaled(self.users, share),
            items=_scaled(self.items, share),
            files={name: file.scaled(share) for name, file in self.files.items()},
            assumed={what: _scaled(number, share) or 1 for what, number in self.assumed.items()},
        )


def _scaled(number: int | None, share: float) -> int | None:
    return None if number is None else max(round(number * share), 1)


def _category(users: int, items: int, rows: int, review_bytes: int, meta_bytes: int) -> Figures:
    files = {"reviews": File(rows=rows, bytes=review_bytes), "meta": File(rows=items, bytes=meta_bytes)}
    return Figures(rows=rows, users=users, items=items, files=files)


# Amazon Reviews 2023, a category each: counts from the release's card (rounded there), bytes of the .jsonl from its host.
AMAZON2023: Mapping[str, Figures] = {
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

PUBLISHED: Mapping[str, Figures] = {
    "movielens32m": Figures(
        rows=32_000_204,
        users=200_948,
        items=87_585,
        files={
            "ratings.csv": File(rows=32_000_204, bytes=877_000_000),
            "tags.csv": File(rows=2_000_072),
            "movies.csv": File(rows=87_585),
            "links.csv": File(rows=87_585),
        },
    ),
    "movielens1m": Figures(
        rows=1_000_209,
        users=6_040,
        items=3_883,
        files={
            "ratings.dat": File(rows=1_000_209),
            "users.dat": File(rows=6_040, bytes=134_368),
            "movies.dat": File(rows=3_883, bytes=171_308),
        },
    ),
    "bookcrossing": Figures(
        rows=1_149_780,
        users=None,
        items=271_379,
        files={
            "BX-Users.csv": File(rows=278_858, bytes=12_284_100),
            "BX-Books.csv": File(rows=271_379),
            "BX-Book-Ratings.csv": File(rows=1_149_780),
        },
        assumed={"users": 209_143},  # of those listed, three in four
    ),
    "anime2023": Figures(
        rows=24_325_191,
        users=None,
        items=24_905,
        files={
            "anime-dataset-2023.csv": File(rows=24_905, bytes=15_924_739),
            "users-details-2023.csv": File(rows=731_290, bytes=73_927_314),
            "users-score-2023.csv": File(rows=24_325_191, bytes=1_157_881_770),
        },
        assumed={"users": 365_645},  # of those listed, half
    ),
    "yelp": Figures(
        rows=6_990_280,
        users=1_987_897,
        items=150_346,
        files={
            "yelp_academic_dataset_business.json": File(rows=150_346, bytes=118_863_795),
            "yelp_academic_dataset_review.json": File(rows=6_990_280, bytes=5_340_000_000),
            "yelp_academic_dataset_user.json": File(rows=1_987_897, bytes=3_360_000_000),
        },
    ),
    "microlens": Figures(
        rows=359_708,
        users=50_000,
        items=19_220,
        files={
            "MicroLens-50k_pairs.csv": File(rows=359_708, bytes=9_431_093),
            "MicroLens-50k_titles.csv": File(rows=19_220, bytes=2_392_145),
            "MicroLens-50k_likes_and_views.txt": File(rows=19_220, bytes=386_787),
        },
    ),
    "pixelrec": Figures(
        rows=989_494,
        users=50_000,
        items=82_865,
        files={
            "interaction.csv": File(rows=989_494, bytes=28_124_439),
            "item_info.csv": File(rows=82_865, bytes=24_973_166),
        },
    ),
    "amazonbooks": Figures(
        rows=3_000_000,
        users=None,
        items=212_404,
        files={
            "Books_rating.csv": File(rows=3_000_000, bytes=2_860_000_000),
            "books_data.csv": File(rows=212_404, bytes=181_000_000),
        },
        assumed={"users": 1_000_000},
    ),
    "mind": Figures(
        rows=156_965 + 73_152,
        users=None,
        items=None,
        files={
            "MINDsmall_train/behaviors.tsv": File(rows=156_965, bytes=92_019_716),
            "MINDsmall_train/news.tsv": File(rows=51_282, bytes=41_202_121),
            "MINDsmall_dev/behaviors.tsv": File(rows=73_152, bytes=42_838_544),
            "MINDsmall_dev/news.tsv": File(rows=42_416, bytes=33_519_092),
        },
        assumed={"users": 94_000, "items": 65_000},  # 50,000 users and the news of each part are published
    ),
    "lastfm1k": Figures(
        rows=19_150_868,
        users=992,
        items=None,
        files={
            "userid-timestamp-artid-artname-traid-traname.tsv": File(rows=19_150_868),
            "userid-profile.tsv": File(rows=992),
        },
        assumed={"items": 100_000},  # artists
    ),
    "lastfm360k": Figures(
        rows=17_559_530,
        users=358_868,
        items=292_365,
        files={
            "usersha1-artmbid-artname-plays.tsv": File(rows=17_559_530),
            "usersha1-profile.tsv": File(rows=359_347),
        },
    ),
    "steam": Figures(
        rows=7_793_069,
        users=2_567_538,
        items=32_135,
        files={
            "steam_reviews.json.gz": File(rows=7_793_069, bytes=1_300_000_000),
            "steam_games.json.gz": File(rows=32_135, bytes=2_700_000),
        },
        assumed={"reviewed": 15_474},
    ),
    "netflix": Figures(
        rows=100_480_507,
        users=480_189,
        items=17_770,
        files={
            **{f"combined_data_{part}.txt": File() for part in (1, 2, 3, 4)},
            "movie_titles.csv": File(rows=17_770),
        },
    ),
    "amazon2018": Figures(
        rows=None,
        users=None,
        items=None,
        files={
            f"{kind}{domain}{end}.json.gz": File()
            for domain in ("Video_Games", "CDs_and_Vinyl")
            for kind, end in (("", "_5"), ("meta_", ""))
        },
        assumed={"rows": 1_940_000, "users": 140_000, "items": 80_000},  # of the 5-core of both domains; items of each
    ),
    "amazon2023": Figures(
        rows=sum(one.number("rows") for one in AMAZON2023.values()),
        users=None,  # of all categories together
        items=sum(one.number("items") for one in AMAZON2023.values()),
        files={
            f"raw/{kind}_categories/{head}{name}.jsonl": one.files[what]
            for name, one in AMAZON2023.items()
            for kind, head, what in (("review", "", "reviews"), ("meta", "meta_", "meta"))
        },
        assumed={"users": sum(one.number("users") for one in AMAZON2023.values()) * 2 // 3},
    ),
}
