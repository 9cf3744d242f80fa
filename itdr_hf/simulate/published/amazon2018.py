"""Amazon reviews of 2018, two domains at its published size: half of the users in both domains."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import amazon2018
from itdr_hf.simulate.codes import BASE36
from itdr_hf.simulate.published.columns import codes_of, column, digits
from itdr_hf.simulate.published.draws import Log, log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=None,
    users=None,
    items=None,
    files={
        f"{kind}{domain}{end}.json.gz": File()
        for domain in ("Video_Games", "CDs_and_Vinyl")
        for kind, end in (("", "_5"), ("meta_", ""))
    },
    assumed={"rows": 1_940_000, "users": 140_000, "items": 160_000},  # of the 5-core of both domains
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    users = job.number("users")
    rows, items = (job.number(what) // 2 for what in ("rows", "items"))  # of each domain
    small = amazon2018.write(job.scratch, items=items, **job.few(8_000, 120_000), least=5)
    ids = pc.binary_join_element_wise(b"A", codes_of(np.arange(users), 13, BASE36), b"")
    for place, domain in enumerate(amazon2018.SHOWN):
        asins = pc.unique(column(small[2 * place + 1], rb'"asin": "([^"]+)"'))
        yield job.move(small[2 * place + 1].name)
        form = form_of(small[2 * place], rb'"reviewTime": "(?P<day>[^"]*)", "reviewerID": "(?P<user>[^"]+)", "asin": "(?P<item>[^"]+)".*?"unixReviewTime": (?P<time>\d+)')  # fmt: skip
        members = np.flatnonzero(np.arange(users) % 4 != place)
        written = log(job.seeds(domain), groups=len(members), members=len(asins), rows=rows, least=5, spread=1.2)
        own = ids.take(pa.array(members))

        def fields(
            rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray,
            written: Log = written, own: pa.Array = own, asins: pa.Array = asins,
        ) -> tuple[IntArray, Fields]:  # fmt: skip
            stamp = written.times(rng, part, group, amazon2018.PERIOD) // 86_400 * 86_400
            day = pc.strftime(pa.array(stamp, pa.timestamp("s")), "%m %d, %Y").cast(pa.binary())
            return np.arange(len(group)), {"day": day, "user": own.take(pa.array(group)), "item": asins.take(pa.array(item)), "time": digits(stamp)}  # fmt: skip

        yield job.write_log(f"{domain}_5.json.gz", form, written, fields)
