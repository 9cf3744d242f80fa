"""Plan a download: the parts and files of a source, those already present, and the instructions for doing it by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.download import from_kaggle
from itdr_hf.download.place import Place, present
from itdr_hf.errors import OutputError, UsageError, unknown
from itdr_hf.raw.layout import Download
from itdr_hf.raw.source import Source

ALL = "all"  # in place of the name of a part: every part
SPARE = 2 * 10**9  # bytes to be left free on the disk


@dataclass(frozen=True, kw_only=True)
class Want:
    """The wanted files of one source, and those of them that are present."""

    source: Source
    place: Place
    files: tuple[Download, ...]
    here: tuple[Download, ...]

    @property
    def missing(self) -> tuple[Download, ...]:
        return tuple(file for file in self.files if file not in self.here)

    @property
    def size(self) -> int:
        """The known bytes still to be downloaded."""
        return sum(file.size or 0 for file in self.missing)

    @property
    def exact(self) -> bool:
        return all(file.size for file in self.missing)


def plan(source: Source, raw: Path, parts: Sequence[str] = ()) -> Want:
    """Return what `download` would download. Raises UsageError for an unknown part, or if a part must be chosen."""
    offered = list(dict.fromkeys(file.part for file in source.downloads if file.part))
    if unknown_parts := [part for part in parts if part not in (*offered, ALL)]:
        raise unknown(f"part of {source.id}", unknown_parts[0], [*offered, ALL])

    if offered and not parts and not any(file.part and file.default for file in source.downloads):
        sizes = {part: sum(f.size or 0 for f in source.downloads if f.part == part) for part in offered}
        listed = ", ".join(f"{part} ({size / 1e9:,.1f} GB)" for part, size in sizes.items())
        raise UsageError(
            f"{source.id}: {len(offered)} parts, {sum(sizes.values()) / 1e9:,.0f} GB in total; want those you need; "
            f"name them with --part, or --part {ALL}: {listed}"
        )

    chosen = tuple(
        f for f in source.downloads if not f.part or f.part in parts or ALL in parts or (f.default and not parts)
    )
    place = Place(source=source, raw=raw)
    return Want(source=source, place=place, files=chosen, here=tuple(file for file in chosen if present(place, file)))


def check_room(want: Want) -> None:
    """Raise OutputError if the disk has less free space than the files are known to need."""
    at = next(folder for folder in (want.place.raw, *want.place.raw.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(at).free
    unpacked = sum((m.size or 0) for file in want.missing for m in file.members)
    if want.size + unpacked + SPARE > free:
        raise OutputError(
            f"{want.place.raw}: {free / 1e9:,.1f} GB free; want {(want.size + unpacked + SPARE) / 1e9:,.1f} GB for "
            f"{want.source.id}; free some, ask for fewer parts, or choose another --raw"
        )


def by_hand(source: Source, raw: Path) -> str:
    """Return numbered steps to download a source by hand, including the folder that its files belong in."""
    folder = raw / source.folders[0]
    handles = list(dict.fromkeys(from_kaggle.handle(f) for f in source.downloads if from_kaggle.is_there(f)))
    steps = [f"to get it, {source.obtain}"]
    if handles:
        steps = [
            f"sign in at https://www.kaggle.com and open https://www.kaggle.com/datasets/{handles[0]}",
            "read its terms, press Download, and save the complete archive",
            f"unpack it: itdr download {source.id} --raw {raw} --archive <the archive>",
            "or let this program do it: make a token at https://www.kaggle.com/settings, put it where Kaggle says "
            "(~/.kaggle/access_token or KAGGLE_API_TOKEN), pip install -e '.[kaggle]', and run this again",
        ]
        if "kaggle" not in source.homepage:
            steps.insert(0, f"either {source.obtain.split(', or ')[0]}; or from Kaggle:")
    else:
        steps.append(f"unpack an archive with: itdr download {source.id} --raw {raw} --archive <the archive>")
    contents = "; or ".join(" + ".join(p[0] for p in layout.files.values()) for layout in source.layouts)
    steps.append(f"in the end {folder}/ contains {contents}; check with: itdr sources --raw {raw}")
    return "\n".join(f"  {n}. {step}" for n, step in enumerate(steps, 1))
