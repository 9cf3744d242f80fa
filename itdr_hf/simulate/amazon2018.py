"""Amazon reviews of 2018, Video Games and CDs & Vinyl: `*_5.json.gz` and `meta_*.json.gz`, JSON lines.

Quirks written: times in seconds, and the day beside them in words; `vote` as text with a comma, often absent;
`reviewText` absent in a few rows; repeated reviews; HTML in titles, descriptions and feature lists, entities; a title
that is a piece of the page's script; products twice in the metadata; prices "$12.99", "" or a piece of a style sheet;
`category` a list, `rank` a text or a list; reviews of products without metadata. People review in both domains.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import BASE36, codes
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.products import DOMAINS
from itdr_hf.simulate.vocabulary import PEOPLE, PLACES, SURNAMES, Theme
from itdr_hf.simulate.world import FloatArray, Items, People, Size

FOLDER = "amazon-2018"
SIZE = Size(users=6_400, items=1_500, interactions=120_000)  # items: per domain
LEAST = 12  # interactions of a user
SHOWN = {"Video_Games": "Video Games", "CDs_and_Vinyl": "CDs & Vinyl"}
PATTERNS = {
    "Video_Games": phrases.GAMES,
    "CDs_and_Vinyl": ("{A} {N}", "{N} of {P}", "{H} {S}: {N} in {P}", "The {A} {N} Sessions"),
}
PERIOD = (946_684_800, 1_538_352_000)  # 2000 to September 2018
SCRIPT = "var aPageStart = (new Date()).getTime();\nvar ue_t0=ue_t0||+new Date();"


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
    least: int = LEAST,
    zipf: float = world.ZIPF,
) -> list[Path]:
    """Write the two files of both domains; half the people are in both, a quarter in each alone.

    `least` is how many interactions everybody has in a domain, but for a few who have next to none; `zipf` is how steeply
    the popularity of items falls.
    """
    rng = world.generator("amazon2018", seed)
    crowd = world.people(rng, users)
    user_ids = ["A" + code for code in codes(rng, users, 13, BASE36)]
    names = [f"{first} {last[0]}." for first, last in zip(text.pick(rng, PEOPLE, users), text.pick(rng, SURNAMES, users), strict=True)]  # fmt: skip
    paths = []
    for place, domain in enumerate(SHOWN):
        own = world.generator(f"amazon2018/{domain}", seed)
        members = np.flatnonzero(np.arange(users) % 4 != place)
        paths += _write_domain(
            folder, own, domain, crowd, members, user_ids, names, items, interactions // 2, least, zipf
        )
    return paths


def _write_domain(
    folder: Path, rng: np.random.Generator, domain: str, crowd: People, members: world.IntArray, user_ids: list[str],
    names: list[str], items: int, rows: int, least: int, zipf: float,
) -> list[Path]:  # fmt: skip
    shelves = list(DOMAINS[domain].values())
    catalogue = world.items(rng, items, len(shelves), zipf=zipf)
    taste = world.tastes(rng, crowd.latent, len(shelves))[members]
    lengths = histories.history_lengths(rng, len(members), rows, least=least, most=max(items // 3, least), spread=0.8)
    life = histories.lives(rng, len(lengths))
    local, item = histories.draw(rng, taste, catalogue, histories.with_cold(rng, lengths), life.start)
    user = members[local]
    score = histories.scores(rng, crowd, world.tastes(rng, crowd.latent, len(shelves)), catalogue, user, item)
    seen = Visits(user=user, item=item, stamp=histories.times(rng, local, life, *PERIOD), score=score)
    asins = ["B00" + code for code in codes(rng, items, 7, BASE36)]
    return [
        write_lines(folder / f"{domain}_5.json.gz", _reviews(rng, shelves, catalogue, seen, user_ids, names, asins)),
        write_lines(folder / f"meta_{domain}.json.gz", _metas(rng, domain, catalogue, asins)),
    ]


def _reviews(
    rng: np.random.Generator, shelves: list[Theme], catalogue: Items, seen: Visits, user_ids: list[str],
    names: list[str], asins: list[str],
) -> Iterator[str]:  # fmt: skip
    stars = histories.on_scale(seen.score, mean=4.0, spread=1.2, low=1, high=5, step=1)
    mood = text.sentiments(stars, 2, 4)
    bodies = text.reviews(rng, shelves, catalogue.genre[seen.item], mood, thing="item", middles=2, breaks="\n\n")
    votes = np.minimum(rng.geometric(0.5, len(stars)) - 1, 60).tolist()
    columns = (seen.user.tolist(), seen.item.tolist(), seen.stamp.tolist(), stars.tolist(), bodies.tolist(), votes)
    for row, (user, item, stamp, star, body, vote) in enumerate(zip(*columns, strict=True)):
        day = datetime.fromtimestamp(stamp, UTC)
        review: dict[str, object] = {"overall": star}
        review |= {"vote": f"1,{100 + vote}" if row % 997 == 5 else str(vote + 1)} if vote else {}
        review |= {"verified": vote < 3, "reviewTime": f"{day:%m} {day.day}, {day:%Y}", "reviewerID": user_ids[user]}
        review |= {"asin": asins[item], "style": {"Format:": " Audio CD"}} if row % 3 else {"asin": asins[item]}
        review |= {"reviewerName": names[user]}
        review |= {"reviewText": body + (" Nice &amp; <b>loud</b>." if row % 90 == 7 else "")} if row % 61 else {}
        line = json.dumps({**review, "summary": body.partition(".")[0], "unixReviewTime": stamp // 86_400 * 86_400})
        yield line
        if row % 130 == 9:
            yield line


def _metas(rng: np.random.Generator, domain: str, catalogue: Items, asins: list[str]) -> Iterator[str]:
    kinds, shelves = list(DOMAINS[domain]), list(DOMAINS[domain].values())
    genres = catalogue.genre.tolist()
    names = text.titles(rng, [shelves[genre] for genre in genres], PATTERNS[domain])
    names = text.plant(text.distinct([name.replace("-", " ") for name in names], " Vol. {n}"))
    dice = rng.random((len(asins), 4)).tolist()
    for row, (asin, name) in enumerate(zip(asins, names, strict=True)):
        if row % 43 == 29:
            continue  # reviews of it stay
        title = SCRIPT if row % 211 == 150 else "" if row % 173 == 70 else name
        title += " &amp; More" if row % 67 == 31 else " <i>(Import)</i>" if row % 67 == 44 else ""
        line = json.dumps(_meta(domain, asin, title, kinds[genres[row]], shelves[genres[row]], dice[row]))
        yield line
        if row % 59 == 12:
            yield line


def _meta(
    domain: str, asin: str, title: str, kind: str, words: Theme, dice: FloatArray | list[float]
) -> dict[str, object]:
    feature, other = words.features[int(dice[0] * 5)], words.features[int(dice[1] * 5)]
    place = PLACES[int(dice[2] * 30)]
    price = (
        "" if dice[3] < 0.3 else ".a-box-inner{background-color:#fff}" if dice[3] > 0.98 else f"${4 + 60 * dice[3]:.2f}"
    )
    return {
        "category": [SHOWN[domain], kind, f"{kind} &amp; More"], "tech1": "", "fit": "",
        "description": [] if dice[1] < 0.3 else [f"<p>Made for {feature}.</p>", f"Comes with {other} &amp; a booklet."],
        "title": title, "also_buy": [], "tech2": "", "brand": f"Zo\u00eb {place}",
        "feature": [] if dice[0] < 0.4 else [f"<span>About {other}</span>"],
        "rank": [f">#{int(dice[2] * 9e5):,} in {SHOWN[domain]} (See top 100)"] if dice[2] < 0.5 else f"{int(dice[2] * 9e5):,} in {SHOWN[domain]}",
        "also_view": [], "main_cat": SHOWN[domain], "similar_item": "", "date": "", "price": price, "asin": asin,
        "imageURL": [], "imageURLHighRes": [], "details": {"Label:": place},
    }  # fmt: skip
