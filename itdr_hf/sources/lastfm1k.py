"""Last.FM 1K: http://ocelma.net/MusicRecommendationDataset/lastfm-1K.html

Quirks: tab-separated, no quoting (names contain quotes), a header ("#id") only in the profiles; MBIDs often empty; plays
newest first; junk ages; some copies of the plays have a header added. An item is a song with its artist. All plays of a
song by a user are one interaction, at the time of the first, with their number as `plays`.
"""

from __future__ import annotations

from itdr_hf.raw.dialects import TSV, Dialect
from itdr_hf.raw.layout import Download, Layout, Member, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Source, Words
from itdr_hf.sources._lastfm import ARCHIVE, ATTRIBUTES, CITATION, LICENCE, LICENCE_SOURCE, WORDING
from itdr_hf.sources._people import doubted_age, known_age, known_gender

HEADED = Dialect(delimiter="\t", quote="", escape="", header=True)


def read_plays(scan: Scan) -> Select:
    """Return the plays, row by row; songs and play counts are derived from this table."""
    names = ("listener", "played", "artist_id", "artist", "track_id", "track")
    header = "played IN ('timestamp', 'time')"
    return Select(
        rows=scan.csv("plays", dict.fromkeys(names, "VARCHAR"), TSV),
        columns={
            "listener": "listener",
            "played": f"CASE WHEN {header} THEN 0 ELSE CAST(epoch(try_cast(played AS TIMESTAMP)) AS BIGINT) END",
            "song": "trim(track) || ' by ' || trim(artist)",
        },
        required=("listener", "played"),
        dropped=f"CASE WHEN {header} THEN 'a header line' "
        "WHEN coalesce(trim(track), '') = '' OR coalesce(trim(artist), '') = '' THEN 'song or artist without a name' END",
    )


def read_listening(scan: Scan) -> Select:
    plays = f"SELECT * FROM {scan.table('plays')} WHERE NOT bad AND dropped IS NULL"
    return Select(
        rows=f"(SELECT listener, song, min(played) AS first, count(*) AS plays FROM ({plays}) GROUP BY listener, song)",
        columns={"user": "listener", "item": "song", "timestamp": "first", "plays": "plays"},
        required=("user", "item"),
        merged="plays",
    )


def read_songs(scan: Scan) -> Select:
    return Select(
        rows=f"(SELECT DISTINCT item FROM {scan.table('interactions')})",
        columns={"item": "item", "title": "item"},
        required=("item",),
    )


def read_users(scan: Scan) -> Select:
    names = ("#id", "gender", "age", "country", "registered")
    return Select(
        rows=scan.csv("users", dict.fromkeys(names, "VARCHAR"), HEADED),
        columns={
            "user": '"#id"',
            "country": "nullif(trim(country), '')",
            "gender": known_gender("gender"),
            "age": known_age("age"),
        },
        required=("user",),
        noted=doubted_age("age"),
    )


SOURCE = Source(
    id="lastfm1k",
    title="Last.FM 1K",
    homepage="http://ocelma.net/MusicRecommendationDataset/lastfm-1K.html",
    licence=LICENCE,
    licence_source=LICENCE_SOURCE,
    redistributable=False,
    citation=CITATION,
    obtain="download lastfm-dataset-1K.tar.gz from the home page and unpack it",
    downloads=(
        Download(
            url=f"{ARCHIVE}/lastfm-dataset-1K.tar.gz",
            path="lastfm-dataset-1K.tar.gz",
            members=(
                Member(
                    name="*userid-timestamp-artid-artname-traid-traname.tsv",
                    path="userid-timestamp-artid-artname-traid-traname.tsv",
                    md5="64747b21563e3d2aa95751e0ddc46b68",
                ),
                Member(name="*userid-profile.tsv", path="userid-profile.tsv", md5="c53608b6b445db201098c1489ea497df"),
            ),
        ),
    ),
    folders=("lastfm-1k", "lastfm1k", "lastfm-dataset-1K"),
    layouts=(
        Layout(
            name="lastfm-dataset-1K",
            files={
                "plays": ("userid-timestamp-artid-artname-traid-traname.tsv",),
                "users": ("userid-profile.tsv",),
            },
            tables={
                "plays": Table(roles=("plays",), read=read_plays),
                "interactions": Table(roles=("plays",), read=read_listening),
                "items": Table(roles=("plays",), read=read_songs),
                "users": Table(roles=("users",), read=read_users),
            },
        ),
    ),
    words=Words(item="song", items="songs", do="listen to", did="listened to", doing="listening to", acted="listen"),
    unique_pairs=True,  # since plays are counted per user and song
    user_attributes=ATTRIBUTES,
    wording=WORDING,
)
