"""The words of the simulated world: themes for genres, names, places, praise and blame."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Words of one genre: nouns and adjectives for titles, features for descriptions and reviews."""

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    features: tuple[str, ...]


def theme(nouns: str, adjectives: str, features: str) -> Theme:
    """Return a theme from blank-separated nouns and adjectives and comma-separated features."""
    return Theme(nouns=tuple(nouns.split()), adjectives=tuple(adjectives.split()), features=tuple(features.split(", ")))


THEMES: dict[str, Theme] = {
    "action": theme(
        "Strike Bullet Chase Fury Vengeance Siege Thunder Raid Blast Convoy Gauntlet Showdown",
        "Deadly Final Relentless Explosive Lethal Reckless Burning Armed",
        "chase scenes, stunts, fight scenes, explosions, car pursuit",
    ),
    "adventure": theme(
        "Voyage Island Treasure Expedition Compass River Summit Caravan Jungle Horizon Map Harbour",
        "Lost Hidden Golden Uncharted Distant Daring Endless Forgotten",
        "long journey, treasure hunt, island setting, sea voyage, brave crew",
    ),
    "children": theme(
        "Puppy Balloon Bear Rabbit Playground Toybox Kite Pony Duckling Birthday Pumpkin Button",
        "Little Happy Magic Curious Tiny Merry Brave Fluffy",
        "talking animals, gentle songs, bright colours, friendly rabbit, small lessons",
    ),
    "comedy": theme(
        "Wedding Neighbour Roommate Vacation Mix-Up Reunion Prank Uncle Weekend Parrot Waiter Dentist",
        "Crazy Awkward Clumsy Ridiculous Lucky Unlikely Silly Cheeky",
        "jokes, slapstick, silly misunderstandings, witty dialogue, running gags",
    ),
    "crime": theme(
        "Heist Gangster Verdict Alibi Witness Informer Robbery Syndicate Smuggler Warrant Ransom Getaway",
        "Crooked Guilty Dirty Ruthless Wanted Stolen Corrupt Silent",
        "heist plan, police work, double cross, courtroom scenes, gang rivalry",
    ),
    "documentary": theme(
        "Planet Archive Factory Glacier Century Portrait Ocean Witnesses Harvest Border Engine Village",
        "True Untold Ordinary Vanishing Inside Real Early Modern",
        "interviews, archive footage, careful research, facts, true stories",
    ),
    "drama": theme(
        "Daughter Promise Father Silence Letter Autumn Home Mercy Brother Winter Farewell Memory",
        "Broken Quiet Fragile Tender Bitter Gentle Lonely Distant",
        "family conflict, slow grief, quiet scenes, honest acting, moral choices",
    ),
    "fantasy": theme(
        "Dragon Wizard Crown Sword Kingdom Spell Oracle Griffin Rune Throne Prophecy Tower",
        "Enchanted Ancient Cursed Silver Forbidden Eternal Elven Mystic",
        "dragons, spells, old prophecies, enchanted forest, rival kingdoms",
    ),
    "horror": theme(
        "Cellar Scream Graveyard Curse Asylum Ghost Nightmare Coffin Ritual Shadow Mirror Demon",
        "Haunted Bloody Evil Unholy Cold Rotting Whispering Undead",
        "jump scares, haunted house, dread, ghosts, creepy sounds",
    ),
    "music": theme(
        "Melody Song Guitar Ballad Rhythm Chorus Stage Serenade Trumpet Orchestra Encore Drum",
        "Singing Loud Sweet Velvet Electric Swinging Golden Acoustic",
        "songs, dance numbers, melodies, live concert, singing",
    ),
    "mystery": theme(
        "Clue Secret Riddle Disappearance Detective Key Puzzle Stranger Cipher Manor Footprint Locket",
        "Missing Secret Vanished Locked Strange Unsolved Veiled Hidden",
        "clues, puzzling murder, clever detective, secrets, surprising solution",
    ),
    "romance": theme(
        "Kiss Heart Love Summer Rose Bride Sweetheart Moonlight Valentine Embrace Letter Waltz",
        "Tender Sweet Secret Forever Passionate Second Endless True",
        "love story, tender romance, chemistry, first kiss, happy ending",
    ),
    "scifi": theme(
        "Galaxy Robot Star Colony Orbit Android Signal Reactor Comet Starship Clone Nebula",
        "Cosmic Galactic Quantum Stellar Artificial Lunar Cybernetic Infinite",
        "spaceships, robots, alien worlds, future technology, time travel",
    ),
    "thriller": theme(
        "Hostage Deadline Conspiracy Pursuit Assassin Trap Signal Hideout Suspect Passenger Stalker Code",
        "Dangerous Sudden Desperate Double Midnight Perfect Nameless Fatal",
        "suspense, twists, conspiracy, ticking clock, tense finale",
    ),
    "war": theme(
        "Battalion Trench Soldier Regiment Fortress Armistice Invasion Squadron Frontline General Medal Bunker",
        "Fallen Brave Bitter Last Marching Wounded Loyal Besieged",
        "battle scenes, soldiers, war stories, historical detail, tank battles",
    ),
    "western": theme(
        "Sheriff Saddle Canyon Outlaw Ranch Stagecoach Rifle Mustang Prairie Saloon Trail Bounty",
        "Dusty Lonesome Wild Wanted Rugged Western Quick Painted",
        "gunfights, cattle drive, desert landscape, horses, frontier town",
    ),
    "sport": theme(
        "Match Stadium Coach Champion League Goal Marathon Boxer Season Playoff Racket Sprint",
        "Winning Unbeaten Muddy Final Fast Olympic Rising Extra-Time",
        "football matches, training, big tournament, team spirit, racing",
    ),
    "food": theme(
        "Kitchen Noodle Dumpling Bakery Recipe Chef Soup Dessert Spice Barbecue Pancake Market",
        "Spicy Homemade Crispy Delicious Sweet Roasted Fresh Savoury",
        "cooking, street food, recipes, noodles, home baking",
    ),
    "travel": theme(
        "Beach Railway Mountain Passport Suitcase Hostel Temple Desert Coastline Ferry Lagoon Festival",
        "Sunny Remote Cheap Scenic Tropical Snowy Coastal Wandering",
        "mountain views, road trips, train rides, beaches, local customs",
    ),
    "nature": theme(
        "Forest Wolf Puppy Kitten Garden Owl Meadow Turtle Elephant Aquarium Pond Fox",
        "Wild Furry Playful Green Sleepy Gentle Rare Rescued",
        "animals, cute pets, wildlife, garden plants, rescued kittens",
    ),
    "business": theme(
        "Market Investor Startup Merger Bank Budget Strategy Profit Economy Factory Leader Trade",
        "Rich Rising Smart Global Risky Corporate Bullish Lean",
        "stock markets, practical advice, management, money saving, interest rates",
    ),
    "tech": theme(
        "Phone Laptop Chip Camera Software Drone Gadget Update Keyboard Network Browser Battery",
        "Wireless Digital Smart Fast Portable Foldable Encrypted Modern",
        "new gadgets, software updates, battery life, screen tests, programming",
    ),
    "health": theme(
        "Diet Vaccine Sleep Workout Doctor Vitamin Clinic Habit Yoga Heartbeat Allergy Breakfast",
        "Healthy Daily Simple Active Balanced Natural Clean Mindful",
        "exercise, healthy diet, medical advice, sleep tips, weight loss",
    ),
    "fashion": theme(
        "Dress Lipstick Hairstyle Jacket Wardrobe Makeup Perfume Boots Runway Skirt Manicure Scarf",
        "Elegant Vintage Stylish Glossy Chic Casual Pink Seasonal",
        "makeup, outfits, hairstyles, skin care, street style",
    ),
    "politics": theme(
        "Senate Election Governor Treaty Budget Minister Campaign Protest Parliament Reform Hearing Veto",
        "Divided Public Federal Disputed Bipartisan Landmark Closed Historic",
        "election polls, senate debate, new law, foreign policy, campaign speeches",
    ),
}

PEOPLE = [
    "Alma",
    "Bruno",
    "Clara",
    "Dmitri",
    "Elena",
    "Felix",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Katya",
    "Leon",
    "Mara",
    "Nadia",
    "Oscar",
    "Petra",
    "Quentin",
    "Rosa",
    "Stefan",
    "Tilda",
    "Ulrich",
    "Vera",
    "Walter",
    "Ximena",
    "Yusuf",
    "Zelda",
    "Amara",
    "Boris",
    "Celia",
    "Dario",
]
SURNAMES = [
    "Abernathy",
    "Bellweather",
    "Castellan",
    "Dunmore",
    "Eastlake",
    "Fairbanks",
    "Goldwyn",
    "Harrow",
    "Ivarsson",
    "Jasper",
    "Kestrel",
    "Lindqvist",
    "Marlowe",
    "Northgate",
    "O'Dell",
    "Pemberton",
    "Quill",
    "Ravenhill",
    "Sandoval",
    "Thorne",
    "Underwood",
    "Vance",
    "Whitlock",
    "Yarrow",
    "Zimmer",
    "Aldana",
    "Brisco",
    "Corrigan",
    "Delacroix",
    "Ellery",
]
PLACES = [
    "Avonlea",
    "Brackwater",
    "Caldera",
    "Dunmoor",
    "Elmsford",
    "Fernhill",
    "Graywater",
    "Hollowmere",
    "Ironbridge",
    "Juniper",
    "Kingsport",
    "Larkspur",
    "Millhaven",
    "Northwick",
    "Oakridge",
    "Pinecrest",
    "Quarry",
    "Redstone",
    "Silverlake",
    "Thornbury",
    "Umbra",
    "Valewood",
    "Westmarch",
    "Yellowknife",
    "Zephyr",
    "Ashcombe",
    "Blackpool",
    "Cedarvale",
    "Driftwood",
    "Eastmoor",
]

PRAISE = ("excellent", "wonderful", "superb", "delightful", "outstanding", "a joy", "brilliant", "well made")
LUKEWARM = ("fine", "acceptable", "average", "so-so", "decent enough", "nothing special", "uneven", "okay")
BLAME = ("awful", "boring", "disappointing", "poorly done", "a mess", "terrible", "tiresome", "dreadful")

_UNCOUNTED = (
    "acrylic-paint adhesion barbecue basmati-rice body-mist breakfast care chai coffee curry-powder cuticle-oil cutlery "
    "dark-chocolate duct-tape economy epoxy espresso face-serum fitness fury gel-polish green-tea hair-oil hardware honey "
    "jewelry-wire love makeup mascara mercy moonlight olive-oil pasta pla-filament popcorn ramen resin sea-salt sealant "
    "shampoo silence sleep software sunscreen sushi thunder trade trail-mix vanilla vengeance yarn yoga"
)
UNCOUNTED = frozenset(_UNCOUNTED.split())  # nouns without a plural, which take no "a"
