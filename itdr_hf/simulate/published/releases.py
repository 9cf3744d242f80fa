"""Each release at its published size: from a small one of the same source, whose lines become forms.

Small releases and lists of items are written by the source's own simulator, with as many items as are published, and
texts in them made longer until the file has its size. What has millions of rows is filled into forms, in parts.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    world,
    yelp,
)
from itdr_hf.simulate.codes import BASE32, BASE36, BASE64, HEX, isbns, uuids
from itdr_hf.simulate.published.draws import Log, codes_of, log
from itdr_hf.simulate.published.figures import AMAZON2023, PUBLISHED, Figures, File
from itdr_hf.simulate.published.lines import (  # fmt: skip
    BLOCK,
    ESCAPED,
    LINE,
    MORE,
    RECORD,
    Fields,
    Form,
    Texts,
    bytes_of,
    fit,
    form_of,
    in_order,
    write_blocks,
)
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import IntArray

ROWS = 400_000  # drawn at a time
SAMPLE = 8_000
TARGETS = {target: source for source, target in amazon2023.PAIRS}
AMBIENCE = (  # from the end of one attribute to that of another
    b"\",\"Ambience\":\"{'romantic': False, 'intimate': False, 'classy': False, 'hipster': False, 'divey': False, "
    b"'touristy': False, 'trendy': False, 'upscale': False, 'casual': True}\",\"GoodForKids\":\"True\","
    b'"OutdoorSeating":"False'
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where a release is to be written, how large it is, and the dice of its parts."""

    source: str
    folder: Path
    scratch: Path
    seed: int
    share: float = 1.0  # of the published size

    @property
    def figures(self) -> Figures:
        return PUBLISHED[self.source].scaled(self.share)

    def file(self, name: str) -> File:
        return self.figures.files.get(name, File())

    def number(self, what: str) -> int:
        return self.figures.number(what)

    def few(self, users: int, interactions: int) -> dict[str, Any]:
        """Return the size of the small release that gives the lines."""
        share = min(max(self.share, 0.02), 1.0)
        return {"users": int(users * share) + 100, "interactions": int(interactions * share) + 2_000, "seed": self.seed}

    def seeds(self, part: str) -> tuple[int, ...]:
        return self.seed, crc32(f"{self.source}/{part}".encode())

    def rng(self, part: str) -> np.random.Generator:
        return np.random.default_rng(self.seeds(part))


def write_movielens32m(job: Job) -> Iterator[Path]:
    small = movielens32m.write(job.scratch, items=job.number("items"), **job.few(4_000, 200_000))
    ratings, movies, tags, links = (path.name for path in small)
    ids = _column(small[1], rb"^(\d+),", record=RECORD, header=1)
    yield _moved(job, movies)
    yield _moved(job, links)

    people = job.number("users")
    form = form_of(small[2], rb"^(?P<user>\d+),(?P<item>\d+),", record=RECORD, header=1)
    tagged = job.file(tags).rows or 0
    users = np.sort(job.rng("tags").integers(1, people + 1, tagged))
    yield _filled(job, tags, form, tagged, lambda rng, rows: {
        "user": _text(users[rows]), "item": ids.take(pa.array(rng.integers(0, len(ids), len(rows))))
    })  # fmt: skip

    form = form_of(small[0], rb"^(?P<user>\d+),(?P<item>\d+),[^,]+,(?P<time>\d+)\n", header=1)
    rated = log(job.seeds("ratings"), groups=people, members=len(ids), rows=job.number("rows"), least=20)
    period = movielens32m.FIRST, movielens32m.LAST

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = rated.times(rng, part, group, period)
        order = np.argsort(group * len(ids) + item)  # by user and movie, not by time
        what = pa.array(item[order])
        return order, {"user": _text(group[order] + 1), "item": ids.take(what), "time": _text(stamp[order])}

    yield _write_log(job, ratings, form, rated, fields)


def write_movielens1m(job: Job) -> Iterator[Path]:
    movielens1m.write(
        job.scratch,
        users=job.number("users"),
        items=job.number("items"),
        interactions=job.number("rows"),
        seed=job.seed,
    )
    yield _moved(job, "ratings.dat")
    yield _moved(job, "users.dat")
    yield _moved(job, "movies.dat")


def write_bookcrossing(job: Job) -> Iterator[Path]:
    books = job.number("items") * 10 // 9 + 1  # a tenth of the books that are rated are not listed
    small = bookcrossing.write(job.scratch, items=books, **job.few(6_000, 120_000))
    people, listed, ratings = (path.name for path in small)
    yield _moved(job, listed)
    first = bookcrossing.FIRST_USER
    form = form_of(small[0], rb'^"(?P<user>\d+)"', record=ESCAPED, header=1)
    yield _filled(job, people, form, job.file(people).rows or 0, lambda rng, rows: {"user": _text(rows + first)})

    form = form_of(small[2], rb'^"(?P<user>\d+)";"(?P<item>[0-9X]{10})"', header=1)
    codes = _column(small[2], rb'^"\d+";"([0-9X]{10})"')
    known = pc.unique(pa.concat_arrays([_column(job.folder / listed, rb'^"([0-9X]{10})"'), codes]))
    readers = job.rng("readers").permutation(job.file(people).rows or 0)[: job.number("users")] + first
    read = log(job.seeds("ratings"), groups=len(readers), members=len(known), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        return np.arange(len(group)), {"user": _text(readers[group]), "item": known.take(pa.array(item))}

    yield _write_log(job, ratings, form, read, fields)


def write_netflix(job: Job) -> Iterator[Path]:
    small = netflix.write(job.scratch, items=job.number("items"), **job.few(4_000, 200_000))
    movies, people = job.number("items"), job.number("users")
    yield _moved(job, small[-1].name)
    form = form_of(
        small[0], rb"^(?P<head>(?:\d+:\n)?)(?P<user>\d+),\d,(?P<day>[^\n]+)\n", record=rb"(?:\d+:\n)*\d+,[^\n]*\n"
    )
    ids = np.sort(job.rng("people").choice(netflix.LARGEST_USER, people, replace=False)) + 1
    # in blocks by movie: so movies are the groups, and users their members
    rated = log(
        job.seeds("ratings"), groups=movies, members=people, rows=job.number("rows"), most=people // 2, zipf=0.9
    )

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        first = np.append(True, group[1:] != group[:-1])
        heads = pc.if_else(pa.array(first), pc.binary_join_element_wise(_text(group + 1), b"", b":\n"), b"")
        day = pa.array(
            rng.integers(netflix.FIRST, netflix.LAST, len(group)).astype("datetime64[s]").astype("datetime64[D]")
        )
        return np.arange(len(group)), {
            "head": heads,
            "user": _text(ids[item]),
            "day": day.cast(pa.string()).cast(pa.binary()),
        }

    edges = [movies * part // netflix.PARTS for part in range(netflix.PARTS + 1)]
    for name, start, end in zip((path.name for path in small), edges[:-1], edges[1:], strict=False):
        yield _write_log(job, name, form, rated, fields, groups=(start, end))


def write_microlens(job: Job) -> Iterator[Path]:
    people, items = job.number("users"), job.number("items")
    small = microlens.write(job.scratch, items=items, **job.few(4_000, 60_000))
    pairs, sequences, likes, titles = (path.name for path in small)
    yield _lengthened(job, titles, rb'(?P<more>)"\r\n$', header=1)
    form = form_of(small[2], rb"^\d+\t(?P<likes>\d+)\t(?P<views>\d+)\n")
    views = (job.rng("views").lognormal(14.5, 1.2, items) + 40).astype(np.int64)
    counts = {"likes": _text(views // 30), "views": _text(views)}
    yield write_blocks(job.folder / likes, b"", [bytes_of(form.fill(np.arange(items), counts))])

    seen = log(
        job.seeds("pairs"), groups=people, members=items, rows=job.number("rows"), least=5, most=218, regular=(0.17, 11)
    )
    everyone = (0, people)
    user, item = seen.draw(rng := seen.dice(everyone), everyone)
    form = form_of(small[0], rb"^(?P<user>\d+),(?P<item>\d+),(?P<time>\d+)\n", header=1)
    stamp = seen.times(rng, everyone, user, microlens.PERIOD) * 1000 + np.arange(len(user)) % 1000
    fields = {"user": _text(user + 1), "item": _text(item + 1), "time": _text(stamp)}
    yield write_blocks(job.folder / pairs, form.header, [bytes_of(form.fill(np.zeros(len(user), np.int64), fields))])

    form = form_of(small[1], rb"^(?P<user>\d+)\t(?P<items>[^\n]*)\n")
    numbers = _text(np.arange(1, items + 1))
    fields = {"user": _text(np.arange(1, people + 1)), "items": _joined(numbers, user, item, people, b" ")}
    yield write_blocks(job.folder / sequences, b"", [bytes_of(form.fill(np.zeros(people, np.int64), fields))])


def write_pixelrec(job: Job) -> Iterator[Path]:
    pixelrec.write(
        job.scratch,
        users=job.number("users"),
        items=job.number("items"),
        interactions=job.number("rows"),
        seed=job.seed,
    )
    yield _moved(job, "interaction.csv")
    yield _lengthened(job, "item_info.csv", rb"\.(?P<more>)\n$", header=1)


def write_mind(job: Job) -> Iterator[Path]:
    small = mind.write(job.scratch, items=job.number("items"), **job.few(6_000, 80_000))
    news, people = _column(small[0], rb"([^\t]+)\t"), job.number("users")
    users = pc.binary_join_element_wise(b"U", _text(job.rng("users").permutation(4 * people)[:people]), b"")
    each = people * 50_000 // 94_000  # in each part, so that some are in both
    for part, period in (("train", mind.TRAIN), ("dev", mind.DEV)):
        place = f"MINDsmall_{part}"
        listed = job.file(f"{place}/news.tsv").rows or 0
        rows = slice(None, listed) if part == "train" else slice(len(news) - listed, None)
        here = users[:each] if part == "train" else users[people - each :]
        yield _lengthened(
            job, f"{place}/news.tsv", rb"[^\t]\.(?P<more>)\thttps:", rows=rows, source="MINDsmall_train/news.tsv"
        )
        yield _write_behaviors(job, place, part, news[rows], here, _moments(job, part, period))


def _moments(job: Job, part: str, period: tuple[int, int]) -> pa.Array:
    stamps = np.sort(job.rng(f"moments/{part}").integers(*period, 50_000)).tolist()
    return pa.array([mind.moment(stamp).encode() for stamp in stamps], pa.binary())


def _write_behaviors(job: Job, place: str, part: str, news: pa.Array, users: pa.Array, moments: pa.Array) -> Path:
    """Write impressions: of everyone one or more, with the same history in each, and one click among those shown."""
    path, rng = f"{place}/behaviors.tsv", job.rng(f"behaviors/{part}")
    form = form_of(job.scratch / path, rb"^(?P<row>\d+)\t(?P<user>U\d+)\t(?P<time>[^\t]+)\t(?P<history>[^\t]*)\t(?P<shown>[^\n]+)\n")  # fmt: skip
    rows, row_bytes = job.file(path).rows or 0, job.file(path).row_bytes or 0.0
    past = log(
        job.seeds(f"history/{part}"), groups=len(users), members=len(news), rows=32 * len(users), spread=1.0, most=400
    )
    group, item = past.draw(rng, (0, len(users)))
    histories = _joined(news, group, item, len(users), b" ")
    mean = sum(map(len, histories.to_pylist())) / len(users)
    offers = max(int((row_bytes - mean - 45) / 9), 4)
    shown = rng.integers(0, len(news), (20_000, offers))
    clicked = rng.integers(0, offers, len(shown))
    marks = pa.array([b"-0", b"-1"], pa.binary()).take(pa.array((np.arange(offers) == clicked[:, None]).ravel().astype(int)))  # fmt: skip
    names = pc.binary_join_element_wise(news.take(pa.array(shown.ravel())), marks, b"")
    lists = _joined(names, np.repeat(np.arange(len(shown)), offers), np.arange(shown.size), len(shown), b" ")
    who = np.append(np.arange(len(users)), rng.integers(0, len(users), max(rows - len(users), 0)))[:rows]
    who = rng.permutation(who)
    times = np.sort(rng.integers(0, len(moments), rows))

    fields = {
        "row": _text(np.arange(1, rows + 1)), "user": users.take(pa.array(who)), "time": moments.take(pa.array(times)),
        "history": histories.take(pa.array(who)), "shown": lists.take(pa.array(rng.integers(0, len(lists), rows))),
    }  # fmt: skip
    return write_blocks(job.folder / path, b"", [bytes_of(form.fill(rng.integers(0, len(form), rows), fields))])


def write_anime2023(job: Job) -> Iterator[Path]:
    small = anime2023.write(job.scratch, items=job.number("items"), **job.few(6_000, 120_000))
    titles, details, scores = (path.name for path in small)
    yield _lengthened(job, titles, rb'\.\n\n(?P<more>)[^"]', record=RECORD, header=1)
    # as on the site, each list is by title
    anime = _column(small[0], rb'^(\d+),((?:"(?:[^"]|"")*")|[^,]*),', record=RECORD, header=1, groups=2)
    ids, names = anime
    order = pc.sort_indices(names)
    ids, names = ids.take(order), names.take(order)

    people = job.file(details).rows or 0
    numbers = np.sort(job.rng("people").choice(people * 2, people, replace=False)) + 1
    stems = pa.array([f"{a}{'_' if len(b) % 2 else ''}{b[:4]}".encode() for a in PEOPLE for b in SURNAMES], pa.binary())
    usernames = _named(stems, people)
    form = form_of(
        job.scratch / details, rb"^(?P<id>\d+),(?P<name>[^,]*),", header=1, short_of=job.file(details).row_bytes
    )
    yield _filled(job, details, form, people, lambda rng, rows: {"id": _text(numbers[rows]), "name": usernames.take(pa.array(rows))})  # fmt: skip

    scorers = np.sort(job.rng("scorers").choice(people, job.number("users"), replace=False))
    form = form_of(
        job.scratch / scores, rb'^(?P<user>\d+),(?P<name>[^,]*),(?P<item>\d+,(?:"(?:[^"]|"")*"|[^,]*)),\d+\n', header=1
    )
    items = pc.binary_join_element_wise(ids, names, b",")
    rated = log(job.seeds("scores"), groups=len(scorers), members=len(ids), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        order = np.argsort(group * len(ids) + item)
        who, what = scorers[group[order]], pa.array(item[order])
        return order, {"user": _text(numbers[who]), "name": usernames.take(pa.array(who)), "item": items.take(what)}

    yield _write_log(job, scores, form, rated, fields)


def write_yelp(job: Job) -> Iterator[Path]:
    small = yelp.write(job.scratch, items=job.number("items"), **job.few(6_000, 60_000))
    business, review, user = (path.name for path in small)
    yield _lengthened(job, business, rb"\"RestaurantsAttire\":\"'casual'(?P<more>)\"", constant=AMBIENCE)
    places = _column(small[0], rb'"business_id":"([^"]+)"')
    people = job.number("users")
    ids = codes_of(np.arange(people), 22, BASE64)

    friends = Texts(job.rng("friends"), [one.decode() for one in ids[:: max(people // 6_000, 1)].to_pylist()], ", ")
    form = form_of(small[2], rb'"user_id":"(?P<user>[^"]+)".*"friends":"(?:None|[^"]*(?P<more>))"')
    yield _filled(job, user, form, people, lambda rng, rows: {"user": ids.take(pa.array(rows))}, texts=friends)

    form = form_of(small[1], rb'"review_id":"(?P<row>[^"]+)","user_id":"(?P<user>[^"]+)","business_id":"(?P<item>[^"]+)".*(?P<more>)","date":"(?P<time>[^"]+)"')  # fmt: skip
    written = log(job.seeds("reviews"), groups=people, members=len(places), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = written.times(rng, part, group, yelp.PERIOD)
        return np.arange(len(group)), {
            "row": codes_of(group * len(places) + item, 22, BASE64, salt=1), "user": ids.take(pa.array(group)),
            "item": places.take(pa.array(item)), "time": _times(stamp),
        }  # fmt: skip

    yield _write_log(job, review, form, written, fields)


def write_amazonbooks(job: Job) -> Iterator[Path]:
    small = amazonbooks.write(job.scratch, items=job.number("items"), **job.few(6_000, 60_000))
    ratings, books = (path.name for path in small)
    yield _lengthened(job, books, rb"^(?:\"(?:[^\"]|\"\")*\"|[^,]*),[^\",]+\.(?P<more>),", record=RECORD, header=1)
    titles = _column(small[1], rb'^((?:"(?:[^"]|"")*")|[^,]*),', record=RECORD, header=1)
    editions = pa.array([code.encode() for code in isbns(job.rng("editions"), 3 * len(titles))], pa.binary())
    items = pc.binary_join_element_wise(editions, titles.take(pa.array(np.arange(3 * len(titles)) // 3)), b",")
    people = job.number("users")
    ids = pc.binary_join_element_wise(b"A", codes_of(np.arange(people), 13, BASE36), b"")
    profiles = pa.array([f"{a} {b}".encode() for a in PEOPLE for b in SURNAMES], pa.binary())
    form = form_of(small[0], rb'^(?P<item>[^,]+,(?:"(?:[^"]|"")*"|[^,]*)),[^,]*,(?:(?P<user>A[^,]*,(?:"(?:[^"]|"")*"|[^,]*)),|,,)[^,]*,[^,]*,(?P<time>[^,]+),.*[a-z.](?P<more>)"?\n$', header=1)  # fmt: skip
    written = log(job.seeds("reviews"), groups=people, members=len(items), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = written.times(rng, part, group, (832_000_000, 1_362_000_000))
        names = pc.binary_join_element_wise(
            ids.take(pa.array(group)), profiles.take(pa.array(group % len(profiles))), b","
        )
        return np.arange(len(group)), {"item": items.take(pa.array(item)), "user": names, "time": _text(stamp // 86_400 * 86_400)}  # fmt: skip

    yield _write_log(job, ratings, form, written, fields)


def write_lastfm1k(job: Job) -> Iterator[Path]:
    people = job.number("users")
    small = lastfm1k.write(
        job.scratch,
        users=people,
        items=job.number("items"),
        interactions=job.few(0, 240_000)["interactions"],
        seed=job.seed,
    )
    yield _moved(job, small[1].name)
    form = form_of(small[0], rb"^(?P<user>user_\d+)\t(?P<time>[^\t]+)Z\t(?P<song>[^\n]+)\n")
    songs = pc.unique(_column(small[0], rb"Z\t([^\n]+)\n"))
    name = small[0].name
    rng, rows = job.rng("plays"), job.number("rows")
    lengths = log(
        job.seeds("lengths"), groups=people, members=10, rows=rows, least=50, most=200_000, spread=1.2
    ).lengths
    weight = np.cumsum(world.popularities(rng, len(songs)))
    ids = pa.array([f"user_{n + 1:06d}".encode() for n in range(people)], pa.binary())

    def block(part: tuple[int, int]) -> memoryview:
        dice = np.random.default_rng([*job.seeds("plays"), part[0]])
        user = np.repeat(np.arange(*part), lengths[slice(*part)])
        stamp = dice.integers(*lastfm1k.PERIOD, len(user))
        stamp = stamp[np.lexsort((-stamp, user))]  # newest first
        song = np.searchsorted(weight / weight[-1], dice.random(len(user)))
        fields = {"user": ids.take(pa.array(user)), "time": _times(stamp, b"T"), "song": songs.take(pa.array(song))}
        return bytes_of(form.fill(dice.integers(0, len(form), len(user)), fields))

    from itdr_hf.simulate import histories

    yield write_blocks(job.folder / name, b"", in_order(block, histories.user_chunks(lengths, ROWS // 2)))


def write_lastfm360k(job: Job) -> Iterator[Path]:
    small = lastfm360k.write(job.scratch, items=5_000, **job.few(4_000, 100_000))
    plays, profile = (path.name for path in small)
    people, artists = job.number("users"), job.number("items")
    listed = job.file(profile).rows or people
    ids = codes_of(np.arange(listed), 40, HEX)
    ids = ids.take(pc.sort_indices(ids))
    form = form_of(small[1], rb"^(?P<user>[0-9a-f]{40})\t")
    yield _filled(job, profile, form, listed, lambda rng, rows: {"user": ids.take(pa.array(rows))})

    rng = job.rng("artists")
    names = [name.lower() for name in lastfm1k.artists(rng, world.items(rng, artists, len(lastfm1k.GENRES)))]
    items = pa.array(
        [f"{code}\t{name}".encode() for code, name in zip(uuids(rng, artists), names, strict=True)], pa.binary()
    )
    form = form_of(small[0], rb"^(?P<user>[0-9a-f]{40})\t(?P<item>[^\t]+\t[^\t]+)\t(?P<plays>\d+)\n")
    heard = log(job.seeds("plays"), groups=people, members=artists, rows=job.number("rows"), spread=0.5)

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        count = np.maximum(np.exp(4 + 1.1 * rng.normal(size=len(group))), 1).astype(np.int64)
        count = count[np.lexsort((-count, group))]
        return np.arange(len(group)), {"user": ids.take(pa.array(group)), "item": items.take(pa.array(item)), "plays": _text(count)}  # fmt: skip

    yield _write_log(job, plays, form, heard, fields)


def write_steam(job: Job) -> Iterator[Path]:
    small = steam.write(job.scratch, items=job.number("items"), **job.few(12_000, 60_000))
    reviews, games = (path.name for path in small)
    sold = _column(small[1], rb"u'id': u'(\d+)'")[: job.number("reviewed")]
    yield _moved(job, games)
    people = job.number("users")
    stems = pa.array([f"{a}{b[:3].lower()}".encode() for a in PEOPLE for b in SURNAMES if "'" not in b], pa.binary())
    names = _named(stems, people, b"_")
    rng = job.rng("people")
    hidden, account = rng.random(people) < 0.59, rng.permutation(people) + 10_000_000
    form = form_of(small[0], rb"u'username': u(?:'(?P<name>[^']*)'|\"[^\"]*\"), .*u'product_id': u'(?P<item>\d+)'.*u'date': u'(?P<time>[^']*)'(?:, u'text': u'[^']*(?P<more>)')?.*?(?:u'user_id': u'(?P<account>\d+)')?}\n$")  # fmt: skip
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
            "account": pc.binary_join_element_wise(b"765611980", _text(account[item]), b""),
        }  # fmt: skip

    def choose(rng: np.random.Generator, group: IntArray, item: IntArray) -> IntArray:
        nameless = without[rng.integers(0, len(without), len(item))]
        return np.where(hidden[item], nameless, with_account[rng.integers(0, len(with_account), len(item))])

    yield _write_log(job, reviews, form, popular, fields, choose=choose)


def write_amazon2018(job: Job) -> Iterator[Path]:
    users, items = job.number("users"), job.number("items")
    rows = job.number("rows") // 2
    small = amazon2018.write(job.scratch, items=items, **job.few(8_000, 120_000), least=5)
    ids = pc.binary_join_element_wise(b"A", codes_of(np.arange(users), 13, BASE36), b"")
    for place, domain in enumerate(amazon2018.SHOWN):
        asins = pc.unique(_column(small[2 * place + 1], rb'"asin": "([^"]+)"'))
        yield _moved(job, small[2 * place + 1].name)
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
            return np.arange(len(group)), {"day": day, "user": own.take(pa.array(group)), "item": asins.take(pa.array(item)), "time": _text(stamp)}  # fmt: skip

        yield _write_log(job, f"{domain}_5.json.gz", form, written, fields)


def write_amazon2023(job: Job, domains: Sequence[str] = tuple(AMAZON2023), compress: bool = False) -> Iterator[Path]:
    small = job.scratch / "small"
    amazon2023.write(small, items=6_000, **job.few(24_000, 200_000), domains=domains, compress=False, casual=0.5, heavy=True)  # fmt: skip
    crowds = {domain: AMAZON2023[domain].scaled(job.share).number("users") for domain in domains}
    for number, domain in enumerate(domains):
        figures, ending = AMAZON2023[domain].scaled(job.share), ".jsonl.gz" if compress else ".jsonl"
        reviews, metas = (small / "raw" / f"{kind}_categories" / f"{head}{domain}.jsonl" for kind, head in (("review", ""), ("meta", "meta_")))  # fmt: skip
        products, people = figures.number("items"), figures.number("users")
        asins = pc.binary_join_element_wise(b"B0", codes_of(np.arange(products), 8, BASE36, salt=100 + number), b"")
        stems = pc.binary_slice(asins, 0, 9)
        lasts = pc.binary_slice(asins, 9, 10)

        form = form_of(metas, rb'"title": "(?:(?:[^"\\]|\\.)+(?P<mark>))?", "average_rating".*?(?:"description": \["[^"]*(?P<more>)"\].*)?"parent_asin": "(?P<item>[^"]+)"', short_of=figures.files["meta"].row_bytes)  # fmt: skip

        def product(rng: np.random.Generator, rows: IntArray, asins: pa.Array = asins) -> Fields:
            return {
                "mark": pc.binary_join_element_wise(b", No. ", _text(rows + 1), b""),
                "item": asins.take(pa.array(rows)),
            }

        path = f"raw/meta_categories/meta_{domain}{ending}"
        listed = np.flatnonzero(np.arange(products) % 41 != 27)  # reviews of the others stay
        yield _filled(job, path, form, products, product, file=figures.files["meta"], rows=listed, plain=compress)

        form = form_of(reviews, rb'"text": "(?:[^"\\]|\\.)*(?P<more>)", "images".*"asin": "(?P<stem>[^"]{9})(?:(?P<last>[^V"])|V)", "parent_asin": "(?P<item>[^"]+)", "user_id": "(?P<user>[^"]+)", "timestamp": (?P<time>\d+)', short_of=figures.files["reviews"].row_bytes)  # fmt: skip
        drawn = log(job.seeds(domain), groups=people, members=products, rows=figures.number("rows"))
        written = _by_length(drawn, longest_first=domain in TARGETS)

        def fields(
            rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray, written: Log = written,
            domain: str = domain, asins: pa.Array = asins, stems: pa.Array = stems, lasts: pa.Array = lasts,
        ) -> tuple[IntArray, Fields]:  # fmt: skip
            stamp = written.times(rng, part, group, amazon2023.PERIOD) * 1000
            stamp += np.where(stamp > 1.3e12, rng.integers(1, 1000, len(stamp)), 0)
            place = pa.array(item)
            return np.arange(len(group)), {
                "stem": stems.take(place), "last": lasts.take(place), "item": asins.take(place),
                "user": pc.binary_join_element_wise(b"A", codes_of(_reviewers(group, domain, crowds), 27, BASE32), b""), "time": _text(stamp),
            }  # fmt: skip

        path = f"raw/review_categories/{domain}{ending}"
        yield _write_log(job, path, form, written, fields, file=figures.files["reviews"], plain=compress)


def _by_length(drawn: Log, *, longest_first: bool) -> Log:
    return replace(drawn, lengths=np.sort(drawn.lengths)[:: -1 if longest_first else 1])


def _reviewers(group: IntArray, domain: str, people: Mapping[str, int]) -> IntArray:
    """Return the number of each reviewer of a category: of the second of a pair, the first are the last of the other.

    These review most in both.
    """
    base = list(people).index(domain) << 27
    source = TARGETS.get(domain)
    if source not in people:
        return group + base
    both, last = min(people.values()) // 3, (list(people).index(source) << 27) + people[source] - 1
    return np.where(group < both, last - group, group + base)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".small-") as place:
        yield Path(place)


def write(
    source: str, folder: Path, *, seed: int = 0, share: float = 1.0, domains: Sequence[str] = (), compress: bool = False
) -> Iterator[Path]:
    """Write a release at its published size, or a share of it, and yield each file once it is complete."""
    with _scratch(folder) as scratch:
        job = Job(source=source, folder=folder, scratch=scratch, seed=seed, share=share)
        if source == "amazon2023":
            yield from write_amazon2023(job, domains or tuple(AMAZON2023), compress)
        else:
            yield from WRITERS[source](job)


WRITERS: Mapping[str, Callable[[Job], Iterator[Path]]] = {
    "movielens32m": write_movielens32m,
    "movielens1m": write_movielens1m,
    "bookcrossing": write_bookcrossing,
    "anime2023": write_anime2023,
    "yelp": write_yelp,
    "amazon2023": write_amazon2023,
    "microlens": write_microlens,
    "pixelrec": write_pixelrec,
    "amazonbooks": write_amazonbooks,
    "mind": write_mind,
    "lastfm1k": write_lastfm1k,
    "lastfm360k": write_lastfm360k,
    "steam": write_steam,
    "netflix": write_netflix,
    "amazon2018": write_amazon2018,
}

Filling = Callable[[np.random.Generator, tuple[int, int], IntArray, IntArray], tuple[IntArray, Fields]]


def _moved(job: Job, name: str) -> Path:
    """Take a file as the simulator wrote it."""
    path = job.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(job.scratch / name, path))


def _column(path: Path, pattern: bytes, *, record: bytes = LINE, header: int = 0, groups: int = 1) -> pa.Array:
    """Return what a pattern finds in each record of a file; of several groups, a column each."""
    import re

    from isal import igzip

    content = igzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = re.findall(record, content, re.DOTALL)[header:]
    found = [match for match in map(re.compile(pattern, re.DOTALL).search, lines) if match]
    columns = [pa.array([match[group] for match in found], pa.binary()) for group in range(1, groups + 1)]
    return columns[0] if groups == 1 else columns


def _named(stems: pa.Array, count: int, joint: bytes = b"") -> pa.Array:
    """Return so many different names: stems in turn, numbered from the second time on."""
    number = np.arange(count)
    return pc.binary_join_element_wise(
        stems.take(pa.array(number % len(stems))), _text(number // len(stems) + 1), joint
    )


def _joined(words: pa.Array, group: IntArray, place: IntArray, groups: int, joint: bytes) -> pa.Array:
    """Join the words at these places, group by group."""
    ends = np.cumsum(np.bincount(group, minlength=groups))
    offsets = pa.array(np.append(0, ends), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, words.take(pa.array(place))), joint)


def _text(numbers: IntArray) -> pa.Array:
    return pa.array(numbers).cast(pa.string()).cast(pa.binary())


def _times(stamp: IntArray, joint: bytes = b" ") -> pa.Array:
    text = pa.array(stamp, pa.timestamp("s")).cast(pa.string()).cast(pa.binary())
    return text if joint == b" " else pc.replace_substring(text, b" ", joint)


def _lengthened(
    job: Job, name: str, pattern: bytes, *, record: bytes = LINE, header: int = 0, constant: bytes = b"",
    rows: slice = slice(None), source: str | None = None,
) -> Path:  # fmt: skip
    """Take the records of a file (`source`: of another name), longer by a constant or by texts until it has its published size."""
    form = form_of(job.scratch / (source or name), pattern, record=record, header=header, most=None)
    chosen = np.arange(len(form))[rows]
    if not constant:
        return _filled(job, name, form, len(chosen), lambda rng, at: {}, rows=chosen, in_turn=True)
    parts = np.array_split(chosen, len(chosen) // 50_000 + 1)
    return write_blocks(job.folder / name, form.header, (bytes_of(form.fill(part, {MORE: constant})) for part in parts))


def _filled(
    job: Job, name: str, form: Form, count: int, fields: Callable[[np.random.Generator, IntArray], Fields], *,
    texts: Texts | None = None, file: File | None = None, rows: IntArray | None = None, in_turn: bool = False,
    plain: bool = False,
) -> Path:  # fmt: skip
    """Write so many records, each from a line of the form: the same line for each row if `in_turn`, else any."""
    row_bytes, rng = (file or job.file(name)).row_bytes, job.rng(name)
    rows = np.arange(count) if rows is None else rows
    texts = texts or Texts(job.rng("texts"))

    def block(part: IntArray) -> memoryview:
        dice = np.random.default_rng([*job.seeds(name), int(part[0])])
        chosen = part if in_turn else dice.integers(0, len(form), len(part))
        drawn = {MORE: texts.draw(dice, len(part))} if MORE in form.names else {}
        return bytes_of(form.fill(chosen, {**fields(dice, part), **drawn}))

    if row_bytes and MORE in form.names:
        sample = rng.permutation(rows)[:SAMPLE]
        fit(texts, lambda: block(sample), len(sample), row_bytes, packed=name.endswith(".gz") and not plain)
    size = max(int(BLOCK / (row_bytes or 100)), 1_000)
    parts = (rows[first : first + size] for first in range(0, len(rows), size))
    return write_blocks(job.folder / name, form.header, in_order(block, parts))


def _write_log(
    job: Job, name: str, form: Form, rows: Log, fields: Filling, *, file: File | None = None, plain: bool = False,
    choose: Callable[[np.random.Generator, IntArray, IntArray], IntArray] | None = None,
    groups: tuple[int, int] | None = None,
) -> Path:  # fmt: skip
    """Write the rows of a log, each into any line of the form."""
    row_bytes = (file or job.file(name)).row_bytes
    texts = Texts(job.rng("texts")) if MORE in form.names else None

    def block(part: tuple[int, int], most: int | None = None) -> memoryview:
        dice = rows.dice(part)
        group, member = rows.draw(dice, part)
        order, values = fields(dice, part, group, member)
        chosen = choose(dice, group[order], member[order]) if choose else dice.integers(0, len(form), len(order))
        drawn = {MORE: texts.draw(dice, len(order))} if texts else {}
        return bytes_of(form.fill(chosen, {**values, **drawn})[:most])

    size = int(min(ROWS, BLOCK / (row_bytes or 100)))
    first, last = groups or (0, len(rows.lengths))
    parts = list(rows.parts(size, first, last))
    if row_bytes and texts:
        middle = parts[len(parts) // 2]
        packed = name.endswith(".gz") and not plain
        fit(
            texts,
            lambda: block(middle, SAMPLE),
            min(SAMPLE, int(rows.lengths[slice(*middle)].sum())),
            row_bytes,
            packed,
        )
    return write_blocks(job.folder / name, form.header, in_order(block, parts))
