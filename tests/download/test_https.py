"""A file over https: resumed, tried again, checked; against a server that does what servers do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from download.fileserver import Server, serving
from itdr_hf.download.https import fetch, library
from itdr_hf.errors import DownloadError
from itdr_hf.runtime.progress import Progress
from itdr_hf.runtime.retry import RetryPolicy

BODY = random.Random(1).randbytes(1_000_000)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(file=BODY) as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def have(server, tmp_path, naps):
    """Fetch the file; returns what is at the target."""

    def fetching(path: str = "file", **options: object) -> bytes:
        retry = RetryPolicy(tries=4, sleep=naps.append)
        fetch(f"{server.url}/{path}", tmp_path / "target", retry=retry, **options)
        return (tmp_path / "target").read_bytes()

    return fetching


def left(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in tmp_path.iterdir())


def test_a_file_arrives_whole_and_nothing_else_is_left(have, tmp_path):
    assert have() == BODY
    assert left(tmp_path) == ["target"]


def test_progress_tells_what_is_there_and_what_will_be(have):
    seen: list[Progress] = []
    have(progress=seen.append)
    assert seen[-1] == Progress("target", len(BODY), len(BODY), "B")
    assert [p.done for p in seen] == sorted(p.done for p in seen)


@pytest.mark.parametrize("kind", ["reset", "drop"])
def test_a_broken_connection_is_taken_up_where_it_broke(have, server, naps, kind):
    server.faults = [(kind, 300_000), (kind, 200_000)]
    assert have() == BODY
    begins = [int(r[6:-1]) for _, r in server.log[1:]]
    assert len(begins) == 2 and 0 < begins[0] <= 300_000 < begins[1] + 1, "only what was missing"
    assert len(naps) == 2


def test_what_a_killed_run_left_is_gone_on_from(have, server, tmp_path, naps):
    server.faults = [("reset", 400_000)] + [("status", 503)] * 4
    with pytest.raises(
        DownloadError,
        match=r"the server answered 503 \([\d,]+ bytes are kept\) after \d+ attempts; want the rest; run it again",
    ):
        have()
    assert left(tmp_path) == ["target.part", "target.part.json"]
    assert have() == BODY and server.log[-1][1].startswith("bytes=")


def test_a_file_that_changed_in_between_begins_anew(have, server):
    server.faults = [("reset", 400_000)] + [("status", 500)] * 4
    with pytest.raises(DownloadError):
        have()
    server.files["/file"] = new = BODY[::-1]
    assert have() == new


def test_a_server_without_ranges_or_versions_sends_it_all_again(have, server):
    for server.ranges, server.etags in ((False, True), (True, False)):
        server.faults = [("reset", 300_000)]
        assert have() == BODY


def test_a_part_of_another_address_is_not_taken_up(have, server, tmp_path):
    server.files["/other"] = BODY[::-1]
    server.faults = [("reset", 300_000)] + [("status", 500)] * 4
    with pytest.raises(DownloadError):
        have()
    assert have("other") == BODY[::-1]


def test_a_part_that_is_whole_already_is_taken(have, server, tmp_path):
    server.faults = [("announce", 5)] + [("status", 500)] * 4  # all of it came, and the server promised more
    with pytest.raises(DownloadError):
        have()
    assert (tmp_path / "target.part").read_bytes() == BODY
    assert have() == BODY and server.log[-1][1] == f"bytes={len(BODY)}-"


def test_more_was_there_than_there_is_now(have, server, tmp_path):
    server.faults = [("reset", 400_000)] + [("status", 500)] * 4
    with pytest.raises(DownloadError):
        have()
    part = tmp_path / "target.part"
    part.write_bytes(part.read_bytes() + BODY * 2)
    assert have() == BODY


def test_another_range_than_asked_for_is_refused(have, server):
    server.faults = [("reset", 300_000), ("wrong range",)]
    with pytest.raises(DownloadError, match="a different range from the one requested"):
        have()


def test_a_length_that_is_not_known_is_read_to_its_end(have, server):
    server.faults = [("chunked",)]
    assert have() == BODY


def test_a_length_other_than_the_known_one_is_refused_before_it_is_read(have, server, tmp_path):
    with pytest.raises(DownloadError, match="1,000,000 bytes there; want 999; the release has changed"):
        have(size=999)
    assert server.sent < len(BODY) or left(tmp_path) == []
    assert left(tmp_path) == []


def test_more_than_the_known_length_is_not_written(have, server, tmp_path):
    server.faults = [("chunked",)]
    with pytest.raises(DownloadError, match="more than the 500,000 bytes announced"):
        have(size=500_000)
    assert left(tmp_path) == []


def test_redirects_are_followed_and_endless_ones_not(have, server):
    server.faults = [("redirect", "/file"), ("redirect", f"{server.url}/file")]
    assert have("elsewhere") == BODY
    server.faults = [("redirect", "/file")] * 20
    with pytest.raises(DownloadError, match="redirects"):
        have()


def test_a_page_in_place_of_a_file_is_refused(have, server, tmp_path):
    server.faults = [("page",)]
    with pytest.raises(
        DownloadError, match="a web page instead of the file; want the file; open the page in a browser"
    ):
        have()
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(404, "a file there"), (403, "permission to download it"), (401, "an account"), (418, "the file")],
)
def test_a_refusal_is_final_and_says_so(have, server, naps, status, wanted):
    server.faults = [("status", status)]
    with pytest.raises(DownloadError, match=f"the server answered {status}; want {wanted}; see the source's homepage"):
        have()
    assert naps == [] and len(server.log) == 1


def test_pauses_grow_and_the_servers_own_are_kept(have, server, naps):
    server.faults = [("status", 503), ("status", 429, {"Retry-After": "7"}), ("status", 502)]
    assert have() == BODY
    assert naps == [1.0, 7.0, 4.0]


def test_a_pause_too_long_is_not_waited_for(have, server, naps):
    server.faults = [("status", 503, {"Retry-After": "86400"})]
    with pytest.raises(DownloadError, match="the server answered 503"):
        have()
    assert naps == []


def test_a_try_that_brought_something_does_not_count(have, server):
    server.faults = [("reset", 100_000)] * 9
    assert have() == BODY
    assert len(server.log) >= 9


def test_nobody_there_is_said(tmp_path):
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:9/x: .*run it again to resume"):
        fetch("http://127.0.0.1:9/x", tmp_path / "x", retry=RetryPolicy(tries=2, sleep=lambda s: None))


def test_a_silent_server_is_not_waited_for_forever(have, server):
    server.faults = [("stall", 3.0)] * 5
    with library().Client(timeout=0.1) as impatient, pytest.raises(DownloadError, match="want the rest"):
        have(client=impatient)


def test_a_file_that_changed_on_a_server_that_heeds_no_conditions_is_not_mixed(have, server):
    server.conditions = False
    server.faults = [("reset", 400_000)] + [("status", 500)] * 4
    with pytest.raises(DownloadError):
        have()
    server.files["/file"] = new = BODY[::-1]
    assert have() == new
