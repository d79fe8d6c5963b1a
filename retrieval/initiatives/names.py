"""Where a proper name begins and ends, and what family of initiative its head noun belongs to."""

from __future__ import annotations

from retrieval.initiatives.lexicon import (
    BE_FORMS,
    CONJUNCTIONS,
    DETERMINERS,
    EVENT_NOUNS,
    HAVE_FORMS,
    MODALS,
    NOT_INITIATIVE,
    head_family,
    singular,
    word_set,
)
from retrieval.initiatives.parse import Parse

_LINKS = word_set("of on for to the and in with de & against among")


_TITLES = word_set("""president minister ministers prime secretary general mr ms mrs dr vice leaders""")


_MONTHS = word_set(
    """january february march april may june july august september october november december"""
)


_PLAIN_HEADS = word_set(
    """programme program fund scheme scholarship fellowship project plan strategy framework agreement
    partnership initiative roadmap alliance treaty memorandum"""
)


_INTERNATIONAL = frozenset({"international", "united", "world", "european", "un"})


def past_acronym(parse: Parse, end: int) -> int:
    """Over the short form in brackets that a name brings with it."""
    words = parse.words
    if (
        end + 2 < len(words)
        and words[end].text == "("
        and words[end + 1].shouted
        and words[end + 2].text == ")"
    ):
        return end + 3
    return end


def name_at(parse: Parse, i: int) -> tuple[int, int] | None:
    """The proper name that begins at a token, as a span, or None."""
    words = parse.words
    if words[i].text == "“":
        closing = next((k for k in range(i + 1, min(i + 18, len(words))) if words[k].text == "”"), None)
        if closing is not None and words[i + 1].capital:
            return i + 1, _after_quote(parse, closing)
        return None
    if not (words[i].capital and words[i].is_word) or words[i].lower in DETERMINERS:
        return None
    if i == 0 and (words[i].function_word or words[i].adverb or words[i].lower.endswith("ing")):
        return None
    if (words[i].form is not None and words[i].shouted) or words[i].lower in _MONTHS:
        return None
    if words[i].lower == "article":  # "Article 5 of the … Treaty"
        return None
    return i, _run_end(parse, i)


def _after_quote(parse: Parse, closing: int) -> int:
    """A quoted title and the plain nouns that follow it: “Official Assistance” cooperation framework."""
    end = closing + 1
    while (
        end < len(parse.words)
        and end <= closing + 3
        and parse.words[end].is_word
        and not parse.words[end].function_word
    ):
        if head_family((parse.words[end].bare,)):
            return end + 1
        end += 1
    return closing


def _run_end(parse: Parse, start: int) -> int:
    words, end = parse.words, start + 1
    while end < len(words):
        word = words[end]
        if word.capital or (word.text[0].isdigit() and words[end - 1].capital and end > start):
            end += 1
            continue
        if (
            word.text in {"–", "-"}
            and end - start <= 2
            and words[end - 1].capital
            and end + 1 < len(words)
            and words[end + 1].capital
        ):
            end += 2  # "Viet Nam - Australia Dialogue", set with spaces
            continue
        following = _past_links(parse, end)
        if following is not None and not (
            word.lower in CONJUNCTIONS and _complete(parse, start, end) and _complete_after(parse, following)
        ):
            end = following + 1
            continue
        break
    return _with_plain_head(parse, end)


def _with_plain_head(parse: Parse, end: int) -> int:
    """Over lower-case words to the head they lead to: "Australian development cooperation programme"."""
    words, last = parse.words, end
    for i in range(end, min(end + 4, len(words))):
        if (
            not words[i].is_word
            or words[i].function_word
            or words[i].adverb
            or words[i].lower in MODALS | BE_FORMS | HAVE_FORMS
        ):
            break
        form = words[i].form
        inflected = form is not None and (form.third or form.past) and not form.base
        if inflected and head_family((words[i].bare,)) is None:
            break
        if singular(words[i].bare) in _PLAIN_HEADS:
            last = i + 1
    return last


def _past_links(parse: Parse, i: int) -> int | None:
    """The capitalised word after one or two small words ("of", "for the"), or None."""
    words, j = parse.words, i
    while j < len(words) and j - i < 2 and words[j].lower in _LINKS:
        j += 1
    if words[i].lower in CONJUNCTIONS and j - i > 1:  # "AOIP and the … Strategy" are two
        return None
    return j if j > i and j < len(words) and words[j].capital and words[j].is_word else None


def _complete(parse: Parse, start: int, end: int) -> bool:
    return head_family(tuple(w.bare for w in parse.words[start:end])) is not None


def _complete_after(parse: Parse, start: int) -> bool:
    return _complete(parse, start, _run_end(parse, start)) if start < len(parse.words) else False


def named_family(parse: Parse, start: int, end: int) -> str | None:
    """The family of a proper name, by its last head noun; None for texts, offices and single words."""
    plain = [w.bare for w in parse.words[start:end] if w.is_word]
    if len(plain) == 1 and parse.words[start].shouted and _announced(parse, start):
        return "framework"
    if plain[0] in _INTERNATIONAL and not _announced(parse, start):
        return None
    if len(plain) < 2 or plain[-1] in NOT_INITIATIVE or plain[0] in _TITLES:
        return None
    heads = [(i, head_family(tuple(plain[: i + 1]))) for i in range(len(plain))]
    found = [(i, f) for i, f in heads if f is not None and _in_title(parse, start, end, i)]
    first_link = next(
        (i for i, w in enumerate(plain) if w in {"of", "for", "on", "to", "against"}), len(plain)
    )
    before_link = [f for i, f in found if i < first_link]
    chosen = before_link[-1] if before_link else (found[-1][1] if found else None)
    if chosen is None or (
        {"missile", "missiles", "weapons", "nuclear"} & set(plain)
        and plain[-1] in {"programs", "programmes", "program", "programme"}
        and "submarine" not in plain
    ):
        return None
    if any(w in NOT_INITIATIVE for w in plain[max(0, first_link - 1) : first_link]):
        return None
    return None if chosen == "cooperation" and len(plain) < 3 else chosen


def _announced(parse: Parse, start: int) -> bool:
    """ "the announcement of AUKUS": an acronym that a noun brings into being."""
    left = left_of(parse, start, 2)
    return len(left) == 2 and left[1] == "of" and left[0] in EVENT_NOUNS


def _in_title(parse: Parse, start: int, end: int, i: int) -> bool:
    """Whether the i-th word of a name is itself part of the title (capital), or follows a quotation."""
    word = [w for w in parse.words[start:end] if w.is_word][i]
    return word.capital or i == len([w for w in parse.words[start:end] if w.is_word]) - 1


def left_of(parse: Parse, start: int, size: int = 6) -> list[str]:
    """The last few words before a token, lower case."""
    return [w.lower for w in parse.words[max(0, start - size) : start]]
