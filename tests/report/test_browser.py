"""The page in a real browser: quick, quiet, every config browsable, by keyboard, on a phone, in the dark."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.records import SPLITS
from itdr_hf.report.page import write_report
from report.chromium import Browser, Tab
from report.test_page import EVIL, evil

SHOWN = "document.getElementById('example').dataset.shown"


@pytest.fixture(scope="module")
def tab(browser: Browser, page: Path) -> Tab:
    return browser.open(page.as_uri())


def text(tab: Tab, selector: str) -> str:
    return tab.run(f"document.querySelector({json.dumps(selector)}).textContent")


def go(tab: Tab, cell: str, split: str, at: int) -> None:
    """Choose with the controls, as a person does."""
    tab.run(f"""(() => {{
        const set = (element, value, event) => {{ element.value = value; element.dispatchEvent(new Event(event)); }};
        set(document.getElementById("cell"), "{cell}", "change");
        document.querySelector("input[name=split][value={split}]").click();
        set(document.getElementById("number"), {at}, "change");
    }})()""")
    tab.wait(f"{SHOWN} === '{cell}/{split}/{at}'")


def test_the_page_opens_quickly_complains_of_nothing_and_fetches_nothing(browser, page):
    tab = browser.open(page.as_uri())
    assert int(tab.run("document.documentElement.dataset.ready")) <= 2_000  # milliseconds to interactive
    assert tab.complaints() == []
    assert tab.fetched() == [page.as_uri()]


@pytest.mark.parametrize("cell", catalogue.published())
def test_every_config_can_be_browsed(tab, release, cell):
    for split in SPLITS:
        rows = pq.read_table(next((release / cell).glob(f"{split}-*"))).to_pylist()[:5]
        for at in {1, len(rows)} if rows else ():
            row = rows[at - 1]
            go(tab, cell, split, at)
            shown = tab.run("[...document.querySelectorAll('#example .text')].map(e => e.textContent)")
            assert shown == [row["instruction"], row["input"], row["output"]]
            assert row["id"] in text(tab, ".facts")
            assert f"{at} of {len(rows)} here" in text(tab, "#where")
    assert tab.complaints() == []


@pytest.mark.parametrize("cell", ["tkr-microlens", "nir-movielens32m", "cdr-amazon2023"])
def test_candidates_and_targets_are_marked_in_prompt_answer_and_list(tab, release, cell):
    for at, row in enumerate(pq.read_table(next((release / cell).glob("train-*"))).to_pylist()[:5], 1):
        go(tab, cell, "train", at)
        marks = tab.run(
            "['target', 'other'].map(kind => [...document.querySelectorAll('#example section:nth-of-type(2) mark.' + kind)]"
            ".map(e => e.textContent).sort())"
        )
        chosen = sorted(set(row["candidates"]) & set(row["targets"]))
        assert marks == [chosen, sorted(set(row["candidates"]) - set(chosen))]
        listed = tab.run("[...document.querySelectorAll('.candidates .target')].map(e => e.firstChild.textContent)")
        assert sorted(listed) == chosen


def test_a_rating_and_an_attribute_are_marked_in_the_answer(tab, release):
    for cell in ("rp-movielens32m", "uap-movielens1m"):
        row = pq.read_table(next((release / cell).glob("train-*"))).to_pylist()[0]
        go(tab, cell, "train", 1)
        marks = tab.run(
            "[...document.querySelectorAll('#example section:nth-of-type(3) mark')].map(e => e.textContent)"
        )
        assert sorted(marks) == sorted(row["targets"])


def test_the_keyboard_alone_leafs_through(browser, page):
    tab = browser.open(page.as_uri())
    tab.press("ArrowRight")
    tab.wait(f"{SHOWN} === 'rp-movielens32m/test/2'")
    tab.press("ArrowLeft")
    tab.wait(f"{SHOWN} === 'rp-movielens32m/test/1'")
    tab.press("]", "]")
    tab.wait(f"{SHOWN} === 'rp-bookcrossing/test/1'")
    tab.press("s", "s")
    tab.wait(f"{SHOWN} === 'rp-bookcrossing/train/1'")
    tab.wait("location.hash === '#rp-bookcrossing/train/1'")
    tab.run("document.getElementById('number').focus()")
    tab.press("ArrowRight")  # belongs to the field
    assert tab.run(SHOWN) == "rp-bookcrossing/train/1"
    reached = tab.run(
        "[...document.querySelectorAll('a, select, input, button, summary, .scroll')].every(e => e.tabIndex >= 0)"
    )
    assert reached


def test_an_address_opens_its_example_and_a_click_on_the_picture_its_config(browser, page):
    tab = browser.open(page.as_uri() + "#uap-lastfm1k/validation/2")
    assert tab.run(SHOWN) == "uap-lastfm1k/validation/2"
    tab.run(
        "document.querySelector('[data-cell=\"tui-mind\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    tab.wait(f"{SHOWN} === 'tui-mind/test/1'")
    tab.run("location.hash = '#no-such/test/1'")
    tab.run("location.hash = '#audit'")
    assert tab.run(SHOWN) == "tui-mind/test/1" and tab.complaints() == []


def test_a_phone_needs_no_sideways_scrolling(browser, page):
    tab = browser.open(page.as_uri(), width=360, height=740, phone=True)
    tab.run("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert tab.run("[...document.querySelectorAll('#browser button')].every(e => e.offsetHeight >= 40)")


def test_it_is_dark_in_the_dark_and_light_on_paper(browser, page):
    def brightness(tab: Tab) -> float:
        return tab.run(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0) / 3"
        )

    tab = browser.open(page.as_uri(), dark=True)
    assert brightness(tab) < 40
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert brightness(tab) > 240
    tab.run("dispatchEvent(new Event('beforeprint'))")
    assert tab.run("document.querySelectorAll('details:not([open])').length") == 0
    tab.run("dispatchEvent(new Event('afterprint'))")
    assert tab.run("document.querySelectorAll('details[open]').length") == 0


def test_hostile_texts_are_shown_and_do_nothing(browser, release, page, tmp_path):
    folder, scores = evil(release, tmp_path)
    write_report(folder, tmp_path / "evil.html", scores=[scores], most=5)
    tab = browser.open((tmp_path / "evil.html").as_uri())
    for cell in ("nir-microlens", "uap-anime2023"):
        go(tab, cell, "train", 1)
        assert text(tab, "#example .text").startswith(EVIL)
    assert tab.run("globalThis.stolen === undefined && document.images.length === 0")
    assert tab.complaints() == [] and len(tab.fetched()) == 1
