"""Amazon Reviews 2023, raw layout, 12 categories: review and meta JSON lines, every second category gzipped.

Quirks written: millisecond timestamps and a few old ones with s * 1000, <br /> and entities in texts, \\u
escapes, asin other than parent_asin, repeated (user, parent_asin), empty titles, null and text prices,
null main_category, empty categories in All_Beauty and Amazon_Fashion, reviews whose product has no meta line.
People keep their taste across domains; four pairs of domains share people.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.amazon_weight import Product, Weight
from itdr_hf.simulate.codes import BASE32, BASE36, codes
from itdr_hf.simulate.files import write_text
from itdr_hf.simulate.histories import Lives, Visits
from itdr_hf.simulate.products import DOMAINS
from itdr_hf.simulate.vocabulary import PLACES, Theme
from itdr_hf.simulate.world import FloatArray, IntArray, Items, People, Size

FOLDER = "amazon-reviews-2023"
SIZE = Size(users=13_200, items=1_200, interactions=224_000)  # items: per domain
PAIRS = (("All_Beauty", "Amazon_Fashion"), ("CDs_and_Vinyl", "Video_Games"),
         ("Appliances", "Industrial_and_Scientific"), ("Home_and_Kitchen", "Grocery_and_Gourmet_Food"))  # fmt: skip
SOURCE_LEAST, TARGET_LEAST, OTHER_LEAST = 9, 14, 14  # rows of one person in one domain
FEW = (0.7, 0.16, 0.08, 0.06)  # of casual people, who has one, two, three and four reviews: 1.5 on average
PERIOD = (1_100_000_000, 1_694_000_000)  # November 2004 to September 2023
CHUNK = 100_000
BREAKS = "<br /><br />"
PRODUCTS = ("{P} {A} {N}, {M} Included, for Home, Work and Travel, a Gift for Women and Men, {count} Pack",
            "{A} {N} by {S}, Easy to Use and to Store, with Instructions and Spare Parts, {P} Collection",
            "{S} {A} {N} - {P} Edition, Made to Last, Fits Most Sizes, Comes with a Free {M} ({count} Pieces)",
            "{A} {N} with {M}, for Home and Travel, Lightweight and Durable, by {S} of {P}, {count} Pieces",
            "{P} {N} ({A}, Model {count}X), New Design, Goes with All {Ms}, Quality You Can Rely On")  # fmt: skip
PROMISES = ("Tested by people who use it every day, at home and on the road, before it leaves our workshop",
            "Comes in a box that can be used again, with instructions in five languages and a list of spare parts",
            "Should anything be wrong with it, write to us within a year and we will find a solution together")  # fmt: skip
PATTERNS = {
    "CDs_and_Vinyl": ("{A} {N} ({H} {S})", "{H} {S}: {N} of {P}", "The {A} {N} [Vinyl]", "{N} in {P} ({S} Quartet)"),
    "Video_Games": phrases.GAMES,
}


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
    domains: Sequence[str] = tuple(DOMAINS),
    compress: bool | None = None,
    casual: float | None = None,
    heavy: bool = False,
) -> list[Path]:
    """Write raw/review_categories and raw/meta_categories; `items` is per domain, the rest in all.

    `compress` gzips all (True), none (False) or every second domain (None). A share `casual` of all people has one to
    four reviews in a domain (None: half of those in one domain); `heavy` records weigh what real ones do.
    """
    rng = world.generator("amazon2023", seed)
    crowd = world.people(rng, users)
    user_ids = ["A" + code for code in codes(rng, users, 27, BASE32)]
    roles = _roles(users, domains)
    if casual is not None:
        few = world.generator("amazon2023/casual", seed).random(users) < casual
        roles = {domain: (members, np.where(few[members], 1, least)) for domain, (members, least) in roles.items()}
    life = histories.lives(world.generator("amazon2023/lives", seed), users)
    share = sum(int(least.sum()) for _, least in roles.values())
    paths = []
    for number, (domain, (members, least)) in enumerate(roles.items()):
        own = world.generator(f"amazon2023/{domain}", seed)
        ending = ".jsonl.gz" if (number % 2 == 1 if compress is None else compress) else ".jsonl"
        rows = interactions * int(least.sum()) // share
        weight = Weight(world.generator(f"amazon2023/{domain}/weight", seed)) if heavy else None
        paths += _write_domain(folder / "raw", own, domain, ending, crowd, user_ids, members, least, items, rows, life.of(members),
                               casual is not None, weight)  # fmt: skip
    return paths


def _roles(users: int, domains: Sequence[str]) -> dict[str, tuple[IntArray, IntArray]]:
    """Who is in which domain, with the fewest rows each: half the people in pairs, half in one domain."""
    everyone = np.arange(users)
    pairs = [pair for pair in PAIRS if set(pair) <= set(domains)]
    single = everyone if not pairs else everyone[everyone % 2 == 1]
    roles: dict[str, tuple[IntArray, IntArray]] = {}
    targets = {target for _, target in pairs}
    hosts = [domain for domain in domains if domain not in targets]
    for domain in domains:
        members, least = single[:0], single[:0]
        for place, (source, target) in enumerate(pairs):
            if domain in (source, target):
                both = everyone[everyone % 2 == 0][place :: len(pairs)]
                few = SOURCE_LEAST if domain == source else TARGET_LEAST
                members, least = np.append(members, both), np.append(least, np.full(len(both), few))
        if domain in hosts:
            own = single[hosts.index(domain) :: len(hosts)]
            fewest = np.where(np.arange(len(own)) % 2 == 1, 1, OTHER_LEAST)
            members, least = np.append(members, own), np.append(least, fewest)
        order = np.argsort(members)
        roles[domain] = (members[order], least[order])
    return roles


def _write_domain(
    raw: Path, rng: np.random.Generator, domain: str, ending: str, crowd: People, user_ids: list[str],
    members: IntArray, least: IntArray, items: int, rows: int, life: Lives, casual: bool, weight: Weight | None,
) -> list[Path]:  # fmt: skip
    shelves = list(DOMAINS[domain].values())
    catalogue = world.items(rng, items, len(shelves))
    taste = world.tastes(rng, crowd.latent, len(shelves))[members]
    lengths = (_casual if casual else _steady)(rng, least, rows, max(items // 3, 14))
    person = People(gender=crowd.gender[members], age=crowd.age[members], place=crowd.place[members],
                    occupation=crowd.occupation[members], latent=crowd.latent[members],
                    bias=crowd.bias[members])  # fmt: skip
    asins = ["B0" + code for code in codes(rng, items, 8, BASE36)]
    names = [user_ids[member] for member in members.tolist()]
    chunks = _review_chunks(rng, shelves, person, taste, catalogue, lengths, life, names, asins, weight)
    sold: FloatArray = np.zeros((2, items))
    reviews = write_text(raw / "review_categories" / f"{domain}{ending}", _counted(chunks, sold))
    metas = _metas(rng, domain, catalogue, asins, sold, weight)
    if weight:
        metas = weight.products(metas, items)
    lines = (json.dumps(meta) + "\n" for meta in metas)
    return [reviews, write_text(raw / "meta_categories" / f"meta_{domain}{ending}", lines)]


def _steady(rng: np.random.Generator, least: IntArray, rows: int, most: int) -> IntArray:
    """Who has least 1 has one to three, the others share what is left of the rows."""
    lengths, often = rng.integers(1, 4, len(least)), least > 1
    return _shared(rng, lengths, often, least, rows, most, histories.HEAVY)


def _casual(rng: np.random.Generator, least: IntArray, rows: int, most: int) -> IntArray:
    """Who has least 1 has as FEW says, the others share what is left of the rows."""
    lengths, often = rng.choice(len(FEW), len(least), p=FEW) + 1, least > 1
    return _shared(rng, lengths, often, least, rows, most, 1.0)


def _shared(
    rng: np.random.Generator,
    lengths: IntArray,
    often: NDArray[np.bool_],
    least: IntArray,
    rows: int,
    most: int,
    spread: float,
) -> IntArray:
    left, count = rows - int(lengths[~often].sum()), int(often.sum())
    lengths[often] = histories.history_lengths(rng, count, left, least=least[often], most=most, spread=spread)
    return lengths


def _counted(chunks: Iterator[tuple[str, Visits, FloatArray]], sold: FloatArray) -> Iterator[str]:
    for lines, seen, stars in chunks:
        sold[0] += np.bincount(seen.item, minlength=sold.shape[1])
        sold[1] += np.bincount(seen.item, weights=stars, minlength=sold.shape[1])
        yield lines


def _review_chunks(
    rng: np.random.Generator, shelves: list[Theme], person: People, taste: FloatArray, catalogue: Items,
    lengths: IntArray, life: Lives, names: list[str], asins: list[str], weight: Weight | None,
) -> Iterator[tuple[str, Visits, FloatArray]]:  # fmt: skip
    for first, last in histories.user_chunks(lengths, CHUNK):
        here = life.of(slice(first, last))
        local, item = histories.draw(rng, taste[first:last], catalogue, lengths[first:last], here.start)
        stamp = histories.times(rng, local, here, *PERIOD) * 1000
        stamp += np.where(stamp > 1.3e12, rng.integers(1, 1000, len(stamp)), 0)
        stamp = histories.in_order(local, stamp)
        score = histories.scores(rng, person, taste, catalogue, local + first, item)
        seen = _again(Visits(user=local + first, item=item, stamp=stamp, score=score))
        stars = histories.on_scale(seen.score, mean=3.9, spread=1.3, low=1, high=5, step=1)
        yield _review_lines(rng, shelves, catalogue, seen, stars, names, asins, weight), seen, stars


def _again(seen: Visits) -> Visits:
    """Return the same person reviews the same product again, 40 days later, in one row of 120."""
    rows = np.arange(len(seen.user))
    rows = np.sort(np.append(rows, rows[9::120]))
    later = np.append(False, rows[1:] == rows[:-1])
    return Visits(user=seen.user[rows], item=seen.item[rows], score=seen.score[rows],
                  stamp=seen.stamp[rows] + later * 40 * 86_400_000)  # fmt: skip


def _review_lines(
    rng: np.random.Generator, shelves: list[Theme], catalogue: Items, seen: Visits, stars: FloatArray,
    names: list[str], asins: list[str], weight: Weight | None,
) -> str:  # fmt: skip
    count = len(stars)
    mood = text.sentiments(stars, 2, 4)
    genre = catalogue.genre[seen.item]
    middles = 3 if weight is None else 1  # reviews that cells show are longer than the average one of the release
    bodies = text.reviews(rng, shelves, genre, mood, thing="product", breaks=BREAKS, middles=middles)
    heads = [("Not good", "Two thumbs down", "Disappointed"), ("It is okay", "Average", "So-so"),
             ("Love it", "Great buy", "Five stars from me")]  # fmt: skip
    dice = rng.integers(0, 3, count).tolist()
    titles, pictures = [heads[level][die] for level, die in zip(mood.tolist(), dice, strict=True)], ["[]"] * count
    if weight:
        titles, bodies, pictures = weight.reviews(titles, bodies, BREAKS)
    for row in range(7, count, 90):
        bodies[row] += (" My caf\\u00e9 friend said &#34;wow&#34;.", ' Nice &amp; easy, 5\\" tall.')[row // 90 % 2]
    votes = np.minimum(rng.geometric(0.6, count) - 1, 90).tolist()
    return "".join(
        f'{{"rating": {star}, "title": "{title}", "text": "{body}", "images": {shots}, '
        f'"asin": "{asins[item] if die else asins[item][:-1] + "V"}", "parent_asin": "{asins[item]}", '
        f'"user_id": "{names[user]}", "timestamp": {stamp}, "helpful_vote": {vote}, '
        f'"verified_purchase": {"true" if vote < 3 else "false"}}}\n'
        for star, title, die, body, shots, item, user, stamp, vote in zip(
            stars.tolist(), titles, dice, bodies.tolist(), pictures, seen.item.tolist(), seen.user.tolist(),
            seen.stamp.tolist(), votes, strict=True)
    )  # fmt: skip


def _metas(
    rng: np.random.Generator, domain: str, catalogue: Items, asins: list[str], sold: FloatArray,
    weight: Weight | None,
) -> Iterator[Product]:  # fmt: skip
    kinds, shelves = list(DOMAINS[domain]), list(DOMAINS[domain].values())
    genres = catalogue.genre.tolist()
    words = [shelves[genre] for genre in genres]
    names = [re.sub(r"\b-\b", " ", name) for name in text.titles(rng, words, PATTERNS.get(domain, PRODUCTS))]
    names = text.distinct(names, ", Style {n}")
    names = text.plant(weight.names(names) if weight else names)
    mean = np.round(sold[1] / np.maximum(sold[0], 1), 1)
    dice = rng.random((len(asins), 4)).tolist()
    for row, (asin, name) in enumerate(zip(asins, names, strict=True)):
        if row % 41 == 27:
            continue  # reviews of it stay
        shown = "" if row % 97 == 60 else name
        rated = float(mean[row]), int(sold[0][row])
        yield _meta(domain, asin, shown, kinds[genres[row]], words[row], dice[row], rated)


def _meta(
    domain: str, asin: str, name: str, kind: str, words: Theme, dice: list[float], rated: tuple[float, int]
) -> Product:
    label = domain.replace("_", " ").replace(" and ", " & ")
    feature, other = words.features[int(dice[0] * 5)], words.features[int(dice[1] * 5)]
    bare = domain in ("All_Beauty", "Amazon_Fashion")
    price: object = None if dice[2] < 0.6 else ("from 9.99" if dice[2] > 0.99 else round(3 + 90 * dice[3] ** 2, 2))
    image = {"thumb": f"https://img.example.net/{asin}._SS40_.jpg", "large": f"https://img.example.net/{asin}.jpg",
             "variant": "MAIN", "hi_res": None}  # fmt: skip
    return {
        "main_category": None if dice[3] < 0.05 else ("All Beauty" if bare else label), "title": name,
        "average_rating": rated[0], "rating_number": rated[1],
        "features": [] if dice[0] < 0.25 else [f"Designed for {feature}", f"You will notice the {other}", *PROMISES],
        "description": [] if dice[1] < 0.4 else [f"{name or kind}: made with care for {feature} & {other}."],
        "price": price, "images": [image] if dice[2] > 0.1 else [], "videos": [],
        "store": None if dice[0] < 0.1 else f"Zo\u00eb {PLACES[int(dice[1] * 30)]}",
        "categories": [] if bare else [label, kind],
        "details": {"Brand": PLACES[int(dice[1] * 30)], "Package Dimensions": "8 x 4 x 0.85 inches; 0.81 Ounces"},
        "parent_asin": asin, "bought_together": None,
    }  # fmt: skip
