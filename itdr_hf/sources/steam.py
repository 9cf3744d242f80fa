"""Steam reviews, version 2 and version 1 (Australian users): https://cseweb.ucsd.edu/~jmcauley/datasets.html

Each line is a Python dict, not JSON (u'…' strings, .gz or plain): parsed as a literal, line by line, never evaluated.
Every key may be absent. Games: prices as numbers or words, entities in genres, missing ids (the URL has one), one id
twice, missing titles (`app_name` is used instead). Version 2 has neither ratings nor recommendations.

A reviewer is identified by `user_id` if given. 59 % of the reviews have only a username, and names collide ("123",
"Alex"). A name is one person unless its reviews state account sizes (`products`, games owned) that differ too much
(SAME_ACCOUNT); such a name is split by account size, and its reviews without a size are excluded.

Hours played are used in place of ratings (`liked_above`, `disliked_below`), but they are not a rating scale, so this
source does not feed rating prediction. Version 1 has "recommend" instead: the flag is put at the beginning of the
review, and hours come from the players' inventories if australian_users_items.json is present. Its reviews of the year
of the crawl are dated without a year, which is assumed to be the one after the last year stated.
"""

from __future__ import annotations

from itdr_hf.raw.layout import Download, Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, Source, Words

SAME_ACCOUNT = "max(products) <= 1.25 * min(products) + 10"  # an account grows little during the crawl
TAGS_SHOWN = 12
MAX_TAGS = 100  # tags of a game that are considered, as each is compared with all its genres
COMPANIES = (
    "unescape(trim(regexp_replace({}, ',(\\S)', ', \\1', 'g')))"  # names are joined without a blank: 'A,B, Inc.'
)
DEVELOPERS, PUBLISHERS = COMPANIES.format("developer"), COMPANIES.format("publisher")


def read_posts(scan: Scan) -> Select:
    names = ("username", "user_id", "product_id", "date", "text")
    types = {**dict.fromkeys(names, "VARCHAR"), "hours": "DOUBLE", "products": "BIGINT"}
    return Select(
        rows=scan.python_lines("reviews", types),
        columns={
            "account": "nullif(user_id, '')",
            "name": "coalesce(username, '')",
            "products": "products",
            "item": "product_id",
            "hours": "CASE WHEN hours >= 0 AND isfinite(hours) THEN hours END",
            "timestamp": "epoch(try_strptime(date, '%Y-%m-%d'))::BIGINT",
            "text": "nullif(trimmed(text), '')",
        },
        required=("item", "timestamp"),
    )


def read_interactions(scan: Scan) -> Select:
    posts = f"(SELECT * FROM {scan.table('posts')} WHERE NOT bad)"
    by_name = f"SELECT name, {SAME_ACCOUNT} AS one_person FROM {posts} WHERE account IS NULL GROUP BY name"
    person = "coalesce(one_person, true)"
    return Select(
        rows=f"{posts} AS p LEFT JOIN ({by_name}) USING (name)",
        columns={
            "user": (
                f"CASE WHEN account IS NOT NULL THEN 'id ' || account WHEN {person} THEN 'name ' || name "
                "ELSE 'name ' || name || ' ' || coalesce(products, -1) END"
            ),
            "item": "item",
            "rating": "hours",
            "timestamp": "timestamp",
            "text": "text",
        },
        required=("user", "item", "timestamp"),
        dropped=(
            "CASE WHEN account IS NULL AND name = '' THEN 'review without a user' "
            f"WHEN account IS NULL AND NOT {person} AND products IS NULL THEN 'name of several people' END"
        ),
    )


def read_games(scan: Scan) -> Select:
    texts = dict.fromkeys(
        ("id", "url", "title", "app_name", "developer", "publisher", "release_date", "price"), "VARCHAR"
    )
    games = scan.python_lines("games", {**texts, "genres": "VARCHAR[]", "tags": "VARCHAR[]", "specs": "VARCHAR[]"})
    tags = f"list_filter(tags[:{MAX_TAGS}], lambda tag: NOT coalesce(list_contains(genres, tag), false))"
    app = "coalesce(nullif(id, ''), regexp_extract(url, '/app/(\\d+)', 1), '')"  # the URL contains the id too
    amount = "try_cast(price AS DOUBLE)"
    return Select(
        rows=games,
        columns={
            "item": f"CASE WHEN readable THEN {app} END",
            "title": "coalesce(nullif(trim(title), ''), app_name)",
            "genres": _listed("genres"),
            "tags": _listed(f"{tags}[:{TAGS_SHOWN}]"),
            "developer": f"nullif({DEVELOPERS}, '')",
            "publisher": f"nullif(nullif({PUBLISHERS}, ''), {DEVELOPERS})",
            "released": "CASE WHEN regexp_full_match(release_date, '\\d{4}-\\d\\d-\\d\\d') THEN release_date END",
            "specs": _listed("specs"),
            "price": f"CASE WHEN {amount} = 0 OR price ILIKE 'free%' THEN 'free' "
            f"WHEN isfinite({amount}) THEN printf('$%.2f', {amount}) END",
        },
        required=("item",),
        dropped=f"CASE WHEN {app} = '' THEN 'game without id' END",
    )


def _listed(names: str) -> str:
    return f"nullif(unescape(array_to_string({names}, ', ')), '')"


def read_australian_posts(scan: Scan) -> Select:
    review = "STRUCT(item_id VARCHAR, posted VARCHAR, recommend BOOLEAN, review VARCHAR)[]"
    people = scan.python_lines("reviews", {"user_id": "VARCHAR", "reviews": review})
    number = ", _row" if scan.numbered else ""
    # a line that is not a dict is kept as one row without a user, so that it counts as malformed
    each = "unnest(CASE WHEN readable THEN reviews ELSE [NULL] END)"
    day = "regexp_extract(r.posted, '^Posted (.*?)\\.?$', 1)"
    leap = "day || ', 2000'"  # a day without a year is valid if it exists in a leap year
    flag = "CASE r.recommend WHEN true THEN 'Recommended. ' WHEN false THEN 'Not recommended. ' ELSE '' END"
    text = f"CASE WHEN trim(r.review) <> '' THEN {flag} || trim(r.review) END"
    return Select(
        rows=f"(SELECT *, {day} AS day FROM (SELECT user_id, {each} AS r{number} FROM {people}))",
        columns={
            "person": "user_id",
            "item": "r.item_id",
            "day": f"CASE WHEN {_moment('day')} IS NOT NULL OR {_moment(leap)} IS NOT NULL THEN day END",
            "year": f"year({_moment('day')})",
            "text": text,
        },
        required=("person", "item", "day"),
    )


def read_australian_interactions(scan: Scan) -> Select:
    posts = f"(SELECT * FROM {scan.table('posts')} WHERE NOT bad)"
    last = f"(SELECT coalesce(max(year), 2015) + 1 FROM {posts})"
    dated = f"CASE WHEN year IS NULL THEN day || ', ' || {last} ELSE day END"
    return Select(
        rows=f"{posts} AS p LEFT JOIN {_inventories(scan)} USING (person, item)",
        columns={
            "user": "person",
            "item": "item",
            "rating": "hours",
            "timestamp": f"epoch({_moment(dated)})::BIGINT",
            "text": "text",
        },
        required=("user", "item", "timestamp"),
    )


def _moment(day: str) -> str:
    """Return SQL for the start of a day written 'April 21, 2011'; NULL for anything else."""
    return f"try_strptime({day}, '%B %d, %Y')"


def _inventories(scan: Scan) -> str:
    """Return a query for the hours played by (person, item); without rows if the file is missing."""
    if "inventories" not in scan.files:
        return "(SELECT NULL::VARCHAR AS person, NULL::VARCHAR AS item, NULL::DOUBLE AS hours WHERE false)"
    items = {"user_id": "VARCHAR", "items": "STRUCT(item_id VARCHAR, playtime_forever DOUBLE)[]"}
    owned = f"SELECT user_id, unnest(items) AS i FROM {scan.python_lines('inventories', items)}"
    return (
        "(SELECT user_id AS person, i.item_id AS item, max(i.playtime_forever) / 60 AS hours "
        f"FROM ({owned}) WHERE isfinite(i.playtime_forever) GROUP BY ALL)"
    )


def _layout(name: str, reviews: str, posts: Table, interactions: Table, **optional: tuple[str, ...]) -> Layout:
    return Layout(
        name=name,
        files={
            "reviews": (reviews, f"{reviews}.gz"),
            "games": ("steam_games.json", "steam_games.json.gz"),
            **optional,
        },
        tables={
            "posts": posts,  # the source of the interactions
            "interactions": interactions,
            "items": Table(roles=("games",), read=read_games),
        },
    )


SOURCE = Source(
    id="steam",
    title="Steam",
    homepage="https://cseweb.ucsd.edu/~jmcauley/datasets.html#steam_data",
    licence="none stated; cite the paper",
    licence_source="the data set's page",
    redistributable=False,
    citation="""@inproceedings{kang2018sasrec,
  title={Self-Attentive Sequential Recommendation},
  author={Kang, Wang-Cheng and McAuley, Julian},
  booktitle={2018 IEEE International Conference on Data Mining (ICDM)},
  pages={197--206}, year={2018}, doi={10.1109/ICDM.2018.00035}
}""",
    obtain=(
        "download https://cseweb.ucsd.edu/~wckang/steam_reviews.json.gz and "
        "https://cseweb.ucsd.edu/~wckang/steam_games.json.gz (or the Australian files of version 1)"
    ),
    downloads=tuple(
        Download(url=f"https://cseweb.ucsd.edu/~wckang/{name}", path=name)
        for name in ("steam_reviews.json.gz", "steam_games.json.gz")
    ),
    folders=("steam", "Steam"),
    layouts=(
        _layout(
            "Steam, version 2",
            "steam_reviews.json",
            Table(roles=("reviews",), read=read_posts),
            Table(roles=("reviews",), read=read_interactions),
        ),
        _layout(
            "Steam, version 1 (Australian users)",
            "australian_user_reviews.json",
            Table(roles=("reviews",), read=read_australian_posts),
            Table(roles=("reviews",), read=read_australian_interactions),
            inventories=("australian_users_items.json", "australian_users_items.json.gz"),
        ),
    ),
    words=Words(
        item="game",
        items="games",
        do="play",
        did="played",
        doing="playing",
        liked="Played for more than ten hours",
        disliked="Put down within two hours",
        acted="review",
    ),
    liked_above=10,
    disliked_below=2,
    label="genres",
    item_attributes=(
        Attribute(name="genres", column="genres"),
        Attribute(name="tags", column="tags"),
        Attribute(name="developer", column="developer"),
        Attribute(name="publisher", column="publisher"),
        Attribute(name="released", column="released"),
        Attribute(name="features", column="specs"),
        Attribute(name="price", column="price"),
    ),
)
