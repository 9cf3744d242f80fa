"""Croissant 1.1 metadata of a dataset folder, with its RAI facts: croissant.json next to the card.

Every Parquet file is named with its sha256, every raw file that a cell was read from with its own; a record set is a
split of a cell. Addresses are relative in a folder and those of the release on the Hub. The formats are
https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html. A column of turns is a
list of texts with a part for role and content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from itdr_hf.dataset.caveats import caveats_of
from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.folder import Dataset
from itdr_hf.raw.source import Source
from itdr_hf.records import SPLITS

CROISSANT = "croissant.json"
HUB = "https://huggingface.co/datasets"
TYPES = {"string": "sc:Text", "double": "sc:Float", "bool": "sc:Boolean"}
TURN = ("role", "content")  # parts of a turn
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant_text(dataset: Dataset, repo_id: str = "itdr") -> str:
    """Return croissant.json of a dataset folder; `repo_id` with a slash is its place on the Hub."""
    return json.dumps(croissant(dataset, repo_id), indent=1, ensure_ascii=False) + "\n"


def croissant(dataset: Dataset, repo_id: str = "itdr") -> dict[str, Any]:
    """Return the metadata as JSON-LD."""
    family = dataset.catalogue.family(dataset.ledger.family)
    sources = list({cell.source: dataset.cell(cell.name).source for cell in dataset.cells.values()}.values())
    url = f"{HUB}/{repo_id}" if "/" in repo_id else family.after
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": repo_id.rpartition("/")[2],
        "description": f"{family.title}: instructions for recommendation, {len(dataset.cells)} configs built from "
        f"{len(sources)} public datasets.",
        "version": dataset.version,
        **({"url": url} if url else {}),
        "license": list(dict.fromkeys(source.homepage for source in sources)),
        **({"citeAs": family.citation} if family.citation else {}),
        "creator": {"@type": "sc:Organization", "name": repo_id.partition("/")[0] if "/" in repo_id else "ITDR-HF"},
        "keywords": ["recommendation", "instruction tuning", *(source.id for source in sources)],
        "inLanguage": "en",
        "isBasedOn": [_origin(dataset, source) for source in sources],
        "distribution": [_file(dataset, repo_id, name) for name in dataset.files],
        "recordSet": [record for cell in dataset.cells.values() for record in record_sets(cell)],
        **_rai(dataset, sources),
    }


def _origin(dataset: Dataset, source: Source) -> dict[str, Any]:
    """Return a release that rows come from: its licence, and the raw files that were read, by sha256."""
    raw = {file.name: file for cell in dataset.cells.values() if cell.source == source.id for file in cell.raw}
    return {
        "@type": "sc:Dataset",
        "name": source.title,
        "url": source.homepage,
        "license": f"{source.licence} ({source.licence_source})",
        "distribution": [
            {"@type": "sc:DataDownload", "name": file.name, "contentSize": f"{file.size} B", "sha256": file.sha256}
            for file in raw.values()
        ],
    }


def _file(dataset: Dataset, repo_id: str, name: str) -> dict[str, Any]:
    facts = dataset.files[name]
    place = f"{HUB}/{repo_id}/resolve/v{dataset.version}/{name}" if "/" in repo_id else name
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": place,
        "contentSize": f"{facts.size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": facts.sha256,
    }


def record_sets(cell: BuiltCell) -> Iterator[dict[str, Any]]:
    """Yield a record set for each file: a split of a cell, or its part where it has several."""
    for split in SPLITS:
        names = [name for name in sorted(cell.files) if name.startswith(f"{split}-") and cell.counts.get(split)]
        for name in names:
            key = f"{cell.name}/{split}" if len(names) == 1 else f"{cell.name}/{name.removesuffix('.parquet')}"
            yield {
                "@type": "cr:RecordSet",
                "@id": key,
                "name": key,
                "description": f"The {split} split of {cell.name}: {cell.files[name].rows} rows in this file.",
                "key": {"@id": f"{key}/id"},
                "field": [_field(key, f"{cell.name}/{name}", column, kind) for column, kind in _columns(cell)],
            }


def _columns(cell: BuiltCell) -> Iterator[tuple[str, str]]:
    yield from cell.shape.columns.items()


def _field(record: str, file: str, column: str, kind: str) -> dict[str, Any]:
    """Return a column as a field: of a list its elements' type, of a list of turns a part for role and content."""
    name = f"{record}/{column}"
    source = {"fileObject": {"@id": file}, "extract": {"column": column}}
    field = {"@type": "cr:Field", "@id": name, "name": column}
    many = kind.startswith("list<")
    inner = kind[5:-1] if many else kind
    if inner in TYPES:
        array = {"isArray": True, "arrayShape": "-1"} if many else {}
        return {**field, "dataType": TYPES[inner], **array, "source": source}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{part}",
            "name": part,
            "dataType": "sc:Text",
            "isArray": True,
            "arrayShape": "-1",
            "source": {**source, "transform": {"jsonPath": f"$[*].{part}"}},
        }
        for part in TURN
    ]
    return {**field, "repeated": True, "subField": parts}


def _rai(dataset: Dataset, sources: list[Source]) -> dict[str, Any]:
    """Return the facts for responsible use: what was collected by whom, how it was changed, what it must not be taken for."""
    built = list(dataset.cells.values())
    asked = sorted({attribute.name for source in sources for attribute in source.user_attributes})
    masked = sum(sum(cell.masked.values()) for cell in built)
    writers = sorted({writer for cell in built for writer in cell.written_by})
    raw = {(cell.source, file.name): file for cell in built for file in cell.raw}
    facts: Mapping[str, Any] = {
        "dataCollection": "Rows are derived from logs and reviews that the named releases hold; nothing was collected for this "
        "dataset." + (" The releases of some cells were simulated: see dataLimitations." if dataset.simulated else ""),
        "dataCollectionType": ["Secondary Data Analysis"],
        "dataCollectionRawData": "; ".join(f"{s} {name}: sha256 {f.sha256}" for (s, name), f in raw.items()),
        "dataPreprocessingProtocol": [
            "Rows that are left out are counted in ledger.json, with the reason; users or items are sampled by a hash.",
            "Splits, what is shown and how negatives are drawn: the recipe of each config in ledger.json.",
        ],
        "dataAnnotationProtocol": [f"The author of each answer is in `reference_by`: {', '.join(writers) or 'data'}."],
        "machineAnnotationTools": [writer for writer in writers if writer not in ("data", "extractive")],
        "dataUseCases": ["Tuning language models for recommendation, and measuring them next to chance and baselines."],
        "dataLimitations": [
            "Popular items and active users are over-represented, as in every log; absence is no dislike.",
            *caveats_of(dataset).sentences,
        ],
        "dataBiases": [
            "Users of one platform and of one time; titles and reviews are mostly English.",
            *([f"Attributes are as users stated them: {', '.join(asked)}."] if asked else []),
        ],
        "personalSensitiveInformation": [
            "Users are salted hashes, never the ids of the releases; e-mail addresses, links, handles and phone numbers are "
            f"masked ({masked:,} here).",
            *([f"Some rows ask for attributes of users: {', '.join(asked)}."] if asked else []),
        ],
        "dataSocialImpact": "A model tuned on it may guess attributes of people from their histories; do not use it to "
        "identify or to sort people.",
        "dataReleaseMaintenancePlan": "Releases are tagged v<version>; `itdr build` makes them again from the raw files.",
    }
    return {f"rai:{name}": value for name, value in facts.items() if value}
