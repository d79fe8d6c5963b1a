"""An e-mail (.eml) -> the lines of its text; subject, date and sender say what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.formats.html import read_html
from retrieval.sources.formats.markdown import read_plain
from retrieval.sources.lines import Extracted, collapse

_NO_TEXT = "the e-mail has no text of its own. Save what is attached to it, and ingest that."
_DAMAGED = "the e-mail is damaged and cannot be read. Save its text in a file of its own."


def read_mail(data: bytes) -> Extracted:
    """Return the text of an e-mail; what is attached to it is left out by its names.

    Raises:
        SourceError: It has no text, or cannot be read.
    """
    try:
        message = message_from_bytes(data, EmailMessage, policy=default)
        body = message.get_body(("html", "plain"))
        text = None if body is None else body.get_content()
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, KeyError) as error:
        raise SourceError("", _DAMAGED) from error
    if body is None or not isinstance(text, str) or not text.strip():
        raise SourceError("", _NO_TEXT)
    is_page = body.get_content_type() == "text/html"
    found = read_html(text) if is_page else Extracted(read_plain(text), source=text)
    return replace(
        found,
        title=collapse(str(message.get("Subject", ""))) or found.title,
        date=_date(message) or found.date,
        issuer=parseaddr(str(message.get("From", "")))[0] or found.issuer,
        left_out=(*found.left_out, *_attached(message)),
    )


def _date(message: EmailMessage) -> str | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).date().isoformat()
    except (TypeError, ValueError):
        return None


def _attached(message: EmailMessage) -> Iterator[LeftOut]:
    for part in message.iter_attachments():
        yield LeftOut("attachment", part.get_filename() or part.get_content_type())
