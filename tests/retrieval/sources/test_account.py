"""Every word of a source stands in one citable block, in reading order, or is left out with a reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.models import Readout
from retrieval.sources import parse
from tests.retrieval.sources.documents import Word, epub, odt, pdf, rtf

Block = tuple[str, list[str]]
"""A kind, and its texts: one, or the lines or cells it is made of."""

KINDS = ("sentence", "heading", "numbered", "names", "bullets", "table", "unfinished", "signature", "breaks")


SYLLABLES = ("ab", "ec", "id", "of", "ug", "la", "me", "ni", "po", "ru")
_UNIQUE = re.compile(r"\bw[a-z]{8}\b", re.IGNORECASE)


def words(count: int, serial: list[int]) -> str:
    """Return `count` words that stand nowhere else."""
    out = []
    for _ in range(count):
        serial[0] += 1
        out.append("w" + "".join(SYLLABLES[int(digit)] for digit in f"{serial[0]:04}"))
    return " ".join(out)


def blocks_of(kinds: Sequence[str]) -> list[Block]:
    serial, number = [0], 0
    out: list[Block] = []

    def said(count: int, end: str = "") -> str:
        text = words(count, serial)
        return text[0].upper() + text[1:] + end

    for kind in kinds:
        if kind == "numbered":
            number += 1
            out.append((kind, [f"{number}. {said(9, '.')}"]))
        elif kind == "names":
            out.append((kind, [said(2), *(f"{said(2)}, {said(3)}" for _ in range(3))]))
        elif kind == "bullets":
            out.append((kind, [said(4, ":"), *(words(4, serial) + ";" for _ in range(3))]))
        elif kind == "table":
            out.append((kind, [said(1) for _ in range(2)] + [said(2) for _ in range(4)]))
        elif kind == "breaks":
            out.append((kind, [said(5) for _ in range(3)]))
        elif kind == "signature":
            out.append((kind, [f"For {said(1)}: {said(2)}", f"For {said(1)}: {said(2)}"]))
        elif kind == "heading":
            out.append((kind, [said(3)]))
        else:
            out.append((kind, [said(12, "." if kind == "sentence" else "")]))
    return out


def as_text(blocks: Sequence[Block]) -> bytes:
    pieces = []
    for kind, texts in blocks:
        if kind == "table":
            rows = [texts[i : i + 2] for i in range(0, len(texts), 2)]
            pieces.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
        elif kind == "bullets":
            pieces.append("\n".join([texts[0], *(f"- {text}" for text in texts[1:])]))
        else:
            pieces.append(("\n" if kind == "breaks" else "\n\n").join(texts))
    return "\n\n".join(pieces).encode()


def as_markdown(blocks: Sequence[Block]) -> bytes:
    marked = [(k, [f"## {t[0]}"] if k == "heading" else t) for k, t in blocks]
    return as_text(marked)


def as_html(blocks: Sequence[Block]) -> bytes:
    out = []
    for kind, texts in blocks:
        shown = [escape(text) for text in texts]
        if kind == "heading":
            out.append(f"<h2>{shown[0]}</h2>")
        elif kind == "table":
            rows = [shown[i : i + 2] for i in range(0, len(shown), 2)]
            out.append(
                f"<table><tr>{''.join(f'<th>{c}</th>' for c in rows[0])}</tr>"
                + "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows[1:])
                + "</table>"
            )
        elif kind == "bullets":
            out.append(f"<p>{shown[0]}</p><ul>{''.join(f'<li>{c}</li>' for c in shown[1:])}</ul>")
        elif kind == "names":
            out.append(f"<dl><dt>{shown[0]}</dt>{''.join(f'<dd>{c}</dd>' for c in shown[1:])}</dl>")
        else:
            out.append(f"<p>{'<br>'.join(shown)}</p>")
    return f"<html><body><main>{''.join(out)}</main></body></html>".encode()


def as_docx(blocks: Sequence[Block]) -> bytes:
    word = Word()
    for _, texts in blocks:
        for text in texts:
            word.add(text)
    return word.bytes()


def as_pdf(blocks: Sequence[Block]) -> bytes:
    texts = [
        f"<b>{text}</b>" if kind == "heading" else text.replace("&", "&amp;")
        for kind, texts in blocks
        for text in texts
    ]
    return pdf(texts, title=None)


def as_odt(blocks: Sequence[Block]) -> bytes:
    out = []
    for kind, texts in blocks:
        shown = [f"<text:p>{escape(text)}</text:p>" for text in texts]
        if kind == "heading":
            out.append(shown[0].replace("text:p>", "text:h>"))
        elif kind == "table":
            cells = [f"<table:table-cell>{text}</table:table-cell>" for text in shown]
            rows = ["".join(cells[i : i + 2]) for i in range(0, len(cells), 2)]
            out.append(
                f"<table:table>{''.join(f'<table:table-row>{r}</table:table-row>' for r in rows)}</table:table>"
            )
        elif kind == "bullets":
            items = "".join(f"<text:list-item>{text}</text:list-item>" for text in shown[1:])
            out.append(f'{shown[0]}<text:list text:style-name="none">{items}</text:list>')
        elif kind == "breaks":
            out.append(f"<text:p>{'<text:line-break/>'.join(map(escape, texts))}</text:p>")
        else:
            out += shown
    return odt("".join(out))


def as_rtf(blocks: Sequence[Block]) -> bytes:
    out = []
    for kind, texts in blocks:
        if kind == "heading":
            out.append(rf"\pard\outlinelevel0\b {texts[0]}\b0\par\pard")
        elif kind == "table":
            rows = [texts[i : i + 2] for i in range(0, len(texts), 2)]
            cells = ["".join(rf"\intbl {text}\cell" for text in row) for row in rows]
            out.append("".join(rf"\trowd{row}\row" for row in cells) + r"\pard")
        elif kind == "bullets":
            out.append(texts[0] + r"\par" + "".join(rf"{{\listtext\bullet\tab}}{t}\par" for t in texts[1:]))
        else:
            out.append((r"\line " if kind == "breaks" else r"\par ").join(texts) + r"\par")
    return rtf("\n".join(out))


def as_epub(blocks: Sequence[Block]) -> bytes:
    half = len(blocks) // 2
    bodies = [as_html(part).decode().partition("<main>")[2] for part in (blocks[:half], blocks[half:])]
    pages = [body.partition("</main>")[0].replace("<br>", "<br/>") for body in bodies]
    return epub({"a.xhtml": pages[0], "b.xhtml": pages[1]})


FORMATS: dict[str, Callable[[Sequence[Block]], bytes]] = {
    "x.txt": as_text,
    "x.md": as_markdown,
    "x.html": as_html,
}
BOUND: dict[str, Callable[[Sequence[Block]], bytes]] = {
    "x.docx": as_docx,
    "x.pdf": as_pdf,
    "x.odt": as_odt,
    "x.rtf": as_rtf,
    "x.epub": as_epub,
}
SOURCES = st.lists(st.sampled_from(KINDS), min_size=1, max_size=14).map(
    lambda kinds: blocks_of(["sentence", *kinds, "sentence"])
)


def check(readout: Readout, blocks: Sequence[Block]) -> None:
    source = _UNIQUE.findall(" ".join(t for _, texts in blocks for t in texts))
    told = " ".join(
        [readout.title, *(p.text for p in readout.paragraphs), *(p.heading or "" for p in readout.paragraphs)]
    )
    told += " ".join(left.text for left in readout.left_out)
    in_text = [w.lower() for p in readout.paragraphs for w in _UNIQUE.findall(p.text)]
    heads = {w.lower() for k, t in blocks if k == "table" for cell in t[:2] for w in cell.split()}

    assert not [word for word in source if word.lower() not in told.lower()]
    assert not [w for w in readout.warnings if "found no place" in w]
    once = Counter(word for word in in_text if word not in heads)
    assert not [word for word, times in once.items() if times > 1]
    assert list(once) == [word.lower() for word in source if word.lower() in once]


@pytest.mark.parametrize("name", FORMATS)
@given(blocks=SOURCES)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_word_is_citable_or_left_out_for_a_reason(name: str, blocks: list[Block]) -> None:
    (readout,) = parse(name, FORMATS[name](blocks))

    check(readout, blocks)


@pytest.mark.parametrize("name", BOUND)
@given(blocks=SOURCES)
@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow])
def test_every_word_of_a_bound_document_is_citable_or_left_out_for_a_reason(
    name: str, blocks: list[Block]
) -> None:
    (readout,) = parse(name, BOUND[name](blocks))

    check(readout, blocks)
