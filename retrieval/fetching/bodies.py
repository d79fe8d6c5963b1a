"""What is asked for and what comes back, how much of it is allowed, and its bytes, or why they cannot be read. Pure."""

from __future__ import annotations

import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from retrieval.errors import FetchError


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said its page can be known by again.

    Empty for a page that was reached through a redirect: they would be that page's, and another page may
    answer next time.

    Source: RFC 9110, sections 8.8 and 13.
    """

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page or a file.

    Attributes:
        url: As the caller named it.
        final_url: Where it was found, after redirects.
        data: Decompressed; at least one byte.
        content_type: As the server wrote it, lower case, or "".
    """

    url: str
    final_url: str
    data: bytes = field(repr=False)
    content_type: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that the page is what the validators stood for."""

    url: str


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """How much one fetch may take.

    Attributes:
        timeout_s: For the whole of it: names, redirects, retries, every byte.
        max_bytes: Of a page, as sent and as unpacked, each.
        max_redirects: Most redirects that are followed.
        ports: Where pages are published: the two web ports and their registered alternatives (IANA: http-alt,
            https-alt). Any other port of a public machine is another service, or somebody's door.
        attempts: How often one request is sent, where the failure may pass.
        backoff_s: The first pause between two attempts; each next one is twice as long.
        more_types: Media types that are taken beside those of readouts.
        allowed: (address, port) pairs that are fetched although they are not public: for tests, which have
            only this machine. No setting fills it.
    """

    timeout_s: float = 30.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    attempts: int = 3
    backoff_s: float = 0.5
    more_types: frozenset[str] = frozenset()
    allowed: frozenset[tuple[str, int]] = frozenset()


class PassingError(FetchError):
    """May not happen again: worth another try."""

    may_pass = True


class Deadline:
    """When everything has to be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def remaining_s(self) -> float:
        """Seconds left, below 0 when it has passed."""
        return self._end - time.monotonic()

    def left_or(self, late: type[Exception]) -> float:
        """Return the seconds left, or raise `late`."""
        remaining = self.remaining_s
        if remaining <= 0:
            raise late("the deadline has passed")
        return remaining


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# media type -> the extension that says the same; None: the bytes say what they are
_SUFFIXES: dict[str, str | None] = {
    "text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt",
    "text/markdown": ".md", "text/x-markdown": ".md",
    "application/json": ".json", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl",
    "application/pdf": ".pdf", "application/x-pdf": ".pdf", _DOCX: ".docx", "application/msword": ".doc",
    "application/vnd.oasis.opendocument.text": ".odt", "application/epub+zip": ".epub",
    "application/rtf": ".rtf", "text/rtf": ".rtf",
    "application/octet-stream": None, "binary/octet-stream": None, "": None,
}  # fmt: skip
ACCEPT = f"text/html, application/xhtml+xml, application/pdf, {_DOCX}, text/markdown, text/plain, application/json;q=0.9, */*;q=0.1"
_LATIN_1 = {"iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"}
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def media_type(content_type: str) -> str:
    """Return "text/html" for "text/html; charset=utf-8"."""
    return content_type.partition(";")[0].strip().lower()


def charset(content_type: str) -> str | None:
    """Return the encoding that the header names.

    Source: https://encoding.spec.whatwg.org/#names-and-labels — Latin-1 and ASCII are windows-1252 there.
    """
    from email.message import Message

    message = Message()
    message["content-type"] = content_type
    named = message.get_content_charset()
    return "cp1252" if named in _LATIN_1 else named


def suffix_of(content_type: str) -> str | None:
    """Return the extension that files of this type have, or None where the type says nothing."""
    return _SUFFIXES.get(media_type(content_type))


def is_text(content_type: str) -> bool:
    """Whether the header names a type that is letters in an encoding."""
    kind = media_type(content_type)
    return (kind.startswith("text/") and kind != "text/rtf") or kind.endswith(("json", "xml", "jsonl"))


def check_type(url: str, content_type: str, more: Collection[str] = ()) -> None:
    """Let pass what could be a readout, or is of one of the types `more`; what states none is told by its bytes.

    Raises:
        FetchError: It is something else, a picture say.
    """
    kind = media_type(content_type)
    if kind not in _SUFFIXES and kind not in more:
        problem = f'it is "{_shown(kind)}", not a page, a document, text or JSON. Use the address of the text itself.'
        raise FetchError(url, problem)


def unpacked(url: str, pieces: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the body, decompressed; nothing is decompressed beyond `max_bytes`.

    Args:
        encoding: The `Content-Encoding` header: "", "identity", "gzip" or "deflate".

    Raises:
        FetchError: Too large, damaged, in another encoding, or empty.
    """
    match encoding.strip().lower():
        case "" | "identity":
            plain: Iterable[bytes] = pieces
        case "gzip" | "x-gzip" | "deflate":
            plain = _inflated(url, pieces, max_bytes)
        case other:
            raise FetchError(url, f'it is compressed with "{_shown(other)}", which was not asked for.')
    body = bytearray()
    for piece in plain:
        body += piece
        if len(body) > max_bytes:
            raise too_large(url, max_bytes)
    if not body.strip():
        raise FetchError(url, "the page is empty. Open it in a browser to see whether it is there.")
    return bytes(body)


def too_large(url: str, max_bytes: int) -> FetchError:
    """Return the error for what is larger than is read."""
    limit = f"{max_bytes / 1_000_000:g} MB"
    return FetchError(url, f"it is larger than {limit}. Save only the readout's text and ingest the file.")


def _inflated(url: str, pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    stream, first = zlib.decompressobj(_GZIP_OR_ZLIB), True
    for piece in pieces:
        if stream.eof and piece.strip(b"\x00"):
            raise _damaged(url)  # more than one body: half of a text is no text
        waiting = piece
        while waiting:
            try:
                yield stream.decompress(waiting, max_bytes + 1)
            except zlib.error as error:
                if not first:
                    raise _damaged(url) from error
                # "deflate" without its header, as some servers send it (RFC 9110, section 8.4.1.2)
                stream, first = zlib.decompressobj(-zlib.MAX_WBITS), False
                continue
            first = False
            waiting = stream.unconsumed_tail
            if stream.eof:
                if stream.unused_data.strip(b"\x00"):
                    raise _damaged(url)
                break
    if not stream.eof:
        raise _damaged(url)


def _shown(word: str) -> str:
    """Return a server's word as it may stand in a message: no control characters, not long."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in word[:60])


def _damaged(url: str) -> FetchError:
    return FetchError(url, "what the server sent is damaged or cut short. Try again later.")
