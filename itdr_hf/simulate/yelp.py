"""Yelp Open Dataset as it is downloaded: business, review and user JSON lines (tip and checkin are not needed).

Quirks written: slashes escaped, raw UTF-8, attributes as python literals in strings, null attributes,
categories and hours, line breaks in review texts, friends "None", useful -1 in a rare row.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, text, world
from itdr_hf.simulate.codes import BASE64, codes
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.histories import Visits
from itdr_hf.simulate.vocabulary import PEOPLE, PLACES, SURNAMES, Theme, theme
from itdr_hf.simulate.world import FloatArray, IntArray, Items, Size

FOLDER = "yelp"
SIZE = Size(users=12_600, items=8_000, interactions=144_000, cold=0.45)
CATEGORIES: dict[str, Theme] = {
    "Mexican, Restaurants": theme(
        "Taqueria Cantina Cocina Mesa", "Spicy Old Red Happy",
        "tacos, burritos, salsa, margaritas, guacamole",
    ),
    "Italian, Pizza, Restaurants": theme(
        "Trattoria Pizzeria Osteria Forno", "Golden Little Stone Rustic",
        "pizza, pasta, house wine, garlic bread, tiramisu",
    ),
    "Chinese, Restaurants": theme(
        "Garden Wok Palace Noodle-House", "Lucky Jade Golden Imperial",
        "dumplings, noodles, fried rice, hot pot, dim sum",
    ),
    "Sushi Bars, Japanese, Restaurants": theme(
        "Sushi Ramen Izakaya Roll", "Blue Fresh Tiny Quiet",
        "sushi, ramen, sashimi, tempura, miso soup",
    ),
    "Burgers, American (Traditional), Restaurants": theme(
        "Burger Grill Diner Smokehouse", "Big Rusty Classic Juicy",
        "burgers, fries, milkshakes, onion rings, bbq ribs",
    ),
    "Coffee & Tea, Cafes, Food": theme(
        "Coffee Roasters Cafe Espresso-Bar", "Morning Cozy Dark Brave",
        "coffee, pastries, latte art, cozy seats, wifi",
    ),
    "Bars, Nightlife, Cocktail Bars": theme(
        "Tavern Lounge Taproom Saloon", "Midnight Crooked Loud Velvet",
        "cocktails, craft beer, live music, happy hour, bar snacks",
    ),
    "Beauty & Spas, Hair Salons": theme(
        "Salon Spa Nails Studio", "Silk Bright Gentle Glossy",
        "haircuts, massages, manicures, colour jobs, stylists",
    ),
    "Automotive, Auto Repair": theme(
        "Garage Motors Tire-Shop Autos", "Honest Rapid Reliable Steel",
        "repairs, oil changes, tire service, mechanics, price quotes",
    ),
    "Active Life, Gyms, Fitness/Yoga": theme(
        "Gym Fitness Yoga Boxing-Club", "Iron Active Flexible Strong",
        "spin classes, trainers, equipment, yoga classes, locker rooms",
    ),
    "Doctors, Dentists, Health & Medical": theme(
        "Dental Clinic Family-Practice Care", "Kind Modern Gentle Bright",
        "dentists, waiting times, nurses, check-ups, front desk staff",
    ),
    "Pets, Pet Groomers, Veterinarians": theme(
        "Paws Groomers Vet Kennel", "Happy Fluffy Wagging Clean",
        "grooming, vets, dog baths, boarding, friendly staff",
    ),
    "Shopping, Home & Garden": theme(
        "Nursery Market Hardware Antiques", "Green Vintage Corner Useful",
        "plants, furniture, selection, prices, helpful clerks",
    ),
    "Hotels & Travel, Hotels": theme(
        "Hotel Inn Resort Lodge", "Grand Sunny Seaside Quiet",
        "rooms, pool, breakfast, front desk, beds",
    ),
}  # fmt: skip
NAMES = ("{A} {N}", "{H}'s {N}", "The {A} {N}", "{P} {N}", "{S} & Sons {N}", "{N} on {P} St", "{H} {S}, {N}")
CITIES = (("Philadelphia", "PA"), ("Tucson", "AZ"), ("Tampa", "FL"), ("Nashville", "TN"), ("Reno", "NV"))
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
COMPLIMENTS = ["hot", "more", "profile", "cute", "list", "note", "plain", "cool", "funny", "writer", "photos"]
PERIOD = (1_108_425_600, 1_642_550_400)  # 15 February 2005 to 19 January 2022


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release."""
    rng = world.generator("yelp", seed)
    crowd = world.people(rng, users, places=len(CITIES))
    catalogue = world.items(rng, items, len(CATEGORIES))
    taste = world.tastes(rng, crowd.latent, len(CATEGORIES))
    lengths = histories.activity(rng, users, interactions, least=13, most=max(items // 6, 13), cold=SIZE.cold)
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD)
    stars = histories.on_scale(seen.score, mean=3.7, spread=1.1, low=1, high=5, step=1)
    people_ids = codes(rng, users, 22, BASE64)
    business_ids = codes(rng, items, 22, BASE64)
    prefix = folder / "yelp_academic_dataset_"
    return [
        write_lines(Path(f"{prefix}business.json"), _businesses(rng, catalogue, business_ids, seen, stars)),
        write_lines(Path(f"{prefix}review.json"), _reviews(rng, catalogue, people_ids, business_ids, seen, stars)),
        write_lines(Path(f"{prefix}user.json"), _users(rng, people_ids, seen, stars)),
    ]


def dump(record: dict[str, object]) -> str:
    """One line as Yelp writes it: compact, UTF-8, slashes escaped."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def _businesses(
    rng: np.random.Generator, catalogue: Items, ids: list[str], seen: Visits, stars: FloatArray
) -> Iterator[str]:
    words, kinds = list(CATEGORIES.values()), list(CATEGORIES)
    names = text.titles(rng, [words[g] for g in catalogue.genre.tolist()], NAMES)
    names = text.plant(text.distinct(names, " No. {n}"))
    count = np.bincount(seen.item, minlength=len(ids))
    mean = np.round(2 * np.bincount(seen.item, weights=stars, minlength=len(ids)) / np.maximum(count, 1)) / 2
    dice = rng.random((len(ids), 6)).tolist()
    for row, (name, genre) in enumerate(zip(names, catalogue.genre.tolist(), strict=True)):
        a, b, c, d, e, f = dice[row]
        city, state = CITIES[int(a * len(CITIES))]
        yield dump({
            "business_id": ids[row], "name": name, "address": f"{int(b * 2000) + 1} {PLACES[int(c * 30)]} St",
            "city": city, "state": state, "postal_code": f"{int(d * 99_999):05d}",
            "latitude": round(25 + 20 * e, 7), "longitude": round(-120 + 45 * f, 7),
            "stars": max(float(mean[row]), 1.0),
            "review_count": int(count[row]), "is_open": int(a < 0.8), "attributes": _attributes(dice[row]),
            "categories": None if row % 307 == 11 else kinds[genre],
            "hours": None if b < 0.15 else {day: f"{6 + int(c * 5)}:0-{17 + int(d * 6)}:30" for day in DAYS},
        })  # fmt: skip


def _attributes(dice: list[float]) -> dict[str, str] | None:
    if dice[3] < 0.09:
        return None
    lot = {"garage": dice[0] < 0.2, "street": dice[1] < 0.5, "validated": False, "lot": dice[2] < 0.6, "valet": False}
    return {
        "BusinessAcceptsCreditCards": str(dice[1] < 0.9),
        "RestaurantsPriceRange2": str(int(dice[2] * 4) + 1),
        "WiFi": ("u'free'", "u'no'", "'paid'")[int(dice[4] * 3)],
        "BusinessParking": "None" if dice[5] < 0.1 else str(lot),
        "NoiseLevel": ("u'average'", "u'quiet'", "u'loud'")[int(dice[0] * 3)],
        "RestaurantsAttire": "'casual'",
    }


def _reviews(
    rng: np.random.Generator, catalogue: Items, people_ids: list[str], business_ids: list[str], seen: Visits,
    stars: FloatArray,
) -> Iterator[str]:  # fmt: skip
    count = len(seen.user)
    texts = text.reviews(
        rng, list(CATEGORIES.values()), catalogue.genre[seen.item], text.sentiments(stars, 2, 4), thing="place",
        breaks="\n\n", middles=7,
    )  # fmt: skip
    votes = np.minimum(rng.geometric(0.5, (count, 3)) - 1, 30).tolist()
    votes[count // 3][0] = -1
    rows = zip(codes(rng, count, 22, BASE64), seen.user.tolist(), seen.item.tolist(), stars.tolist(), votes,
               texts.tolist(), moments(seen.stamp), strict=True)  # fmt: skip
    for code, user, item, star, (useful, funny, cool), body, moment in rows:
        yield dump({"review_id": code, "user_id": people_ids[user], "business_id": business_ids[item], "stars": star,
                    "useful": useful, "funny": funny, "cool": cool, "text": body, "date": moment})  # fmt: skip


def moments(stamp: IntArray) -> list[str]:
    """Seconds as "YYYY-MM-DD HH:MM:SS", UTC."""
    return [str(moment).replace("T", " ") for moment in stamp.astype("datetime64[s]").tolist()]


def _users(rng: np.random.Generator, ids: list[str], seen: Visits, stars: FloatArray) -> Iterator[str]:
    count = np.bincount(seen.user, minlength=len(ids))
    mean = np.bincount(seen.user, weights=stars, minlength=len(ids)) / np.maximum(count, 1)
    friends = rng.integers(0, len(ids), (len(ids), 3)).tolist()
    for row, (code, name) in enumerate(zip(ids, text.pick(rng, [*PEOPLE, *SURNAMES], len(ids)), strict=True)):
        since = datetime.fromtimestamp(PERIOD[0] + row % 3_000 * 86_400, UTC)
        yield dump({
            "user_id": code, "name": name, "review_count": int(count[row]),
            "yelping_since": f"{since:%Y-%m-%d %H:%M:%S}",
            "useful": row % 50, "funny": row % 7, "cool": row % 11, "elite": ("", "2009,2010", "2019,20,20")[row % 3],
            "friends": "None" if row % 4 == 0 else ", ".join(ids[friend] for friend in friends[row]),
            "fans": row % 5, "average_stars": round(float(mean[row]), 2),
            **{f"compliment_{kind}": row % (place + 2) for place, kind in enumerate(COMPLIMENTS)},
        })  # fmt: skip
