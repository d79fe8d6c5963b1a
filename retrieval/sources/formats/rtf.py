r"""Rich Text Format (.rtf) -> lines, as a word processor shows it with all changes accepted.

Source: Rich Text Format Specification 1.9.1. A number that a word processor counts stands in the file as it prints
it (`\listtext`), so none has to be counted here. Headers, footers and comments are groups of their own and not read.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.formats.word_numbers import Numbered
from retrieval.sources.formats.word_processors import paragraph_lines, table_lines, title_at_top
from retrieval.sources.labels import Label, candidates
from retrieval.sources.lines import Extracted, Line, collapse

_TOKEN = re.compile(
    r"""\\(?P<word>[a-zA-Z]{1,32})(?P<value>-?\d{1,10})?\x20?   # \fs24
      | \\'(?P<byte>[0-9a-fA-F]{2})                             # \'e9
      | \\(?P<sign>[^a-zA-Z'])                                  # \~
      | (?P<brace>[{}])
      | (?P<text>[^\\{}\r\n]+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = ("{", "}", "\\")  # a letter of two bytes may end in one
_DIGITS = re.compile(r"\d{1,6}")
_DEEPEST = 500
_NESTED = "its groups are nested too deep to be read. Save its text instead."
# destinations that hold no text of the document; neither do those that are marked with "\\*", but for a few
_UNREAD = frozenset(
    """colortbl pict header headerl headerr headerf footer footerl footerr footerf ftnsep ftnsepc ftncn aftnsep aftnsepc
    aftncn listtable listoverridetable fldinst object objdata nonesttables upr filetbl tc xe rxe txe sp template operator
    author keywords comment subject doccomm category manager company hlinkbase bkmkstart bkmkend""".split()
)
_STARRED = frozenset("footnote shpinst shptxt ud do dptxbxtext nesttableprops listtext pntext".split())
_LETTERS = {
    "line": "\n", "tab": " ", "page": " ", "column": " ", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ", "softline": "\n",
    "~": " ", "_": "-", "-": "", "zwj": "\u200d", "zwnj": "\u200c",
}  # fmt: skip
_CODE_PAGES = {  # of \fcharset
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_MACHINES = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_SYMBOL = 2  # the charset of pictures: what stands before an item in it is a bullet
_HEADINGS = ("heading", "title", "subtitle")


@dataclass(slots=True)
class _Group:
    """What holds until a brace closes.

    Attributes:
        into: Where letters go: "body", "list", "note", "box", "hidden", "fonts", "styles", "title", or "" for nowhere.
    """

    into: str = "body"
    font: int = -1
    bold: bool = False
    hidden: bool = False
    deleted: bool = False
    raised: bool = False
    after_unicode: int = 1


@dataclass(slots=True)
class _Paragraph:
    """What is known of the paragraph that is being read."""

    pieces: list[tuple[str, _Group]] = field(default_factory=list)
    number: str = ""
    style: int = 0
    outline: bool = False
    in_table: bool = False
    level: int = 0


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.notes: list[Line] = []
        self.left_out: list[LeftOut] = []
        self.source: list[str] = []
        self.title = ""
        self.count = 0
        self._group = _Group()
        self._stack: list[_Group] = []
        self._starred = self._opened = False
        self._codec, self._codecs = "cp1252", dict[int, str]()
        self._styles: dict[int, str] = {}
        self._font = self._style = self._skip = 0
        self._bytes = bytearray()
        self._units: list[int] = []
        self._paragraph = _Paragraph()
        # what goes on after a note or box: depth, paragraph, kind
        self._outer: list[tuple[int, _Paragraph, str]] = []
        self._told = ""  # letters of fonts, styles and the title, which are no text
        self._cells: list[list[Line]] = []
        self._rows: list[list[list[Line]]] = []
        self._cell_start = self._heads = 0
        self._is_head = self._has_inner = False

    def read(self, text: str) -> None:
        """Read all of a document; each letter of `text` is a byte of the file."""
        at = 0
        while found := _TOKEN.search(text, at):
            at = found.end()
            if found["text"] is not None:
                self._add_bytes(found["text"].encode("latin-1"))
            elif found["byte"] is not None:
                self._add_bytes(bytes((int(found["byte"], 16),)))
            elif found["sign"] in _ESCAPED:
                self._add_bytes(found["sign"].encode("latin-1"))
            elif found["word"] == "u" and found["value"]:
                self._unicode(int(found["value"]))
            elif found["word"] == "bin":
                at += max(0, int(found["value"] or 0))
            else:
                self._flush()
                self._opens_or_closes(found)
        self._flush()
        self._end_paragraph()
        self._end_table()

    def _opens_or_closes(self, found: re.Match[str]) -> None:
        if found["brace"] == "{":
            if len(self._stack) > _DEEPEST:
                raise SourceError("", _NESTED)
            self._stack.append(self._group)
            self._group, self._opened = replace(self._group), True
        elif found["brace"] == "}":
            self._close()
        elif found["sign"] == "*":
            self._starred = True
        elif found["sign"] is not None:
            self._word("par", 1) if found["sign"] in "\r\n" else self._say(_LETTERS.get(found["sign"], ""))
        else:
            value = int(found["value"]) if found["value"] else None
            self._word(found["word"], value)
            self._opened = self._starred = False

    # --- letters ---

    def _add_bytes(self, found: bytes) -> None:
        self._opened = self._starred = False
        left_over = found[self._skip :]
        self._skip = max(0, self._skip - len(found))
        if left_over:
            self._end_unicode()
            self._bytes += left_over

    def _unicode(self, value: int) -> None:
        self._flush_bytes()
        self._opened = self._starred = False
        self._units.append(value % 65536)
        self._skip = self._group.after_unicode

    def _end_unicode(self) -> None:
        if self._units:
            units = b"".join(unit.to_bytes(2, "little") for unit in self._units)
            self._units = []
            self._say(units.decode("utf-16-le", "replace"))

    def _flush_bytes(self) -> None:
        if self._bytes:
            codec = self._codecs.get(self._group.font if self._group.font >= 0 else self._font, self._codec)
            found, self._bytes = bytes(self._bytes), bytearray()
            self._say(found.decode(codec, "replace"))

    def _flush(self) -> None:
        self._flush_bytes()
        self._end_unicode()
        self._skip = 0

    def _say(self, text: str) -> None:
        """Put letters where those of the present group go."""
        group = self._group
        if group.into in {"fonts", "styles", "title"}:
            self._told += text
        elif group.into == "list":
            self._paragraph.number += text
        elif group.into and not group.deleted:
            self.source.append(text)
            self._paragraph.pieces.append((text, replace(group)))

    # --- groups ---

    def _close(self) -> None:
        closed, self._group = self._group, self._stack.pop() if self._stack else _Group()
        told = self._told.strip(" ;")
        if closed.into == "styles" and told:
            self._styles[self._style] = told.casefold()
        if closed.into in {"fonts", "styles"}:
            self._told, self._style = "", 0
        elif closed.into == "title" and self._group.into != "title":
            self.title, self._told = told, ""
        if self._outer and self._outer[-1][0] == len(self._stack):
            self._end_inner()

    def _destination(self, word: str) -> bool:
        """Enter the destination that a group opens with; returns whether `word` is one."""
        if word in {"footnote", "shptxt", "dptxbxtext"} and self._group.into in {"body", "note"}:
            kind = "note" if word == "footnote" else "box"
            self._outer.append((len(self._stack) - 1, self._paragraph, kind))
            self._paragraph, self._group = _Paragraph(), replace(self._group, into=kind, raised=False)
        elif word in {"listtext", "pntext"}:
            self._group.into = "list" if self._group.into else ""
        elif word in {"fonttbl", "stylesheet", "title"}:
            self._group.into = {"fonttbl": "fonts", "stylesheet": "styles", "title": "title"}[word]
        elif word in _UNREAD or (self._starred and word not in _STARRED):
            self._group.into = ""
        elif word == "ud":
            self._group.into = "body"
        else:
            return False
        return True

    def _end_inner(self) -> None:
        """End a note or a text box, and go on with what it stands in."""
        _, outer, kind = self._outer.pop()
        text = collapse("".join(text for text, group in self._paragraph.pieces if not group.hidden))
        if kind == "box":
            self._leave("text box", text)
        else:
            mark = str(len(self.notes) + 1)
            while outer.pieces and outer.pieces[-1][1].raised:  # a mark of its own, "*"
                mark = outer.pieces.pop()[0].strip() or mark
                self._leave("footnote mark", mark)
            raised = "".join(t for t, group in self._paragraph.pieces if group.raised).strip()
            if raised == mark and text.startswith(mark):
                self._leave("footnote mark", mark)
                text = text.removeprefix(mark).strip()
            if text:
                self.notes.append(Line(text, self.count, note=mark))
        self._paragraph = outer

    def _leave(self, reason: str, text: str) -> None:
        if text:
            self.left_out.append(LeftOut(reason, text, f"paragraph {self.count}"))

    # --- control words ---

    def _word(self, word: str, value: int | None) -> None:
        if (self._opened or self._starred) and self._destination(word):
            return
        on = value != 0
        match word:
            case "par" | "sect" | "cell" | "row" | "nestcell":
                self._ends(word)
            case "b":
                self._group.bold = on
            case "v":
                self._group.hidden = on
            case "deleted":
                self._group.deleted = on
            case "super" | "up":
                self._group.raised = on
            case "nosupersub":
                self._group.raised = False
            case "plain":
                self._group.bold = self._group.hidden = self._group.raised = False
                self._group.font = -1
            case "uc":
                self._group.after_unicode = max(0, min(value or 0, 8))
            case _ if word in _LETTERS:
                self._say(_LETTERS[word])
            case _:
                self._setting(word, value)

    def _setting(self, word: str, value: int | None) -> None:
        """Mind what is said of paragraphs, rows, fonts and styles."""
        fonts = self._group.into == "fonts"
        match word:
            case "pard":
                kept = self._paragraph
                self._paragraph = _Paragraph(kept.pieces, kept.number)
            case "intbl":
                self._paragraph.in_table = True
            case "outlinelevel":
                self._paragraph.outline = (value or 0) < 9
            case "ilvl":
                self._paragraph.level = max(0, min(value or 0, 8))
            case "s":
                self._style = value or 0
                if self._group.into != "styles":
                    self._paragraph.style = self._style
            case "trowd":
                self._is_head = False
            case "trhdr":
                self._is_head = True
            case "f":
                self._group.font = value or 0
            case "fcharset" if fonts and value in _CODE_PAGES:
                self._codecs[self._group.font] = _CODE_PAGES[value]
            case "fcharset" if fonts and value == _SYMBOL:
                self._codecs[self._group.font] = "latin-1"
            case "deff":
                self._font = value or 0
            case "ansicpg" if value:
                with suppress(LookupError):
                    self._codec = codecs.lookup(f"cp{value}").name
            case _ if word in _MACHINES:
                self._codec = _MACHINES[word]

    # --- paragraphs and tables ---

    def _ends(self, word: str) -> None:
        if self._group.into in {"note", "box"}:
            self._paragraph.pieces.append((" ", replace(self._group)))
            return
        if not self._group.into:
            return
        in_table = self._paragraph.in_table or word != "par"
        self._has_inner = self._has_inner or word == "nestcell"
        if word in {"par", "sect"} and not self._paragraph.in_table:
            self._end_table()
        if word != "row":
            self._end_paragraph()
        if word == "cell":
            self._cells.append(self.lines[self._cell_start :])
            del self.lines[self._cell_start :]
        elif word == "row" and self._cells:
            self._heads += self._is_head and self._heads == len(self._rows)
            self._rows.append(self._cells)
            self._cells = []
        if not in_table:
            self._cell_start = len(self.lines)

    def _end_table(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
        if self._rows:
            rest = self.lines[self._cell_start :]
            del self.lines[self._cell_start :]
            self.lines += table_lines(self._rows, self.count, heads=self._heads, nested=self._has_inner)
            self.lines += rest
        self._cells, self._rows, self._heads, self._has_inner = [], [], 0, False
        self._cell_start = len(self.lines)

    def _end_paragraph(self) -> None:
        ended = self._paragraph
        self._paragraph = replace(ended, pieces=[], number="")
        self.count += 1
        self._leave("hidden", collapse("".join(text for text, group in ended.pieces if group.hidden)))
        pieces = [(text, group.bold) for text, group in ended.pieces if not group.hidden]
        text = "".join(text for text, _ in pieces)
        name = self._styles.get(ended.style, "")
        if name.startswith("toc "):
            self._leave("table of contents", collapse(text))
            return
        bold = bool(text.strip()) and all(is_bold for piece, is_bold in pieces if piece.strip())
        heading = 2 if ended.outline or name.startswith(_HEADINGS) else int(bold)
        numbered = _numbered(collapse(ended.number), ended.level)
        if collapse(text) or (numbered is not None and numbered.text):
            self.lines += paragraph_lines(text, self.count, numbered, heading)


def _numbered(printed: str, level: int) -> Numbered | None:
    """Return what stands before a paragraph as a word processor printed it, "1." or a bullet."""
    if not printed:
        return None
    found = next((label for label in candidates(f"{printed} X") if label.end >= len(printed)), None)
    if found is not None:
        return Numbered(printed, Label(found.family, found.value, found.number, len(printed)), level)
    if digits := _DIGITS.search(printed):  # "Item 1 –"
        label = Label(f"list-{level + 1}", (int(digits.group()),), printed.strip(".()[] "), len(printed))
        return Numbered(printed, label, level)
    return Numbered("" if len(printed) == 1 else printed, None, level)


def read_rtf(data: bytes) -> Extracted:
    """Return the lines of an RTF document; `Line.number` counts its paragraphs from 1.

    Raises:
        SourceError: Its groups are nested too deep.
    """
    reader = _Reader()
    reader.read(data.decode("latin-1"))
    return Extracted(
        lines=[*reader.lines, *reader.notes],
        title=title_at_top(reader.title, reader.lines),
        left_out=tuple(reader.left_out),
        source=" ".join(reader.source),
    )
