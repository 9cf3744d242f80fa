"""Print sources and their links, the outcomes of a build, and the plan of a push."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.dataset.audit.findings import counted
from itdr_hf.errors import MissingFileError
from itdr_hf.raw.lock import read_lock
from itdr_hf.records import SPLITS
from itdr_hf.runtime.terminal import print_line, print_table

if TYPE_CHECKING:
    from itdr_hf.build.estimate import Estimate
    from itdr_hf.build.folder import Outcome
    from itdr_hf.catalogue import Catalogue
    from itdr_hf.raw.source import Source

LISTED = 4  # cells that a line names


def source_states(raw: Path, known: Catalogue) -> list[dict[str, Any]]:
    """Return the state of every source: present, or what is missing; licence, how to get it, the cells it feeds."""
    from itdr_hf.raw.release import find_release

    states = [_broken(folder, error) for folder, error in known.broken.items()]
    for source_id in sorted(known.source_ids(), key=lambda name: not known.own(name)):  # custom ones first
        source = known.source(source_id)
        state: dict[str, Any] = {"source": source.id, "title": source.title, "licence": source.licence}
        state |= {"redistributable": source.redistributable, "obtain": source.obtain, "homepage": source.homepage}
        state |= {"remarks": list(source.remarks), "own": known.own(source.id)}
        state["hashes"] = hash_state(source, raw)
        state["cells"] = [name for name in known.cell_names() if known.source_of(name) == source.id]
        try:
            release = find_release(source, raw)
            missing = [release.lacks(table) for table in release.layout.tables if table not in release.tables]
            state |= {
                "state": "incomplete" if missing else "present",
                "layout": release.layout.name,
                "missing": missing,
                "unread": release.left_alone(),
            }
        except MissingFileError as error:
            state |= {"state": "missing", "layout": None, "missing": [str(error)], "unread": {}}
        states.append(state)
    return states


def _broken(folder: str, error: Exception) -> dict[str, Any]:
    """Return the state of a folder of custom tables that cannot be read."""
    state: dict[str, Any] = {"source": folder, "title": folder, "licence": "not stated", "redistributable": False}
    state |= {"obtain": "", "homepage": folder, "remarks": [], "own": True, "hashes": {}, "cells": []}
    return state | {"state": "broken", "layout": None, "missing": [str(error)], "unread": {}}


def print_estimates(found: Sequence[Estimate]) -> None:
    """Print what a build would take, cell by cell and in all, with how far the last estimate of each was off."""
    left = dict.fromkeys(("config", "state"), "left")
    columns = {
        **left,
        **dict.fromkeys(("rows", "MB", "seconds", "memory MB", "last time off"), "right"),
        "by": "left",
    }
    rows = [
        [
            one.cell,
            one.state,
            f"{one.rows:,}",
            f"{one.bytes / 1e6:,.1f}",
            f"{one.seconds:,.1f}",
            f"{one.peak_memory_mb:,}",
            "" if one.error is None else f"{one.error:+.0%}",
            one.basis,
        ]
        for one in found
    ]
    print_table(columns, rows)
    work = [one for one in found if one.state == "to build"]
    size, seconds = sum(one.bytes for one in work), sum(one.seconds for one in work)
    peak = max((one.peak_memory_mb for one in work), default=0)
    room = sum(one.temporary_bytes for one in work) / 1e6
    print_line(
        f"\nto build: {counted(len(work), 'config')}, {sum(one.rows for one in work):,} rows, {size / 1e6:,.1f} MB, about "
        f"{seconds:,.0f} s one after the other, {peak:,} MB of memory, up to {room:,.0f} MB of cache and temporary files. Estimates, by what builds took here before."
    )


def print_draft(folder: Path, source: Source, cells: Sequence[str], steps: Sequence[Mapping[str, Any]]) -> None:
    """Print what `itdr init` found in a folder of tables, and which cells it will feed."""
    from itdr_hf.tables.losses import losses

    read = {step["table"]: step["rows"] for step in steps if step["what"] == "read"}
    kept = [f"{step['rows']:,} of {read[step['table']]:,} {step['table']}" for step in steps if step["what"] == "kept"]
    scale = source.scale
    rows = [
        ["ratings", f"{scale.low:g} to {scale.high:g} in steps of {scale.step:g}" if scale else "not used"],
        ["items' attributes", ", ".join(attribute.name for attribute in source.item_attributes) or "none"],
        ["users' attributes", ", ".join(attribute.name for attribute in source.user_attributes) or "none"],
        *([["rows", ", ".join(kept)]] if kept else []),
        *([["cells", ", ".join(cells)]] if cells else []),
    ]
    print_table({"found": "left", "in the tables": "fold"}, rows)
    for remark in (*source.remarks, *losses(steps)):
        print_line(f"\n{remark}")
    print_line(f"\n{folder}/source.toml is written: edit it, then itdr build --raw {folder.parent}")


def hash_state(source: Source, raw: Path) -> dict[str, str]:
    """Return for every download whether its sha256 is pinned, recorded (at its first download) or unknown."""
    recorded = read_lock(raw).downloads.get(source.id, {})
    return {
        file.path: "pinned" if file.pinned else "recorded" if file.path in recorded else "unknown"
        for file in source.downloads
    }


def print_links(sources: Sequence[Source], json: bool) -> int:
    """Check every URL of every file and print the results; return 1 if a file is no longer available, else 0."""
    from dataclasses import asdict

    from itdr_hf.download.links import check_links, lost, table
    from itdr_hf.runtime.terminal import print_json

    links = check_links(sources)
    gone = lost(links)
    if json:
        print_json([asdict(link) for link in links])
        return int(bool(gone))
    print_table(dict.fromkeys(("source", "file", "host", "state", "date"), "fold"), table(links))
    print(f"\n{sum(link.works for link in links)} of {len(links)} links work")
    for source, path in gone:
        print(f"{source}: {path}: no longer available anywhere")
    return int(bool(gone))


def print_sources(states: Sequence[Mapping[str, Any]]) -> None:
    """Print the states of `source_states` as a table, and how to get what is missing.

    Where there are custom tables, those are what a person is here for: releases that are not here take one line.
    """
    own = any(state["own"] for state in states)
    absent = [s["source"] for s in states if s["state"] == "missing"] if own else []
    columns = {"source": "left", "state": "left", "cells": "right", "pass on": "left", "licence": "fold"}
    print_table(
        columns,
        [
            [s["source"], s["state"], str(len(s["cells"])), "yes" if s["redistributable"] else "no", s["licence"]]
            for s in states
            if s["source"] not in absent
        ],
    )
    for state in states:
        for remark in state["remarks"]:
            print_line(f"\n{state['source']}: {remark}")
        if state["state"] in ("incomplete", "broken"):
            print_line(f"\n{state['source']}: {'; '.join(state['missing'])}")
        elif state["state"] == "missing" and not own:
            print_line(f"\n{state['source']}: to get it, {state['obtain']}")
        for name, why in state["unread"].items():
            print_line(f"\n{state['source']}: {name} is present but not read: {why}")
    if absent:
        print_line(f"\nnot here: {', '.join(absent)}; itdr sources --json says how to get each")
    if not own:
        print_line(f"\n{_hashes(states)}")


def _hashes(states: Sequence[Mapping[str, Any]]) -> str:
    """Return how many files are pinned by a complete sha256, and which sources have files that are not."""
    every = [(state["source"], kind) for state in states for kind in state["hashes"].values()]
    unknown = ", ".join(dict.fromkeys(source for source, kind in every if kind == "unknown"))
    kinds = {kind: sum(one == kind for _, one in every) for kind in ("pinned", "recorded", "unknown")}
    text = f"{kinds['pinned']} of {len(every)} files are pinned by their sha256"
    text += f", {kinds['recorded']} recorded at their first download" if kinds["recorded"] else ""
    return text + (f"; some of {unknown} will be recorded at their first download (itdr.lock)" if unknown else "")


def print_outcomes(outcomes: Sequence[Outcome], out: Path) -> None:
    """Print the outcome of every cell, the reasons for those not built, and the code that loads the dataset.

    Cells of releases of which nothing is there take one line together.
    """
    absent = [o.cell for o in outcomes if o.absent]
    outcomes = [o for o in outcomes if not o.absent]
    if outcomes:
        columns = {"config": "left", "state": "left", **dict.fromkeys(SPLITS, "right")}
        print_table(columns, [[o.cell, o.state, *(f"{o.counts.get(s, 0):,}" for s in SPLITS)] for o in outcomes])
    notes: dict[str, list[str]] = {}
    for outcome in outcomes:
        notes.setdefault(outcome.note, []).append(outcome.cell)
    failed = {o.note for o in outcomes if o.state == "failed"}  # the error that follows says why
    for note, cells in notes.items():
        if note and note not in failed:
            print_line(f"{', '.join(cells)}: {note}")
    if absent and outcomes:
        names = ", ".join(absent[:LISTED]) + (" …" if len(absent) > LISTED else "")
        print_line(
            f"\n{counted(len(absent), 'more cell')} would want releases that are not there: {names}; see itdr sources"
        )
    good = [o for o in outcomes if o.counts]
    total = counted(sum(sum(o.counts.values()) for o in good), "example")
    if not good:
        return print_line(f"\n0 of {counted(len(outcomes), 'cell')}") if outcomes else None
    print_line(f"\n{len(good)} of {counted(len(outcomes), 'cell')}, {total} in {out}/. To load:\n")
    print_line("    from datasets import load_dataset")
    print_line(f'    load_dataset("{out}", "{good[0].cell}")')


def print_plan(rows: Sequence[tuple[str, str, int]], summary: str) -> None:
    """Print the plan of a push, one line per file, and its summary."""
    print_table(
        {"": "left", "file": "fold", "bytes": "right"}, [[action, path, f"{size:,}"] for action, path, size in rows]
    )
    print_line(summary)
