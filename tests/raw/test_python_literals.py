"""Lines of Python literals: whatever is read in the short way is what Python itself reads."""

import ast
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itdr_hf.raw.python_literals import as_json

TEXTS = st.text(st.sampled_from("ab'\"\\{}:,u é😀\n\t\x01"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DICTS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)
EDITS = st.lists(st.tuples(st.integers(0), st.sampled_from(["", *"'\"\\u,:{}[]()b#x0-N e\0"])), max_size=3)


@given(DICTS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_dict_that_python_writes_is_read_back(written, ascii_only):
    line = ascii(written) if ascii_only else repr(written)
    assert json.loads(as_json(line) or "") == written
    assert json.loads(as_json(line.replace(": '", ": u'")) or "") == ast.literal_eval(line.replace(": '", ": u'"))


@pytest.mark.filterwarnings("ignore:.*invalid escape sequence")
@given(DICTS, EDITS)
@settings(max_examples=400, deadline=None)
def test_a_damaged_line_is_read_as_python_reads_it_or_not_at_all(written, edits):
    line = repr(written)
    for place, letter in edits:
        at = place % len(line)
        line = line[:at] + letter + line[at + (letter == "") :]

    try:
        expected = ast.literal_eval(line.strip())
    except (ValueError, SyntaxError):
        expected = None
    read = as_json(line)
    if not isinstance(expected, dict):
        assert read is None, "Python cannot read it"
    else:
        assert read is None or _rewritten(read) == json.dumps(expected)


@pytest.mark.parametrize(
    "line", ["{'a': 1, 'a': 2}", "{'a': [{'b': 1, 'b': 2}]}", "{'a': 'x:y', 'a': 'z'}", "{'a': '\\ud83d\\ude00'}"]
)
def test_a_repeated_key_and_an_escaped_pair_are_written_once_as_python_reads_them(line):
    value = json.loads(_rewritten(as_json(line) or ""))
    assert value == json.loads(json.dumps(ast.literal_eval(line)))


def _rewritten(read):
    """Return JSON as Python writes it: with values of the same types, and no key twice."""
    return json.dumps(json.loads(read, object_pairs_hook=_once))


def _once(pairs):
    assert len(dict(pairs)) == len(pairs), "readers differ in which of two they take"
    return dict(pairs)
