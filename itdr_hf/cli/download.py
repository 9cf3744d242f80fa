"""download: download raw releases, or show how to get them by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli import completion
from itdr_hf.cli.options import RAW, Endpoint, Json, Raw
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.download import Want
    from itdr_hf.raw.source import Source


def download(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="Sources to download; without any, list them.", autocompletion=completion.sources),
    ] = None,
    raw: Raw = RAW,
    part: Annotated[list[str] | None, typer.Option(help="Only this part (a category, a size), or all.")] = None,
    archive: Annotated[
        Path | None, typer.Option(help="Unpack this archive, downloaded by hand, for one source.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="I have read the terms that are shown.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, download nothing.")] = False,
    endpoint: Endpoint = None,
    json: Json = False,
) -> None:
    """Download raw releases: resumed, verified, unpacked; the terms are shown and accepted once per source.

    For sources that need a form or an account, the steps are shown; Kaggle works with a token (and the extra kaggle).
    """
    from itdr_hf import catalogue
    from itdr_hf.download import by_hand, plan
    from itdr_hf.errors import DownloadError
    from itdr_hf.runtime.terminal import print_json

    if not source:
        _list(raw, json)
        return
    wants, put = [], {}
    for name in source:
        found = catalogue.source(name)
        if not found.downloads and not archive:
            raise DownloadError(f"{name}: cannot be downloaded automatically; want you to:\n{by_hand(found, raw)}")
        wants.append(plan(found, raw, part or () if not archive else (_ALL if found.downloads else ())))
    for want in wants:
        if not json:
            _show(want)
        if dry_run or (not want.missing and not archive):
            continue
        _terms(want.source, accept_licence)
        put[want.source.id] = [str(path) for path in _get(want, archive, endpoint)]
    if json:
        print_json([{**_facts(want), "put": put.get(want.source.id, [])} for want in wants])
    elif put:
        print_line(f"\nnow: itdr build --raw {raw}")


_ALL = ("all",)


def _get(want: Want, archive: Path | None, endpoint: str | None) -> Sequence[Path]:
    from itdr_hf import hub
    from itdr_hf.download import Clients, download, unpack
    from itdr_hf.runtime.terminal import show_progress

    with show_progress("downloading") as progress:
        api = hub.connect(endpoint=endpoint) if endpoint else None
        clients = Clients(api=api, progress=progress)
        return unpack(want, archive, clients) if archive else download(want, clients)


def _terms(source: Source, given: bool) -> None:
    """Show the terms and ask for acceptance, unless accepted before. Raises UsageError without a terminal to ask on."""
    from itdr_hf.download import accept, accepted
    from itdr_hf.download.licences import terms
    from itdr_hf.errors import UsageError

    if accepted(source):
        return
    print_line(terms(source), error=True)
    if not given and not sys.stdin.isatty():
        raise UsageError(f"{source.id}: terms not accepted; want acceptance; read them, then add --accept-licence")
    if not given and not typer.confirm("Do you accept these terms?", err=True):
        raise UsageError(f"{source.id}: terms not accepted; want acceptance; nothing was downloaded")
    accept(source)


def _list(raw: Path, json: bool) -> None:
    from itdr_hf import catalogue
    from itdr_hf.download import by_hand
    from itdr_hf.runtime.terminal import print_json, print_table

    sources = [catalogue.source(name) for name in catalogue.source_ids()]
    rows = [(s, _how(s), sum(f.size or 0 for f in s.downloads if f.default), _parts(s)) for s in sources]
    if json:
        print_json(
            [{"source": s.id, "how": how, "parts": parts, "by_hand": by_hand(s, raw)} for s, how, _, parts in rows]
        )
        return
    columns = {"source": "left", "how": "left", "known size": "right", "parts": "fold"}
    print_table(columns, [[s.id, how, _size(size), ", ".join(parts)] for s, how, size, parts in rows])
    print_line(f"\nitdr download SOURCE --raw {raw}")


def _how(source: Source) -> str:
    kinds = {file.url.partition("://")[0] for file in source.downloads}
    return {"hf": "Hub", "kaggle": "Kaggle, token"}.get(next(iter(kinds), ""), "https") if kinds else "by hand"


def _parts(source: Source) -> list[str]:
    return list(dict.fromkeys(file.part for file in source.downloads if file.part))


def _show(want: Want) -> None:
    from itdr_hf.runtime.terminal import print_table

    rows = [["here" if f in want.here else "get", f.path, _size(f.size or 0)] for f in want.files]
    print_table({"": "left", "file": "fold", "size": "right"}, rows, title=want.source.title)
    if want.missing:
        more = "" if want.exact else " and files of unknown size"
        print_line(f"{len(want.missing)} to get, {_size(want.size) or '0 B'}{more}, to {want.place.folder}/")


def _size(size: int) -> str:
    if not size:
        return ""
    unit = next((u for u in ("B", "kB", "MB") if size < 1000 ** ({"B": 1, "kB": 2, "MB": 3}[u])), "GB")
    return f"{size / 1000 ** {'B': 0, 'kB': 1, 'MB': 2, 'GB': 3}[unit]:,.1f} {unit}"


def _facts(want: Want) -> dict[str, Any]:
    return {
        "source": want.source.id,
        "folder": str(want.place.folder),
        "files": [{"path": f.path, "url": f.url, "size": f.size, "here": f in want.here} for f in want.files],
    }
