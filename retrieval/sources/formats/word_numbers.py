"""Automatic numbers of a Word document, counted as Word counts them.

Source: ECMA-376 Part 1, 17.9 (numbering). A paragraph names a numbering instance (`num`) and a level, itself
or through its style. Instances of one definition (`abstractNum`) count on from each other, unless one
overrides where it starts. A level begins again after a paragraph of a level above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from retrieval.sources.labels import Label, candidates, letters, roman

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%([1-9])")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_KANJI = "〇一二三四五六七八九"
_LEVELS = 9
_LARGEST_ROMAN = 399


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a definition.

    Attributes:
        kind: `numFmt`: "decimal", "lowerLetter", "bullet", …
        pattern: `lvlText`: "%1.", "%1.%2", "(%1)".
        restart: The level, counted from 1, after which it begins again; None: after any above; 0: never.
        legal: Whether the levels above are written as decimals here (`isLgl`).
        style: The paragraph style that has this level.
    """

    kind: str = "decimal"
    pattern: str = ""
    start: int = 1
    restart: int | None = None
    legal: bool = False
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One `num`: a definition with what it overrides.

    Attributes:
        definition: The id of the `abstractNum`; counters belong to it.
        levels: By level, overrides applied.
        starts: Level -> where this instance starts it again.
    """

    definition: str
    levels: Mapping[int, Level]
    starts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says of numbering, with what it is based on."""

    name: str = ""
    base: str | None = None
    num: str | None = None
    level: int | None = None
    outline: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Numbered:
    """What stands before one paragraph.

    Attributes:
        text: As printed, "2.1" or "(a)"; "" for a bullet.
        label: To number a paragraph by, or None for a bullet.
    """

    text: str
    label: Label | None
    level: int


@dataclass(slots=True)
class Numberer:
    """Counts through a document, paragraph by paragraph, in reading order."""

    instances: dict[str, Instance]
    styles: Mapping[str, Style]
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _started: set[tuple[str, int]] = field(default_factory=set)

    def next(self, properties: Any, style: str | None) -> Numbered | None:
        """Return what Word prints before the next paragraph, or None.

        Args:
            properties: Its `w:pPr`, or None.
            style: The id of its style.
        """
        found = self._named(properties, style)
        return None if found is None else self.count(*found)

    def count(self, num: str, level: int) -> Numbered | None:
        """Return what stands before the next paragraph of a level of an instance, or None."""
        instance = self.instances[num]
        shape = instance.levels.get(level, Level())
        if shape.kind == "bullet":
            return Numbered("", None, level)
        counts = self._count(num, instance, level)
        text = _printed(instance, level, counts)
        return Numbered(text, _label(text, counts[level], level, shape.start), level) if text else None

    def set(self, num: str, level: int, value: int) -> None:
        """Let the next paragraph of a level have `value`."""
        self._counts.setdefault(self.instances[num].definition, {})[level] = value - 1

    def _named(self, properties: Any, style: str | None) -> tuple[str, int] | None:
        own = None if properties is None else properties.find(f"{_W}numPr")
        num, level = _reference(own)
        named = next((found for found in lineage(self.styles, style) if found.num is not None), Style())
        num = named.num if num is None else num
        if num is None or num == "0" or num not in self.instances:
            return None
        if level is None and num == named.num:  # the level that says it is the style's, else what that says
            levels = self.instances[num].levels.items() if style is not None else ()
            level = next((each for each, shape in levels if shape.style == style), named.level)
        return num, min(max(level or 0, 0), _LEVELS - 1)

    def _count(self, num: str, instance: Instance, level: int) -> dict[int, int]:
        counts = self._counts.setdefault(instance.definition, {})
        if level in instance.starts and (num, level) not in self._started:
            counts[level] = instance.starts[level] - 1
        self._started.add((num, level))
        start = instance.levels.get(level, Level()).start
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            restart = instance.levels.get(deeper, Level()).restart
            if restart is None or level < restart:
                del counts[deeper]
        for above in range(level):
            counts.setdefault(above, instance.levels.get(above, Level()).start)
        return counts


def _reference(numbering: Any) -> tuple[str | None, int | None]:
    if numbering is None:
        return None, None
    return _value(numbering, "numId"), _integer(_value(numbering, "ilvl"))


def lineage(styles: Mapping[str, Style], style: str | None) -> Iterator[Style]:
    """Yield a style and what it is based on, each once."""
    seen: set[str] = set()
    while style is not None and style in styles and style not in seen:
        seen.add(style)
        yield styles[style]
        style = styles[style].base


# --- printing ---


def _printed(instance: Instance, level: int, counts: Mapping[int, int]) -> str:
    shape = instance.levels.get(level, Level())

    def place(found: re.Match[str]) -> str:
        at = int(found[1]) - 1
        other = instance.levels.get(at, Level())
        kind = "decimal" if shape.legal and at != level else other.kind
        return written(counts.get(at, other.start), kind)

    return _PLACE.sub(place, shape.pattern).strip()


def written(value: int, kind: str) -> str:
    """Return `value` in the writing of a `numFmt`; an unknown one is written in decimals."""
    return _WRITERS.get(kind, str)(value)


def _roman(value: int) -> str:
    return roman(value) if 0 < value <= _LARGEST_ROMAN else str(value)


def _letters(value: int) -> str:
    """Word repeats the letter: "z", "aa", "bb"."""
    return letters((value - 1) % 26 + 1) * ((value - 1) // 26 + 1) if 0 < value <= 26 * 5 else str(value)


def _ordinal(value: int) -> str:
    ending = "th" if value // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _kanji(value: int) -> str:
    if not 0 < value < 100:
        return str(value)
    tens, ones = divmod(value, 10)
    return ("" if tens < 2 else _KANJI[tens]) + ("十" if tens else "") + (_KANJI[ones] if ones else "")


def _circled(value: int) -> str:
    return chr(ord("①") + value - 1) if 1 <= value <= 20 else str(value)


_IN_KANJI = """japaneseCounting chineseCounting chineseCountingThousand taiwaneseCounting
    taiwaneseCountingThousand ideographDigital""".split()
_WRITERS: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda value: f"{value:02}",
    "decimalFullWidth": lambda value: str(value).translate(_FULL_WIDTH),
    "lowerLetter": _letters,
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "ordinal": _ordinal,
    "decimalEnclosedCircle": _circled,
    "none": lambda _: "",
    **dict.fromkeys(_IN_KANJI, _kanji),
}


def _label(text: str, value: int, level: int, start: int) -> Label:
    """Return the label that a reader of the printed number would see, knowing what Word counted."""
    readings = [label for label in candidates(f"{text} X") if label.value[-1] == value]
    if readings and (start == 1 or text.strip("()[]. ")[:1].isdigit()):  # "IV." first: a word?
        best = readings[0]
        return Label(best.family, best.value, best.number, len(text))
    return Label(f"list-{level + 1}", (value,), text.strip(".()[] ") or str(value), len(text))


# --- reading numbering.xml and styles.xml ---


def read_numberer(numbering: Any, styles: Any) -> Numberer:
    """Return the numberer of a document from the roots of its two parts, each an lxml element or None."""
    instances = {} if numbering is None else _instances(numbering)
    return Numberer(instances, {} if styles is None else _styles(styles))


def _styles(root: Any) -> dict[str, Style]:
    out: dict[str, Style] = {}
    default = None
    for element in root.iterfind(f"{_W}style"):
        if element.get(f"{_W}type") != "paragraph":
            continue
        name = element.get(f"{_W}styleId") or ""
        properties = element.find(f"{_W}pPr")
        num, level = _reference(None if properties is None else properties.find(f"{_W}numPr"))
        outline = None if properties is None else _integer(_value(properties, "outlineLvl"))
        fonts = element.find(f"{_W}rPr")
        out[name] = Style(
            name=(_value(element, "name") or "").lower(),
            base=_value(element, "basedOn"),
            num=num,
            level=level,
            outline=outline is not None and outline < _LEVELS,
            bold=fonts is not None and is_on(fonts.find(f"{_W}b")),
        )
        if element.get(f"{_W}default") in {"1", "true", "on"}:
            default = name
    if default is not None:
        out.setdefault("", out[default])
    return out


def _instances(root: Any) -> dict[str, Instance]:
    definitions = {each.get(f"{_W}abstractNumId", ""): each for each in root.iterfind(f"{_W}abstractNum")}
    return {
        element.get(f"{_W}numId", ""): made
        for element in root.iterfind(f"{_W}num")
        if (made := _instance(element, definitions)) is not None
    }


def _instance(element: Any, definitions: Mapping[str, Any]) -> Instance | None:
    name = _linked(_value(element, "abstractNumId"), definitions)
    if name is None:
        return None
    levels = dict(_levels(definitions[name]))
    starts: dict[int, int] = {}
    for override in element.iterfind(f"{_W}lvlOverride"):
        level = _integer(override.get(f"{_W}ilvl"))
        if level is None:
            continue
        levels |= dict(_levels(override))
        start = _integer(_value(override, "startOverride"))
        if start is not None:
            starts[level] = start
    return Instance(name, levels, starts)


def _linked(name: str | None, definitions: Mapping[str, Any]) -> str | None:
    """Follow a definition that only names a list style to the definition that the style has."""
    for _ in range(_LEVELS):
        if name is None or name not in definitions:
            return None
        link = _value(definitions[name], "numStyleLink")
        if link is None:
            return name
        named = (found for found, other in definitions.items() if _value(other, "styleLink") == link)
        name = next(named, None)
    return None


def _levels(element: Any) -> Iterator[tuple[int, Level]]:
    for found in element.iterfind(f"{_W}lvl"):
        level = _integer(found.get(f"{_W}ilvl"))
        if level is None:
            continue
        yield (
            level,
            Level(
                kind=_value(found, "numFmt") or "decimal",
                pattern=_value(found, "lvlText") or "",
                start=_integer(_value(found, "start")) or 0,  # 17.9.25: absent means 0
                restart=_integer(_value(found, "lvlRestart")),
                legal=is_on(found.find(f"{_W}isLgl")),
                style=_value(found, "pStyle"),
            ),
        )


def is_on(element: Any) -> bool:
    """Whether a switch like `w:b` is there and not off."""
    return element is not None and element.get(f"{_W}val", "1") not in {"0", "false", "off", "none"}


def _value(parent: Any, name: str) -> str | None:
    found = parent.find(f"{_W}{name}")
    value = None if found is None else found.get(f"{_W}val")
    return None if value is None else str(value)


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,6}", text) else None
