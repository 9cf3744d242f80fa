"""From place to place: each kind of failure, the next place taken, the message; a wrong mirror is never accepted."""

from __future__ import annotations

import hashlib
import io
import json
import ssl
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from download.fileserver import Server, serving
from download.test_download import FILES, ZIP, zipped
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


@dataclass(frozen=True)
class Failure:
    """How a place fails: what its server answers, the file it has, or the address it is looked for at."""

    reason: str  # a part of the message
    faults: tuple[tuple, ...] = ()
    body: bytes = ZIP
    url: Callable[[Server, str], str] = lambda server, untrusted: of(server)
    facts: Mapping[str, object] = field(default_factory=dict)  # of the file, where other than usual
    patch: Mapping[str, float] = field(default_factory=dict)  # of `https`
    trusted: bool = False  # whether the certificate of the https server is accepted


def bomb() -> bytes:
    """An archive of a few kilobytes whose members unpack to 70 MB each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in MEMBERS:
            with archive.open(member.name, "w") as file:
                for _ in range(70 if member == MEMBERS[0] else 1):
                    file.write(ZEROS)
    return buffer.getvalue()


ZEROS = b"\0" * 2**20
UNKNOWN = {"sha256": "", "size": None}  # a mirror is asked all the same: the hashes of all members are known
FAILURES = {
    "certificate": Failure("its certificate is not accepted (self-signed certificate)", url=lambda _, untrusted: untrusted),
    "name": Failure("its name does not resolve", url=lambda *_: "https://no-such-host.invalid/ml-1m.zip"),
    "refused": Failure("no connection", url=lambda *_: "http://127.0.0.1:9/ml-1m.zip"),
    "404": Failure("the server answered 404; want a file there", faults=(("status", 404),)),
    "403": Failure("the server answered 403; want permission to download it", faults=(("status", 403),)),
    "500": Failure("the server answered 500", faults=(("status", 500),) * 3),
    "silent": Failure("timed out", faults=(("stall", 0.4),) * 3),
    "slow": Failure("less than 1,000 bytes a second", faults=(("drip",),) * 9, patch={"SPEED_WINDOW": 0.1}),
    "never ends": Failure(f"more than the {len(ZIP):,} bytes announced", faults=(("endless",),)),
    "size": Failure(f"{len(ZIP) + 5:,} bytes there; want {len(ZIP):,}", body=ZIP + b"12345"),
    "hash": Failure(f"sha256 {hashlib.sha256(OTHER).hexdigest()[:16]}", body=OTHER),
    "damaged": Failure("sha256 ", faults=(("corrupt", 40),) * 2),
    "redirect to http": Failure("redirected to plain http; want https", url=lambda _, untrusted: untrusted, trusted=True),
    "truncated": Failure(f"{len(ZIP) - 7:,} bytes there; want {len(ZIP):,}", body=ZIP[:-7]),
    "broken off": Failure("peer closed connection", faults=(("drop", 0),) * 3),
    "web page": Failure("a web page instead of the file", faults=(("page",),)),
    "page as file": Failure("a file that begins with b'<h'; want a zip file", body=b"<html>moved</html>", facts=UNKNOWN),
    "bomb": Failure("unpacks to more than 67,108,864 bytes", body=bomb(), facts=UNKNOWN),
    "other members": Failure("sha256 ", body=zipped({**FILES, "users.dat": b"1::M::25::6::11413\n"}), facts=UNKNOWN),
    "fewer members": Failure("no ml-1m/users.dat in it", body=zipped({k: v for k, v in FILES.items() if k != "users.dat"}), facts=UNKNOWN),
}  # fmt: skip


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that nobody vouches for, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture(scope="module")
def untrusted(certificate: tuple[Path, Path]) -> Iterator[str]:
    """An https server with that certificate, which redirects to plain http whoever accepts it."""

    class Downgrading(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/ml-1m.zip")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Downgrading)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/ml-1m.zip"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["owner", "mirror", "archive"])
def test_every_failure_of_every_place_is_named_and_the_next_one_asked(
    place, failure, owner, mirror, untrusted, certificate, tmp_path, monkeypatch
):
    """Places in front of the failing one have nothing; those behind it have the file and are asked only then."""
    for name, value in failure.patch.items():
        monkeypatch.setattr(https, name, value)
    if failure.trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(**{"ml-1m.zip": ZIP}) as archive, https.opened(None, 0.2) as client:
        servers = [owner, mirror, archive]
        for server in servers[:place]:
            server.files = {}
        servers[place].files, servers[place].faults = {"/ml-1m.zip": failure.body}, list(failure.faults)
        urls = [of(server) for server in servers]
        urls[place] = failure.url(servers[place], untrusted)

        said: list[str] = []
        members = tuple(replace(m, sha256=hashlib.sha256(FILES[m.path]).hexdigest()) for m in MEMBERS)
        source = placed(*urls, **failure.facts)
        source = replace(source, downloads=(replace(source.downloads[0], members=members),))
        clients = replace(MEANS, http=client, progress=lambda p: said.append(p.detail))
        if place < 2:
            download(plan(source, tmp_path), clients)
            assert {name: (tmp_path / "ml-1m" / name).read_bytes() for name in FILES} == FILES
            assert [len(server.log) for server in servers[place + 1 :]] == [1, 0][: 2 - place]
        else:
            with pytest.raises(DownloadError, match=r"not available from any of 3 URLs: \(1\) ") as error:
                download(plan(source, tmp_path), clients)
            said.append(f"ml-1m.zip: {str(error.value).partition('(3) ')[2]}")
            assert not (tmp_path / "ml-1m").exists() and not list(tmp_path.rglob("*.dat"))

    where = f"ml-1m.zip: {urlsplit(urls[place]).netloc}: "
    assert any(line.startswith(where) and failure.reason in line for line in said if line), said


def test_three_attempts_are_made_at_a_place_before_the_next_is_asked(owner, mirror, tmp_path):
    owner.faults = [("status", 503)] * 3
    download(plan(placed(of(owner), of(mirror)), tmp_path), MEANS)
    assert (len(owner.log), len(mirror.log)) == (3, 1)


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
