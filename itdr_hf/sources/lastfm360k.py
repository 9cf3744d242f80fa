"""Last.FM 360K: http://ocelma.net/MusicRecommendationDataset/lastfm-360K.html

Quirks: tab-separated, no headers, no quoting; artists mostly in lower case, some without a name or an MBID; rows whose
user is a date; ages from -1337. No times: the rows of a user are sorted by number of plays. An item is an artist,
identified by the name as written, since many have no MBID and the name is what is shown.
"""

from __future__ import annotations

from itdr_hf.raw.dialects import TSV
from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Source, Words
from itdr_hf.sources._lastfm import ARCHIVE, ATTRIBUTES, CITATION, LICENCE, LICENCE_SOURCE, WORDING
from itdr_hf.sources._people import doubted_age, known_age, known_gender

NO_SHA1 = "WHEN NOT regexp_full_match(listener, '[0-9a-f]{40}') THEN 'user is no sha1 (a date in its place)'"


def read_plays(scan: Scan) -> Select:
    types = {"listener": "VARCHAR", "artist_id": "VARCHAR", "artist": "VARCHAR", "plays": "BIGINT"}
    rows = scan.csv("plays", types, TSV)
    return Select(
        rows=f"(SELECT *, row_number() OVER () AS place FROM {rows})",
        columns={
            "user": "listener",
            "item": "coalesce(trim(artist), '')",
            "timestamp": "place",
            "plays": "plays",
        },
        required=("user", "plays"),
        dropped=f"CASE {NO_SHA1} WHEN coalesce(trim(artist), '') = '' THEN 'artist without a name' "
        "WHEN plays < 1 THEN 'never played' END",
    )


def read_artists(scan: Scan) -> Select:
    return Select(
        rows=f"(SELECT DISTINCT item FROM {scan.table('interactions')} WHERE NOT bad AND dropped IS NULL)",
        columns={"item": "item", "title": "item"},
        required=("item",),
    )


def read_users(scan: Scan) -> Select:
    names = ("listener", "gender", "age", "country", "signup")
    return Select(
        rows=scan.csv("users", dict.fromkeys(names, "VARCHAR"), TSV),
        columns={
            "user": "listener",
            "country": "nullif(trim(country), '')",
            "gender": known_gender("gender"),
            "age": known_age("age"),
        },
        required=("user",),
        dropped=f"CASE {NO_SHA1} END",
        noted=doubted_age("age"),
    )


SOURCE = Source(
    id="lastfm360k",
    title="Last.FM 360K",
    homepage="http://ocelma.net/MusicRecommendationDataset/lastfm-360K.html",
    licence=LICENCE,
    licence_source=LICENCE_SOURCE,
    redistributable=False,
    citation=CITATION,
    obtain=f"download {ARCHIVE}/lastfm-dataset-360K.tar.gz and unpack it",
    downloads=(
        Download(
            url=f"{ARCHIVE}/lastfm-dataset-360K.tar.gz",
            path="lastfm-dataset-360K.tar.gz",
            members=tuple(
                Member(name=f"*{name}", path=name, md5=md5)
                for name, md5 in (  # from the README
                    ("usersha1-artmbid-artname-plays.tsv", "be672526eb7c69495c27ad27803148f1"),
                    ("usersha1-profile.tsv", "51159d4edf6a92cb96f87768aa2be678"),
                )
            ),
        ),
    ),
    folders=("lastfm-360k", "lastfm360k", "lastfm-dataset-360K"),
    layouts=(
        Layout(
            name="lastfm-dataset-360K",
            files={"plays": ("usersha1-artmbid-artname-plays.tsv",), "users": ("usersha1-profile.tsv",)},
            tables={
                "interactions": Table(roles=("plays",), read=read_plays),
                "items": Table(roles=("plays",), read=read_artists),
                "users": Table(roles=("users",), read=read_users),
            },
        ),
    ),
    words=Words(
        item="artist", items="artists", do="listen to", did="listened to", doing="listening to", acted="listen"
    ),
    by_time=False,
    user_attributes=ATTRIBUTES,
    wording=WORDING,
)
