"""The reading room in a browser: it asks nobody else for anything, is read without scripts, by eye and by ear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.links import paragraph_url
from retrieval.bootstrap import Services, build_services
from retrieval.settings import RetrievalSettings
from tests.bot.web.serving import served
from tests.browser import Tab, browser_tab
from tests.communiques import write_communiques

pytestmark = pytest.mark.servers

SHIPPED = "asean-japan-2022-06-22"

CONTRASTS = """
(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || e.matches('.unseen, .skip, option') || !e.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), e.outerHTML.slice(0, 80)]);
  }
  return found.sort((x, y) => x[0] - y[0]).slice(0, 3);
})()
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The shipped readout and three communiqués."""
    folder = tmp_path_factory.mktemp("room")
    with build_services(RetrievalSettings(store_dir=folder / "store")) as built:
        built.ensure_corpus()
        built.ingesting.ingest(write_communiques(folder / "readouts"))
        yield built


@pytest.fixture(scope="module")
def room(store: Services) -> Iterator[str]:
    with served(store.settings.store_dir) as address:
        yield address


PATHS = (
    "/",
    f"/readouts/{SHIPPED}",
    "/ask?question=Where+was+the+meeting+held%3F",
    "/search?question=cybersecurity",
    "/initiatives",
    "/compare",
    "/compare?a=dialogue-2023&b=dialogue-2024",
    "/trace?phrase=free+and+open+Northern+Sea",
    "/readouts/nothing",
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_is_self_contained_readable_and_no_wider_than_a_telephone(
    room: str, tmp_path: Path, dark: bool
) -> None:
    """WCAG 2.2 AA: 4.5 : 1 for text; no scrolling sideways at 400 px; one h1, landmarks, a name for every field."""
    told: dict[str, Any] = {}
    async with browser_tab(tmp_path) as tab:
        for path in PATHS:
            await tab.open(room + path, width=400, dark=dark)
            roles = await tab.tree()
            told[path] = {
                "poor contrast": [e for ratio, e in await tab.evaluate(CONTRASTS) if ratio < 4.5],
                "wider": await tab.evaluate("document.documentElement.scrollWidth > 400"),
                "headings": await tab.evaluate("document.querySelectorAll('h1').length"),
                "landmarks": {"banner", "navigation", "main", "search", "contentinfo"} - {r for r, _ in roles},
                "nameless": [r for r, name in roles if r in {"searchbox", "textbox", "combobox", "button", "link"} and not name],
            }  # fmt: skip
        elsewhere = [url for url in tab.asked_for if not url.startswith(room)]
        problems = [text for text in tab.errors if "404" not in text]

    fine = {"poor contrast": [], "wider": False, "headings": 1, "landmarks": set(), "nameless": []}
    assert told == dict.fromkeys(PATHS, fine)
    assert (elsewhere, problems) == ([], [])


async def test_a_link_of_an_answer_shows_its_words_marked_at_their_paragraph(
    store: Services, room: str, tmp_path: Path
) -> None:
    (statement, *_) = store.answering.ask("Where was the meeting held?").statements
    url = paragraph_url(statement.citation, room)

    async with browser_tab(tmp_path) as tab:
        await tab.open(f"{url}", height=300)
        marked = await tab.evaluate("document.querySelector('.paragraph:target mark').textContent")
        seen = await tab.evaluate("document.querySelector('mark').getBoundingClientRect().top < innerHeight")

    assert (marked, seen) == (statement.text, True)


async def test_the_keyboard_alone_leads_to_the_text_and_to_an_answer(room: str, tmp_path: Path) -> None:
    async def focused(tab: Tab) -> str:
        return str(await tab.evaluate("document.activeElement.id || document.activeElement.textContent"))

    async with browser_tab(tmp_path) as tab:
        await tab.open(f"{room}/readouts/{SHIPPED}")
        await tab.press("Tab")
        first = await focused(tab)
        await tab.press("Enter")
        skipped = await focused(tab)
        await tab.press("Tab")
        ring = await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        await tab.open(room)
        for _ in range(7):
            await tab.press("Tab")
        field = await focused(tab)

    assert (first, skipped, ring, field) == ("Skip to the text", "main", "solid", "question")


async def test_nothing_is_lost_without_scripts_and_none_is_there(
    room: str, tmp_path: Path, store: Services
) -> None:
    async with browser_tab(tmp_path) as tab:
        await tab.call("Emulation.setScriptExecutionDisabled", value=True)
        await tab.open(f"{room}/readouts/{SHIPPED}")
        names = [name for role, name in await tab.tree() if role == "StaticText"]
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
        scripts = await tab.evaluate("document.scripts.length")

    for paragraph in store.browser.reading(SHIPPED)[1]:
        assert paragraph.text in names
    assert scripts == 0
