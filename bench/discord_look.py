"""Every kind of message that the bot shows, as one page to look at in a browser.

    python -m bench.discord_look OUT.html [--locale ja]

The bot runs as its own process, against the stand-in for Discord, over the shipped readout and the tests' yearly
communiqués. A member and an admin use it; the JSON of each message is drawn as Discord would, in its dark theme, on
a page that is as wide as the window: 400 pixels are a phone. Printed: how many messages there are, how many requests
did not fit Discord's description, and the longest message in characters and in components.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from retrieval.bootstrap import build_services  # noqa: E402
from retrieval.settings import RetrievalSettings  # noqa: E402
from tests.communiques import write_communiques  # noqa: E402
from tests.retrieval.fetching.site import Site, answer  # noqa: E402
from tests.standin import StandIn  # noqa: E402
from tests.standin.interactions import Interaction  # noqa: E402
from tests.standin.limits import walk  # noqa: E402
from tests.standin.process import BotProcess  # noqa: E402
from tests.standin.world import MANAGE_GUILD, Upload  # noqa: E402

QUESTIONS = {
    "answered": "What did Minister Kishi announce on cybersecurity?",
    "when": "Where will the Sixth Dialogue be held?",
    "several readouts": "What was said about the Northern Cable Initiative and about cybersecurity seminars?",
    "two questions in one": "Where did the Ministers meet in 2024? And who won the fish market election?",
    "contradicted": "What did Norland and Estmark sign on the rescue of seafarers in 2031?",
    "not found": "How much will the harbour in Oslo cost?",
    "small talk": "what can you do?",
}
FERRY = b"""Joint Communique of the Ferry Dialogue

2 May 2024

1. Norland will open a ferry line to Estmark in November.

2. Estmark welcomed the line and announced a Harbour Pilots Programme.

Share this page

3. The parties will meet again in Norhaven.
"""
CORRECTED = FERRY.replace(b"in November", b"in October").replace(b"3. The", b"3. Both sides agreed. The")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT.html")
    parser.add_argument("--locale", default="en-US", help="Discord's name of the readers' language")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shown = asyncio.run(visit(Path(folder), options.locale))
    options.out.write_text(page_of(shown.messages), encoding="utf-8")
    texts = [parts_of(message) for _, message in shown.messages]
    print(
        f"{len(texts)} messages, {len(shown.problems)} requests that misfit; longest: "
        f"{max(sum(map(len, t)) for t in texts)} characters, "
        f"{max(len(list(walk(m.get('components') or []))) for _, m in shown.messages)} components"
    )
    for problem in shown.problems:
        print(problem)


def parts_of(message: dict[str, Any]) -> list[str]:
    return [part["content"] for part in walk(message.get("components") or []) if part["type"] == 10]


@dataclass
class Visit:
    """A member and an admin of a server, and what they were shown."""

    standin: StandIn
    locale: str
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.standin.world
        self.guild = world.add_guild(locale=self.locale)
        self.channel = world.add_channel(self.guild)
        self.admin = world.add_user("admin")
        world.join(self.guild, self.admin)
        world.grant(self.guild, self.admin, MANAGE_GUILD)

    async def run(self, title: str, name: str, **options: Any) -> Interaction:
        return await self._done(
            title, await self.standin.slash(self.admin, self.channel, name, locale=self.locale, **options)
        )

    async def press(self, title: str, at: Interaction, action: str) -> Interaction | None:
        components = list(walk(at.shown[0].get("components") or [])) if at.shown else []
        ids = [c["custom_id"] for c in components if not c.get("disabled") and "custom_id" in c]
        wanted = [each for each in ids if each.startswith(action)]
        if not wanted:
            print(f"no {action} under {title}")
            return None
        used = await self.standin.use(self.admin, self.channel, at.shown[0], wanted[-1])
        return await self._done(title, used)

    async def _done(self, title: str, used: Interaction) -> Interaction:
        await asyncio.wait_for(used.finished.wait(), 60)
        await asyncio.sleep(0.2)
        self.keep(title, used.shown)
        return used

    def keep(self, title: str, shown: Iterable[dict[str, Any]]) -> None:
        self.messages += [(title, json.loads(json.dumps(message))) for message in shown]


async def visit(folder: Path, locale: str) -> Visit:
    readouts = folder / "readouts"
    write_communiques(readouts)
    shutil.copy(ROOT / "corpus" / "asean-japan-2022-06-22.txt", readouts)
    settings = RetrievalSettings(store_dir=folder / "store", corpus_dir=readouts, _env_file=None)  # type: ignore[call-arg]
    with build_services(settings) as services:
        services.ensure_corpus()
    more = {"RETRIEVAL_CORPUS_DIR": str(readouts), "DISCORD_USER_QUESTIONS_PER_MINUTE": "0"}
    with Site() as site:
        more["STANDIN_SITE"] = str(site.port)
        return await used(folder, locale, site, more)


async def used(folder: Path, locale: str, site: Site, more: dict[str, str]) -> Visit:
    async with StandIn() as standin:
        there = Visit(standin, locale)
        async with BotProcess(standin, folder, **more) as bot:
            await standin.connected()
            await questions(there)
            await lists(there)
            await corpus(there)
            await server(there, site)
            await refusals(there)
            there.problems = list(standin.problems)
            await bot.stop()
    return there


async def questions(there: Visit) -> None:
    asked = {title: await there.run(f"/ask: {title}", "ask", question=q) for title, q in QUESTIONS.items()}
    await there.press("not found: the closest", asked["not found"], "closest")
    opened = await there.press("a paragraph opened", asked["when"], "open")
    await there.press("citations copied", asked["when"], "copy")
    if opened:
        await there.press("a paragraph copied", opened, "cite")
        await there.press("a paragraph shared", opened, "share")
        await there.press("compared with the one before", opened, "past")
    await there.press("rated", asked["when"], "good")


async def lists(there: Visit) -> None:
    await there.run("/paragraph", "paragraph", document="asean-japan-2022-06-22", number="7")
    await there.run("/paragraph: none such", "paragraph", document="asean-japan-2022-06-22", number="99")
    await there.run("/documents", "documents")
    await there.run("/initiatives", "initiatives")
    await there.run("/initiatives of one", "initiatives", text="Cable")
    await there.run("/compare", "compare", before="dialogue-2023", after="dialogue-2024")
    await there.run("/trace", "trace", phrase="free and open Northern Sea")
    await there.run("/about", "about")
    await there.run("/help", "help")
    await there.run("a readout that is not there", "ask", question="Where?", document="nowhere")


async def corpus(there: Visit) -> None:
    empty = b"%PDF-1.4\n%%EOF"
    await there.run("/corpus add: unreadable", "corpus add", file=Upload("scan.pdf", empty))
    for name, data in (("a.json", b'[{"id": "x"}]'), ("a.txt", b"1. A caf\xe9 \x81 opened.")):
        await there.run(f"/corpus add: {name}", "corpus add", file=Upload(name, data))
    for title, data in (("new", FERRY), ("corrected", CORRECTED)):
        preview = await there.run(f"/corpus add: {title}", "corpus add", file=Upload("ferry.txt", data))
        done = await there.press(f"{title}: confirmed", preview, "corpus:yes")
        if done is None:
            continue
        await there.standin.until(lambda at=done: "job:ask" in json.dumps(at.shown[0]["components"]), 60)
        there.keep(f"{title}: job ended", done.shown)
        if title == "corrected":
            await there.press("what changed", done, "job:diff")
    await there.press("a new readout: its initiatives", done, "job:list")
    await there.run("/corpus status", "corpus status")
    await there.run("/corpus history", "corpus history", document="ferry")
    await there.run("/corpus rollback", "corpus rollback", document="ferry")
    await there.run("/corpus remove", "corpus remove", document="ferry", purge=True)
    await there.run("/corpus history: none such", "corpus history", document="nowhere")


async def server(there: Visit, site: Site) -> None:
    item = "<li>{n} May 2024 <a href='/talks-{n}'>Talks of the Ferry Dialogue, round {n}</a></li>"
    listed = f"<html><body><ul>{''.join(item.format(n=n) for n in range(4, 8))}</ul></body></html>"
    for path in ("/news", "/press"):
        site.replies[path] = answer(listed.encode(), content_type="text/html")
    await there.run("/corpus watches: none", "corpus watches")
    await there.run("/corpus watch", "corpus watch", url=f"{site.url}/news")
    await there.run("/corpus watch: again", "corpus watch", url=f"{site.url}/news")
    await there.run("/corpus watch: none such", "corpus watch", url=f"{site.url}/nowhere")
    await there.run("/corpus watch: taken", "corpus watch", url=f"{site.url}/press", take=True)
    watches = await there.run("/corpus watches", "corpus watches")
    await there.press("paused", watches, "watch:pause")
    await there.run("/corpus announce", "corpus announce", channel=there.channel)
    await there.run("/corpus channel", "corpus channel", document="dialogue-2024")
    await there.run("/settings", "settings")
    await there.run("/corpus insights", "corpus insights")


async def refusals(there: Visit) -> None:
    """What a member reads who may not, and what is said of files that cannot be read."""
    there.standin.world.grant(there.guild, there.admin, 0)
    await there.run("/settings: not allowed", "settings")
    await there.run("/corpus status: not allowed", "corpus status")
    await there.run("too long", "ask", question="why " * 1_200)
    await there.run("/forget-me", "forget-me")


STYLE = """
body{margin:0;background:#313338;color:#dbdee1;font:16px/1.375 'gg sans',Inter,'Noto Sans',Helvetica,Arial,sans-serif}
main{padding:8px 16px;max-width:760px} h6{margin:28px 0 4px;color:#949ba4;font-size:12px;font-weight:500}
.box{background:#2b2d31;border:1px solid #3f4147;border-left:4px solid var(--accent,#3f4147);border-radius:8px;
padding:16px;max-width:600px;box-sizing:border-box;display:flex;flex-direction:column;gap:8px;overflow-wrap:anywhere}
.text h3{font-size:16px;margin:4px 0 0}.text h2{font-size:20px;margin:4px 0 0}.text h1{font-size:24px;margin:4px 0 0}
small{color:#949ba4;font-size:13px;display:block} a{color:#00a8fc;text-decoration:none}
blockquote{margin:0;padding:0 8px 0 12px;border-left:4px solid #4e5058;border-radius:4px}
ul{margin:0;padding-left:20px} pre{background:#1e1f22;border:1px solid #3f4147;border-radius:4px;padding:7px;margin:6px 0 0;
white-space:pre-wrap;font:14px/1.3 monospace} code{background:#1e1f22;border-radius:3px;padding:0 3px;font:85% monospace}
hr{border:0;border-top:1px solid #4e5058;width:100%;margin:4px 0} .row{display:flex;flex-wrap:wrap;gap:8px}
button{background:#4e5058;color:#fff;border:0;border-radius:8px;padding:7px 15px;font-family:inherit;font-size:14px;font-weight:500;
line-height:18px;min-height:32px}
button:disabled{opacity:.5}.s1{background:#5865f2}.s3{background:#248046}.s4{background:#da373c}
select{width:100%;background:#1e1f22;color:#949ba4;border:1px solid #3f4147;border-radius:4px;padding:10px;font:inherit}
.at{background:#3c4270;color:#c9cdfb;border-radius:3px;padding:0 2px}.time{background:#404249;border-radius:3px;padding:0 2px}
.gallery{background:#1e1f22;border-radius:8px;padding:30px;text-align:center;color:#949ba4} .br{height:1.375em}
"""


def page_of(messages: Iterable[tuple[str, dict[str, Any]]]) -> str:
    drawn = []
    for title, message in messages:
        seen = "only the reader sees it" if message["flags"] & 64 else "in the channel"
        parts = "".join(map(component, message.get("components") or []))
        files = ", ".join(each["filename"] for each in message["attachments"])
        drawn.append(f"<h6>{html.escape(title)} · {seen}</h6>{parts}<small>{html.escape(files)}</small>")
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><style>{STYLE}</style>"
    return f"<!DOCTYPE html>{head}<main>{''.join(drawn)}</main>"


def component(item: dict[str, Any]) -> str:
    inside = "".join(map(component, item.get("components") or []))
    match item["type"]:
        case 1:
            return f"<div class=row>{inside}</div>"
        case 2:
            emoji = (item.get("emoji") or {}).get("name") or ""
            words = html.escape(" ".join(part for part in (emoji, item.get("label")) if part))
            return f"<button class=s{item['style']}{' disabled' if item.get('disabled') else ''}>{words}</button>"
        case 3:
            options = "".join(f"<option>{html.escape(o['label'])}" for o in item["options"])
            held = next(
                (o["label"] for o in item["options"] if o.get("default")), item.get("placeholder") or ""
            )
            return f"<select><option>{html.escape(held)}{options}</select>"
        case 8:
            chosen = " ".join("# general" for _ in item.get("default_values") or [])
            return f"<select><option>{html.escape(chosen or item.get('placeholder') or '')}</select>"
        case 10:
            return f"<div class=text>{markdown(item['content'])}</div>"
        case 12:
            return f"<div class=gallery>{html.escape(str(item['items'][0].get('description')))}</div>"
        case 14:
            return "<hr>"
        case 17:
            accent = item.get("accent_color")
            return f"<div class=box style='{f'--accent:#{accent:06x}' if accent else ''}'>{inside}</div>"
        case kind:
            return f"<p>component {kind}</p>"


def markdown(text: str) -> str:
    """As Discord reads it, as far as the bot writes it."""
    out, quote, items = list[str](), list[str](), list[str]()

    def close() -> None:
        if quote:
            out.append(f"<blockquote>{'<br>'.join(quote)}</blockquote>")
        if items:
            out.append(f"<ul>{''.join(f'<li>{each}</li>' for each in items)}</ul>")
        quote.clear()
        items.clear()

    for number, part in enumerate(text.split("```")):
        if number % 2:
            close()
            out.append(f"<pre>{html.escape(part.strip(chr(10)))}</pre>")
            continue
        for line in part.strip("\n").split("\n") if part.strip() else []:
            mark, _, rest = line.partition(" ")
            if mark == ">":
                quote.append(inline(rest))
                continue
            if mark == "-":
                items.append(inline(rest))
                continue
            close()
            if mark in ("#", "##", "###"):
                out.append(f"<h{len(mark)}>{inline(rest)}</h{len(mark)}>")
            elif mark == "-#":
                out.append(f"<small>{inline(rest)}</small>")
            else:
                out.append(f"<div>{inline(line)}</div>" if line else "<div class=br></div>")
        close()
    return "".join(out)


_INLINE = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])|`(?P<code>[^`]+)`|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<url>\S+?)\)"
    r"|\*\*(?P<bold>.+?)\*\*(?!\*)|\*(?P<slanted>[^*]+)\*|~~(?P<gone>.+?)~~|<t:(?P<time>\d+):(?P<style>\w)>|<@(?P<who>\d+)>|<#(?P<where>\d+)>"
)


def inline(text: str) -> str:
    out, at = "", 0
    for found in _INLINE.finditer(text):
        out += html.escape(text[at : found.start()])
        at = found.end()
        kind = next(name for name, value in found.groupdict().items() if value is not None)
        value = found[kind]
        if kind == "escaped":
            out += html.escape(value)
        elif kind == "code":
            out += f"<code>{html.escape(value)}</code>"
        elif kind == "label":
            out += f"<a href='{html.escape(found['url'])}'>{inline(value)}</a>"
        elif kind == "time":
            moment = datetime.fromtimestamp(int(value), UTC)
            shape = "%d %B %Y" if found["style"] == "D" else "%d %B %Y %H:%M"
            out += f"<span class=time>{moment.strftime(shape)}</span>"
        elif kind in ("who", "where"):
            out += f"<span class=at>{'@somebody' if kind == 'who' else '# general'}</span>"
        else:
            tag = {"bold": "b", "slanted": "i", "gone": "s"}[kind]
            out += f"<{tag}>{inline(value)}</{tag}>"
    return out + html.escape(text[at:])


if __name__ == "__main__":
    main()
