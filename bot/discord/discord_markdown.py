"""Discord's markdown: document text shown as written, links to the words, lengths as Discord counts them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from bot.links import Place, Span, paragraph_url, source_of

_ALWAYS = re.compile(r"[\\*_~|`<\[\]]")
_LINE_START = re.compile(r"^(\s*)(>|#{1,3}(?=\s)|-#|[-+](?=\s)|\d+(?=[.)]\s))", re.MULTILINE)
_SCHEME = re.compile(r":(?=//)")
_EMOJI = re.compile(r":(?=\w+:)")
_INVITE = re.compile(r"\.(?=gg/|com/invite/)", re.IGNORECASE)
_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)

_FRAGMENT_WORDS = 6
"""Words at each end of a quote that a text fragment names; longer quotes leave out what is between."""

_MAX_URL = 1_000


def length(text: str) -> int:
    """Return how long `text` is for Discord's limits, counting UTF-16 units.

    Discord says "characters"; UTF-16 units are never fewer than those, so what fits by this count fits.
    """
    return len(text) + sum(character > "\uffff" for character in text)


def escape(text: str) -> str:
    """Return markdown that shows `text` as written: no formatting, links, invites, emoji or mentions.

    A zero-width space splits what could be a mention: a backslash hides one from readers only, and a bot
    that quotes other people's documents should not rest on a single guard.
    """
    escaped = _ALWAYS.sub(r"\\\g<0>", text)
    escaped = _LINE_START.sub(_escape_line_start, escaped)
    for pattern in (_SCHEME, _EMOJI, _INVITE):
        escaped = pattern.sub(r"\\\g<0>", escaped)
    return _MENTION.sub("@\u200b", escaped)


def _escape_line_start(match: re.Match[str]) -> str:
    space, mark = match.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def emphasise(text: str, spans: Sequence[Span]) -> str:
    """Escape `text` with `spans` of it in bold; spans may touch, overlap or reach outside."""
    parts: list[str] = []
    position = 0
    for start, end in _merged(text, spans):
        parts += (escape(text[position:start]), f"**{escape(text[start:end])}**")
        position = end
    parts.append(escape(text[position:]))
    # A digit or dash that follows bold text is not at the start of a line, whatever `escape` thought of
    # it: the extra backslash does not show.
    return "".join(parts)


def blockquote(markdown: str) -> str:
    """Return markdown as a quote: a mark before each of its lines."""
    return "> " + markdown.replace("\n", "\n> ")


def _merged(text: str, spans: Sequence[Span]) -> list[Span]:
    """Sort, clip, join and trim: bold that begins or ends with white space would show its asterisks."""
    merged: list[Span] = []
    for start, end in sorted((max(0, s), min(len(text), e)) for s, e in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return [span for span in (_trimmed(text, *span) for span in merged) if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


_PIECE = 600
"""Escaped, so many characters still fit into a message."""


def marked(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield texts as written, each between its mark, in parts that any message has room for.

    A mark beside a space would be shown instead of meant: it stands close around the words.
    """
    for text, mark in texts:
        for start in range(0, len(text), _PIECE):
            piece = text[start : start + _PIECE]
            core = piece.strip()
            lead = piece[: len(piece) - len(piece.lstrip())]
            if core and mark:
                yield f"{lead}{mark}{escape(core)}{mark}{piece[len(lead) + len(core) :]}"
            else:
                yield escape(piece)


def cut_quote(parts: Iterable[str], opening: str, room: int) -> Iterator[str]:
    """Yield a quote in stretches of at most `room`, the first below `opening`; a cut is marked on both sides."""
    out = opening
    for part in parts:
        if length(out) + length(part) > room:
            yield f"{out}…"
            out = "> …"
        out += part
    yield out


def link(label: str, url: str | None) -> str:
    """Return a masked link, or the label alone where there is no address that can be linked."""
    return f"[{label}]({url})" if url else label


def place_link(place: Place, words: str, room: str | None, spans: Sequence[Span] | None = None) -> str | None:
    """Return where the ¶ of a place leads: into the reading room, or to `words` at the source.

    Args:
        spans: What of the paragraph is marked there, in place of the span of the citation.
    """
    return paragraph_url(place, room, spans) or source_link(source_of(place), words)


def source_link(url: str | None, words: str = "") -> str | None:
    """Return the address of `words` on the page at `url`: a browser scrolls to them.

    None unless `url` is http or https and short enough to be linked from a message.

    Source: https://wicg.github.io/scroll-to-text-fragment/ — `-`, `&` and `,` are syntax there.
    """
    if not url or urlsplit(url).scheme not in {"http", "https"}:
        return None
    address = quote(url, safe="%/:?#@!$&'*+,;=~[]-._")
    fragment = _text_fragment(words)
    if fragment:
        address += f"{'' if '#' in address else '#'}:~:text={fragment}"
    return address if len(address) <= _MAX_URL else None


def _text_fragment(words: str) -> str:
    parts = words.split()
    if len(parts) <= 2 * _FRAGMENT_WORDS:
        return _encoded(parts)
    return f"{_encoded(parts[:_FRAGMENT_WORDS])},{_encoded(parts[-_FRAGMENT_WORDS:])}"


def _encoded(words: Sequence[str]) -> str:
    return quote(" ".join(words), safe="").replace("-", "%2D")


def instant(at: str, style: str = "f") -> str:
    """Return a moment (UTC, ISO 8601) so that each reader sees it in their own time; `style` as Discord names them."""
    return f"<t:{int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())}:{style}>"


def code_block(text: str) -> str:
    """Return `text` in a code block, ready to copy; a fence inside cannot end it."""
    return "```\n" + text.replace("```", "`\u200b`\u200b`") + "\n```"


def code(text: str) -> str:
    """Return `text` as it may stand between backticks, cut to a readable length."""
    return shortened(text, 100).replace("`", "'")


def shortened(text: str, limit: int) -> str:
    """Cut `text` to `limit` as Discord counts, at a word where possible, saying so with an ellipsis."""
    text = " ".join(text.split())
    if length(text) <= limit:
        return text
    cut = text[: max(0, limit - 1)]
    while length(cut) > limit - 1:
        cut = cut[:-1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut).rstrip() + "…"
