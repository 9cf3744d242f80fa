"""Checks of form: schema, ids, encoding, prompts that are what their template makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from string import Formatter

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding, Severity, Tally, named
from itdr_hf.dataset.audit.registry import check
from itdr_hf.records import INSTRUCTION
from itdr_hf.runtime.duckdb_engine import quote
from itdr_hf.tasks.task import Cell, Task

CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"
DOUBLY = "Ã[\\x{80}-\\x{bf}©¨¤¶¼±³]|â€[\\x{80}-\\x{ff}œ™“”]|ï¿½"  # UTF-8 read as Latin-1 or Windows-1252
LOST = "\ufffd"
ENTITY = "&(amp|quot|lt|gt|nbsp|#\\d{2,5});|<(br|p|div|a|span|b|i)[ />]"
LEGIBLE = 0.95  # of the authors' prompts; with fewer read back, what is not found says little


@check(alpaca=False)
def schema(corpus: Corpus) -> Iterator[Finding]:
    """Do all files have exactly the columns and types of the one schema?"""
    import pyarrow.parquet as pq

    for path, why in corpus.unsound.items():
        text = f"{why}; want a whole file of the one schema; build the cell again (no other check has looked at it)"
        yield Finding(check="schema", severity="breach", where=f"{path.parent.name}/{path.name}", message=text)
    for cell, paths in corpus.files.items():
        for path in paths:
            have, want = pq.read_schema(path), corpus.shape_of(cell).schema
            wrong = [n for n in want.names if n not in have.names or have.field(n).type != want.field(n).type]
            wrong += [f"{name} (not ours)" for name in have.names if name not in want.names]
            if wrong or have.names != want.names:
                text = f"columns {', '.join(wrong) or 'in another order'}; want the one schema; build it again"
                yield Finding(check="schema", severity="breach", where=f"{cell}/{path.name}", message=text)


@check(alpaca=False)
def unique_ids(corpus: Corpus) -> Iterator[Finding]:
    """Is every id there once?"""
    query = "SELECT id, count(*) AS n, any_value(cell) FROM examples GROUP BY id HAVING n > 1 ORDER BY id"
    rows = corpus.rows(query)
    if rows:
        text = f"{len(rows):,} ids stand for more than one example; want each once; remove the repeats"
        yield _finding("unique-ids", rows[0][2], text, [row[0] for row in rows])


@check(alpaca=False)
def ids_of_their_cell(corpus: Corpus) -> Iterator[Finding]:
    """Is each id `<config>-<16 hex digits>`, and are source and subtask those of the folder?"""
    wrong = (
        "SELECT cell, count(*), list(id)[:5] FROM examples WHERE id IS NULL OR cell <> subtask || '-' || source "
        "OR NOT starts_with(id, cell || '-') OR NOT regexp_full_match(id[len(cell) + 2:], '[0-9a-f]{16}') "
        "GROUP BY cell ORDER BY cell"
    )
    for cell, count, ids in corpus.rows(wrong):
        text = f"{count:,} examples whose id, subtask or source is not the folder's; want '{cell}-<16 hex digits>'"
        yield _finding("ids-of-their-cell", cell, f"{text}; put them where they belong", ids)


@check(ours=False)
def histories_read_back(corpus: Corpus) -> Iterator[Finding]:
    """Could the history be read from the wording, without which nobody is found in two splits?"""
    query = (
        "SELECT cell, count(*), count(*) FILTER (\"user\" <> '') FROM examples WHERE answer_kind IN ('number', 'ranking', 'choice') "
        "GROUP BY cell ORDER BY cell"
    )
    for cell, total, read in corpus.rows(query):
        few = read < LEGIBLE * total
        text = f"a history was read from {read:,} of {total:,} prompts"
        advice = (
            "; want nearly all: users and answers between the splits are not seen in the others; look at the wording"
        )
        figures = {"read": read, "examples": total}
        yield Finding(
            check="histories-read-back",
            severity="warning" if few else "info",
            where=cell,
            message=text + (advice if few else ""),
            figures=figures,
        )


@check()
def nothing_empty(corpus: Corpus) -> Iterator[Finding]:
    """Has every example a prompt, an answer and its targets?"""
    blank = "NOT coalesce(regexp_matches({}, '[^\\p{{Zs}}]'), false)"  # found at the first letter; `trim` reads all
    empty = {name: blank.format(name) for name in ("input", "output")}
    empty |= {"targets": "len(coalesce(targets, [])) = 0"} if corpus.layout == "itdr" else {}
    for name, condition in empty.items():
        for cell, count, ids in _per_cell(corpus, condition):
            text = f"{count:,} examples with nothing in {name}; want some; leave them out"
            yield _finding("nothing-empty", cell, text, ids)


@check()
def encoding(corpus: Corpus) -> Iterator[Finding]:
    """Is the text clean: no control characters, no wrongly decoded letters, no markup?"""
    kinds: dict[str, tuple[Severity, str]] = {
        "control characters": ("breach", f"regexp_matches(t, {quote(CONTROL)})"),
        "letters decoded wrongly": ("warning", f"regexp_matches(t, {quote(DOUBLY)})"),
        "letters that were lost (U+FFFD)": ("warning", f"contains(t, {quote(LOST)})"),
        "HTML entities or tags": ("warning", f"regexp_matches(t, {quote(ENTITY)})"),
    }
    columns = [f"count(*) FILTER ({c}), (list(id ORDER BY id) FILTER ({c}))[:5]" for _, c in kinds.values()]
    anything = f"regexp_matches(t, {quote('|'.join((CONTROL, DOUBLY, LOST, ENTITY)))})"  # one look at most texts
    texts = f"SELECT cell, id, concat_ws('\n', instruction, input, output) AS t FROM examples WHERE {anything}"
    for cell, *found in corpus.rows(f"SELECT cell, {', '.join(columns)} FROM ({texts}) GROUP BY cell ORDER BY cell"):
        for (what, (severity, _)), count, ids in zip(kinds.items(), found[::2], found[1::2], strict=True):
            if count:
                text = f"{what} in {count:,} examples; want clean text; see the source's reader"
                yield _finding("encoding", cell, text, ids, severity)


@check(alpaca=False)
def prompts_fit_their_template(corpus: Corpus) -> Iterator[Finding]:
    """Is every prompt what its template makes, with no slot left unfilled?"""
    name = "prompts-fit-their-template"
    for cell in filter(corpus.known, corpus.cells):
        wrong, unfilled, total = Tally(), Tally(), 0
        slots = [f"{{{slot}}}" for slot in corpus.cell(cell).task.slots]
        for row in corpus.stream(cell, "id", "input", "template"):
            total += 1
            pattern, text = template_pattern(corpus, cell, row["template"] or ""), row["input"] or ""
            if any(text.count(slot) and slot not in _shown(pattern, text) for slot in slots):
                unfilled.add(row["id"])
            elif pattern is None or not pattern.fullmatch(text):
                wrong.add(row["id"])
        if unfilled.count:
            text = f"{unfilled.count:,} prompts with a slot that was not filled; want its value; build the cell again"
            yield _finding(name, cell, text, unfilled.ids)
        if wrong.count:
            none = wrong.count == total
            text = f"{wrong.count:,} of {total:,} prompts are not what their template makes"
            every = "none fits: another version of the templates?" if none else "build the cell again"
            text = f"{text}; want the template's words around its slots; {every}"
            yield _finding(name, cell, text, wrong.ids, "warning" if none else "breach")


def _shown(pattern: re.Pattern[str] | None, text: str) -> str:
    """What a prompt's slots hold: a title may itself be '{history}'."""
    match = pattern.fullmatch(text) if pattern else None
    return "\n".join(match.groupdict().values()) if match else ""


def template_pattern(corpus: Corpus, cell: str, template: str) -> re.Pattern[str] | None:
    """Return a pattern that reads a template's slots back from a prompt; None for an unknown template."""
    if (cell, template) not in corpus.patterns:
        corpus.patterns[cell, template] = _pattern(corpus.cell(cell), template)
    return corpus.patterns[cell, template]


def _pattern(cell: Cell, template: str) -> re.Pattern[str] | None:
    from itdr_hf.tasks.templates import constants, template_text

    if template not in cell.task.templates:
        return None
    known = constants(cell, cell.recipe())
    pieces, seen = [], set()
    for text, slot, _, _ in Formatter().parse(template_text(cell, template)):
        pieces.append(re.escape(text))
        if slot in known:
            pieces.append(re.escape(known[slot]))
        elif slot:
            unfilled = re.escape(f"{{{slot}}}")
            pieces.append(f"(?P={slot})" if slot in seen else f"(?!{unfilled})(?P<{slot}>.*?)")
            seen.add(slot)
    return re.compile("".join(pieces), re.DOTALL)


@check(alpaca=False)
def known_columns(corpus: Corpus) -> Iterator[Finding]:
    """Does every column that a subtask fills hold what it should: users of users, ratings beside a history?"""
    wants: Mapping[str, Callable[[Task], str]] = {
        "no user, though its subject is one": lambda t: "user = ''" if t.subject == "user" else "user <> ''",
        "not as many ratings as titles": lambda t: (
            "len(history_ratings) <> len(history)" if t.answer == "number" else "false"
        ),
        "not as many names as targets": lambda t: (
            "len(target_names) <> len(targets)" if t.answer == "attributes" else "false"
        ),
    }
    known = [cell for cell in corpus.cells if corpus.known(cell)]
    if not known:
        return
    names = ", ".join(map(quote, known))
    for what, condition in wants.items():
        tasks = " ".join(f"WHEN {quote(cell)} THEN {condition(corpus.cell(cell).task)}" for cell in known)
        found = _per_cell(corpus, f"cell IN ({names}) AND coalesce(CASE cell {tasks} END, true)")
        for cell, count, ids in sorted(found, key=lambda row: known.index(row[0])):
            text = f"{count:,} examples with {what}; want what {len(INSTRUCTION.columns)} columns promise; build the cell again"
            yield _finding("known-columns", cell, text, ids)


def _per_cell(corpus: Corpus, condition: str) -> list[tuple[str, int, list[str]]]:
    query = (
        f"SELECT cell, count(*), list(id ORDER BY id)[:5] FROM examples WHERE {condition} GROUP BY cell ORDER BY cell"
    )
    return [(str(cell), int(n), ids) for cell, n, ids in corpus.rows(query)]


def _finding(check_id: str, where: str, text: str, ids: list[str], severity: Severity = "breach") -> Finding:
    return Finding(check=check_id, severity=severity, where=where, message=text, examples=named(ids))
