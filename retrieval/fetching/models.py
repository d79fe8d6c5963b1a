"""What is asked for, what comes back, and how much is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field


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
