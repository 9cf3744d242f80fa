"""From place to place: each kind of failure, the next place taken, the message; a wrong mirror is never accepted."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from download.fileserver import Server, serving
from download.test_download import FILES, ZIP
from itdr_hf import catalogue
from itdr_hf.download import Clients, download, https, plan
from itdr_hf.errors import DownloadError, RawDataError
from itdr_hf.hub import RetryPolicy
from itdr_hf.raw.layout import Download, Member
from itdr_hf.raw.lock import LOCK, read_lock
from itdr_hf.raw.source import Source

MEANS = Clients(retry=RetryPolicy(tries=4, sleep=lambda pause: None))
SHA256 = hashlib.sha256(ZIP).hexdigest()
MEMBERS = tuple(Member(name=f"ml-1m/{name}", path=name) for name in FILES)
OTHER = ZIP[:-1] + bytes([ZIP[-1] ^ 1])  # of the same size


@pytest.fixture
def owner() -> Iterator[Server]:
    with serving(**{"ml-1m.zip": ZIP}) as running:
        yield running


@pytest.fixture
def mirror() -> Iterator[Server]:
    with serving(**{"ml-1m.zip": ZIP}) as running:
        yield running


def placed(*urls: str, **facts: object) -> Source:
    facts = {"sha256": SHA256, "size": len(ZIP), **facts}
    file = Download(url=urls[0], mirrors=urls[1:], path="ml-1m.zip", members=MEMBERS, **facts)  # type: ignore[arg-type]
    return replace(catalogue.source("movielens1m"), downloads=(file,))


def of(server: Server) -> str:
    return f"{server.url}/ml-1m.zip"


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[str]:
    """An https server whose certificate nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/ml-1m.zip"
    server.shutdown()
    server.server_close()


FAULTS = {
    "the server answered 404": [("status", 404)],
    "the server answered 503": [("status", 503)] * 3,
    "a web page instead of the file": [("page",)],
    "bytes there; want": [("announce", -5)] * 9,
    "sha256": [("corrupt", 40)] * 2,
    "peer closed connection": [("drop", 0)] * 3,
}


@pytest.mark.parametrize("reason", FAULTS)
def test_after_a_failure_the_next_place_is_asked(reason, owner, mirror, tmp_path):
    said: list[str] = []
    owner.faults = list(FAULTS[reason])
    download(plan(placed(of(owner), of(mirror)), tmp_path), replace(MEANS, progress=lambda p: said.append(p.detail)))
    assert (tmp_path / "ml-1m/ratings.dat").read_bytes() == FILES["ratings.dat"]
    assert len(mirror.log) == 1
    assert any(line.startswith(f"ml-1m.zip: {owner.url[7:]}: ") and reason in line for line in said), said


def test_three_attempts_are_made_at_a_place_before_the_next_is_asked(owner, mirror, tmp_path):
    owner.faults = [("status", 503)] * 3
    download(plan(placed(of(owner), of(mirror)), tmp_path), MEANS)
    assert (len(owner.log), len(mirror.log)) == (3, 1)


def test_a_certificate_and_a_name_are_told_as_what_they_are(expired, mirror, tmp_path):
    said: list[str] = []
    nowhere = "https://no-such-host.invalid/ml-1m.zip"
    download(
        plan(placed(expired, nowhere, of(mirror)), tmp_path), replace(MEANS, progress=lambda p: said.append(p.detail))
    )
    assert any("its certificate is not accepted (self-signed certificate)" in line for line in said)
    assert any("no-such-host.invalid: its name does not resolve" in line for line in said)


def test_when_no_place_has_it_each_is_named_with_its_reason(owner, mirror, tmp_path):
    owner.files, mirror.faults = {}, [("corrupt", 40)] * 2
    with pytest.raises(DownloadError) as error:
        download(plan(placed(of(owner), of(mirror)), tmp_path), MEANS)
    message = str(error.value)
    assert message.startswith(
        f"ml-1m.zip: not available from any of 2 URLs: (1) {owner.url[7:]}: the server answered 404;"
    )
    assert f"(2) {mirror.url[7:]}: sha256 " in message and f"want {SHA256[:16]}…" in message
    assert not (tmp_path / "ml-1m").exists()


def test_a_mirror_with_other_bytes_of_the_same_size_is_never_accepted(owner, mirror, tmp_path):
    owner.files, mirror.files = {}, {"/ml-1m.zip": OTHER}
    with pytest.raises(DownloadError, match="sha256"):
        download(plan(placed(of(owner), of(mirror)), tmp_path), MEANS)
    assert not list(tmp_path.rglob("*.dat")) and not list(tmp_path.rglob("ml-1m.zip"))


@pytest.mark.parametrize("known", ["", SHA256[:8]], ids=["unknown", "beginning"])
def test_a_mirror_is_not_asked_where_no_whole_hash_is_known(known, owner, mirror, tmp_path):
    owner.files = {}
    with pytest.raises(DownloadError, match="a mirror, not tried: no complete sha256 of the file is known"):
        download(plan(placed(of(owner), of(mirror), sha256=known), tmp_path), MEANS)
    assert mirror.log == []


def test_an_archive_whose_members_are_pinned_may_come_from_a_mirror(owner, mirror, tmp_path):
    owner.files = {}
    members = tuple(replace(m, sha256=hashlib.sha256(FILES[m.path]).hexdigest()) for m in MEMBERS)
    source = placed(of(owner), of(mirror), sha256="")
    source = replace(source, downloads=(replace(source.downloads[0], members=members),))
    download(plan(source, tmp_path), MEANS)
    assert (tmp_path / "ml-1m/users.dat").read_bytes() == FILES["users.dat"]


def test_an_unknown_hash_is_recorded_at_the_first_download_and_held_to_afterwards(owner, mirror, tmp_path):
    source = placed(of(owner), of(mirror), sha256="")
    download(plan(source, tmp_path), MEANS)
    assert read_lock(tmp_path).downloads == {"movielens1m": {"ml-1m.zip": SHA256}}
    assert json.loads((tmp_path / LOCK).read_text())["format"] == 1
    for path in (tmp_path / "ml-1m").glob("*"):
        path.unlink()
    owner.files = {"/ml-1m.zip": OTHER}
    download(plan(source, tmp_path), MEANS)
    assert len(mirror.log) == 1, "the bytes of the first download are known by now"


def test_a_redirect_to_plain_http_is_refused():
    with https.opened(None) as client:
        request = client.build_request("GET", "https://127.0.0.1/file")
        answer = https.library().Response(302, headers={"Location": "http://127.0.0.1/file"}, request=request)
        answer.next_request = client.build_request("GET", "http://127.0.0.1/file")
        with pytest.raises(DownloadError, match="redirected to plain http; want https"):
            client.event_hooks["response"][0](answer)


def test_a_server_that_never_ends_is_stopped_and_nothing_is_kept(owner, tmp_path, monkeypatch):
    monkeypatch.setattr(https, "MAX_BYTES", 1_000)
    owner.files, owner.faults = {"/file": b"x" * 100_000}, [("chunked",)]
    with pytest.raises(DownloadError, match="more than the 1,000 bytes allowed without a stated length"):
        https.fetch(f"{owner.url}/file", tmp_path / "file", retry=MEANS.retry)
    assert not list(tmp_path.iterdir())


def test_a_file_that_changes_at_every_request_is_given_up(owner, tmp_path):
    body = bytes(range(256)) * 400

    class Changing(dict[str, bytes]):
        times = 0

        def get(self, key, default=None):
            self.times += 1
            return body + bytes([self.times])

    owner.files, owner.faults, owner.conditions = Changing(), [("drop", 70_000)] * 500, False
    with pytest.raises(DownloadError, match="attempts"):
        https.fetch(f"{owner.url}/file", tmp_path / "file", retry=MEANS.retry)
    assert len(owner.log) < 30


@pytest.mark.parametrize(
    "answer",
    [
        ("status", 503, {"Retry-After": "²"}),
        ("status", 503, {"Retry-After": "Fri, 31 Dec 99999999999 23:59:59 GMT"}),
        ("status", 302, {"Location": "http://[::1"}),
        ("status", 206, {"Content-Range": "bytes 0-5/²"}),
    ],
)
def test_odd_answers_are_errors_of_ours(answer, owner, tmp_path):
    owner.faults = [answer] * 10
    with pytest.raises(DownloadError):
        https.fetch(f"{owner.url}/file", tmp_path / "file", retry=MEANS.retry)


def test_a_release_with_other_bytes_than_locked_is_refused(tmp_path):
    lock = read_lock(tmp_path)
    files = [{"name": "ratings.dat", "sha256": "a" * 64}, {"name": "movies.dat", "sha256": "b" * 64}]
    lock.releases["movielens1m"] = {file["name"]: file["sha256"] for file in files}
    lock.save()
    read_lock(tmp_path).check("movielens1m", files)
    files[1] = {"name": "movies.dat", "sha256": "c" * 64}
    with pytest.raises(RawDataError, match="movielens1m: movies.dat has sha256 cccccccccccccccc…, locked is bbbb"):
        read_lock(tmp_path).check("movielens1m", files)
    with pytest.raises(RawDataError, match="no entry for mind; want the hashes of its files; run `itdr lock"):
        read_lock(tmp_path).check("mind", files)
