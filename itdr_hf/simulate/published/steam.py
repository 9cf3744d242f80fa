"""Steam, version 2 at its published size: grouped by game, one member of gzip."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import steam
from itdr_hf.simulate.published.columns import column, digits, named
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, form_of
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=7_793_069,
    users=2_567_538,
    items=32_135,
    files={
        "steam_reviews.json.gz": File(rows=7_793_069, bytes=1_300_000_000),
        "steam_games.json.gz": File(rows=32_135, bytes=2_700_000),
    },
    assumed={"reviewed": 15_474},
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = steam.write(job.scratch, items=job.number("items"), **job.few(12_000, 60_000))
    reviews, games = (path.name for path in small)
    sold = column(small[1], rb"u'id': u'(\d+)'")[: job.number("reviewed")]
    yield job.move(games)
    people = job.number("users") * 4 // 3  # of whom a quarter write nothing
    stems = pa.array([f"{a}{b[:3].lower()}".encode() for a in PEOPLE for b in SURNAMES if "'" not in b], pa.binary())
    names = named(stems, people, b"_")
    rng = job.rng("people")
    hidden, account = rng.random(people) < 0.59, rng.permutation(people) + 10_000_000
    owned = digits(rng.lognormal(4.2, 1.2, people).astype(np.int64).clip(1, 15_000))  # of one size: names are not split
    form = form_of(small[0], rb"u'username': u(?:'(?P<name>[^']*)'|\"[^\"]*\"), (?:.*?u'products': (?P<owned>\d+), )?.*u'product_id': u'(?P<item>\d+)'.*u'date': u'(?P<time>[^']*)'(?:, u'text': u'[^']*(?P<more>)')?.*?(?:u'user_id': u'(?P<account>\d+)')?}\n$")  # fmt: skip
    with_account, without = form.rows_with("account")
    # grouped by game, as in the release: so games are the groups, and players their members
    popular = log(
        job.seeds("reviews"), groups=len(sold), members=people, rows=job.number("rows"), most=people // 20, zipf=0.8
    )

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = rng.integers(*steam.PERIOD, len(group)) // 86_400
        return np.arange(len(group)), {
            "name": names.take(pa.array(item)), "item": sold.take(pa.array(group)),
            "time": pa.array(stamp.astype(np.int32), pa.date32()).cast(pa.string()).cast(pa.binary()),
            "owned": owned.take(pa.array(item)),
            "account": pc.binary_join_element_wise(b"765611980", digits(account[item]), b""),
        }  # fmt: skip

    def choose(rng: np.random.Generator, group: IntArray, item: IntArray) -> IntArray:
        nameless = without[rng.integers(0, len(without), len(item))]
        return np.where(hidden[item], nameless, with_account[rng.integers(0, len(with_account), len(item))])

    yield job.write_log(reviews, form, popular, fields, choose=choose)
