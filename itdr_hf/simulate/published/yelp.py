"""The Yelp Open Dataset at its published size: friends are lists of other users' ids."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from itdr_hf.simulate import yelp
from itdr_hf.simulate.codes import BASE64
from itdr_hf.simulate.published.columns import codes_of, column, times
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, Texts, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=6_990_280,
    users=1_987_897,
    items=150_346,
    files={
        "yelp_academic_dataset_business.json": File(rows=150_346, bytes=118_863_795),
        "yelp_academic_dataset_review.json": File(rows=6_990_280, bytes=5_340_000_000),
        "yelp_academic_dataset_user.json": File(rows=1_987_897, bytes=3_360_000_000),
    },
)

AMBIENCE = (  # from the end of one attribute to that of another
    b"\",\"Ambience\":\"{'romantic': False, 'intimate': False, 'classy': False, 'hipster': False, 'divey': False, "
    b"'touristy': False, 'trendy': False, 'upscale': False, 'casual': True}\",\"GoodForKids\":\"True\","
    b'"OutdoorSeating":"False'
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = yelp.write(job.scratch, items=job.number("items"), **job.few(6_000, 60_000))
    business, review, user = (path.name for path in small)
    yield job.lengthen(business, rb"\"RestaurantsAttire\":\"'casual'(?P<more>)\"", constant=AMBIENCE)
    places = column(small[0], rb'"business_id":"([^"]+)"')
    people = job.number("users")
    ids = codes_of(np.arange(people), 22, BASE64)

    known = [one.decode() for one in ids[:: max(people // 6_000, 1)].to_pylist()]
    friends = Texts(known, joint=", ")
    form = form_of(small[2], rb'"user_id":"(?P<user>[^"]+)".*"friends":"(?:None|[^"]*(?P<more>))"')
    yield job.fill(user, form, people, lambda rng, rows: {"user": ids.take(pa.array(rows))}, texts=friends)

    form = form_of(small[1], rb'"review_id":"(?P<row>[^"]+)","user_id":"(?P<user>[^"]+)","business_id":"(?P<item>[^"]+)".*(?P<more>)","date":"(?P<time>[^"]+)"')  # fmt: skip
    written = log(job.seeds("reviews"), groups=people, members=len(places), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = written.times(rng, part, group, yelp.PERIOD)
        return np.arange(len(group)), {
            "row": codes_of(group * len(places) + item, 22, BASE64, salt=1), "user": ids.take(pa.array(group)),
            "item": places.take(pa.array(item)), "time": times(stamp),
        }  # fmt: skip

    yield job.write_log(review, form, written, fields)
