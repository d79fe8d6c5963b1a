"""The text of an address -> what to connect to and ask for, or why not; a name -> addresses, every one checked.

One parser reads an address, and the request is built from what it read, so nothing downstream can read it
differently. What browsers would repair (backslashes, line breaks, numbers in other spellings) is refused.
"""

from __future__ import annotations

import re
import socket
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from urllib.parse import quote, unquote, urlsplit

from retrieval.errors import AddressRefusedError
from retrieval.fetching.bodies import FetchPolicy, PassingError

Address = IPv4Address | IPv6Address

# The first that holds an address names it. Source: IANA's registries of special-purpose addresses (RFC 6890 and
# its updates); Python's `is_global` differs between its own versions and calls multicast global.
_SPECIAL = tuple(
    (ip_network(network), kind)
    for kind, networks in (
        ("a cloud metadata", "100.100.100.200/32 168.63.129.16/32 169.254.169.254/32 fd00:ec2::254/128"),
        ("an unspecified", "0.0.0.0/8 ::/128"),
        ("a private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"),
        ("a carrier's", "100.64.0.0/10"),
        ("a loopback", "127.0.0.0/8 ::1/128"),
        ("a link-local", "169.254.0.0/16 fe80::/10"),
        ("a documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
        ("a 6to4 relay", "192.88.99.0/24"),
        ("a benchmarking", "198.18.0.0/15 2001:2::/48"),
        ("a multicast", "224.0.0.0/4 ff00::/8"),
        ("an IPv4-mapped", "::ffff:0:0/96"),
        ("an IPv4-compatible", "::/96"),
        ("a NAT64", "64:ff9b::/96 64:ff9b:1::/48"),
        ("a discard-only", "100::/64"),
        ("a Teredo", "2001::/32"),
        ("a 6to4", "2002::/16"),
        ("a segment routing", "5f00::/16"),
        ("a site-local", "fec0::/10"),
        ("a reserved", "192.0.0.0/24 240.0.0.0/4 2001::/23"),
    )
    for network in networks.split()
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 that is given out


def not_public(address: Address) -> str | None:
    """Return what kind of address this is, with its article ("a private"), or None for a public one.

    Addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) are refused whatever it is: no
    page is published under one.
    """
    for network, kind in _SPECIAL:
        if address.version == network.version and address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "a reserved"
    return None if address.is_global else "a reserved"


_PORTS = {"http": 80, "https": 443}
_MAX_CHARS = 2_000
_LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain", "onion")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_DOTTED = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}")
_LOOKALIKES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
_PATH_SAFE = "/:@!$&'()*+,;=-._~%"  # RFC 3986: pchar; "%" because what is escaped stays so
_UNSAFE_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class Target:
    """An address that can be asked for.

    Attributes:
        host: A name as DNS has it (lower case, IDNA), or an IP address; no brackets, no trailing dot.
        address: The host, where it is an IP address.
        path: What the request line asks for: path and query, in ASCII.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """The host as the `Host` header has it: the port only where it is not the scheme's."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address written out, without what comes after "#"."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_url(url: str) -> Target:
    """Return what `url` asks for.

    Raises:
        AddressRefusedError: It is not one that is fetched.
    """
    _check_characters(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        problem = f"this is not an address ({error}). Check how it is written."
        raise AddressRefusedError(url, problem) from error
    if parts.scheme not in _PORTS:
        raise AddressRefusedError(url, "only http:// and https:// are fetched. Save the file and ingest it.")
    if "@" in parts.netloc:
        shown = url.replace(parts.netloc, parts.netloc.rpartition("@")[2], 1)
        problem = "it has a user name or password before the host. Take everything up to the @ away."
        raise AddressRefusedError(shown, problem)
    host, address = _host(url, parts.netloc)
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_PATH_SAFE + '?[]')}" if parts.query else ""
    chosen = _PORTS[parts.scheme] if port is None else port
    return Target(parts.scheme, host, chosen, path + query, address)


def name_of(url: str) -> str:
    """Return the last segment of the path as the name of a file, or the host where there is no path.

    Of an address that cannot be read, "page".
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "page"
    segments = [segment for segment in parts.path.split("/") if segment]
    name = unquote(segments[-1]) if segments else ""
    visible = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    safe = _UNSAFE_IN_NAMES.sub("-", visible).strip(". -")
    return safe or (parts.hostname or "page")


def _check_characters(url: str) -> None:
    if len(url) > _MAX_CHARS:
        shown = f"{url[:60]}…"
        raise AddressRefusedError(shown, f"it is longer than {_MAX_CHARS:,} characters. Use a shorter link.")
    for character in url:
        if character == "\\" or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}:
            shown = "".join(c if c.isprintable() else "\ufffd" for c in url)
            named = "a backslash" if character == "\\" else f"the character U+{ord(character):04X}"
            raise AddressRefusedError(shown, f"it holds {named}, which no address does. Copy it again.")


def _host(url: str, netloc: str) -> tuple[str, Address | None]:
    if netloc.startswith("["):
        return _ipv6(url, netloc[1 : netloc.index("]")])
    written = netloc.partition(":")[0]
    if "%" in written or not written:
        raise AddressRefusedError(url, "its host is missing or written with %. Write the host as it is.")
    name = _mapped(url, written).removesuffix(".")
    if name.endswith("."):
        raise _no_name(url)
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _ipv4(url, name)
    return _name(url, name), None


def _ipv6(url: str, written: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(written)
    except ValueError as error:
        raise AddressRefusedError(url, f"[{written}] is not an IPv6 address. Use the host's name.") from error
    if address.scope_id is not None:
        raise AddressRefusedError(url, "an address with a zone (%) is on this machine's own network.")
    return str(address), address


def _ipv4(url: str, written: str) -> tuple[str, Address]:
    """Read four decimal numbers; 127.1, 0x7f.1, 017700000001 and 2130706433 are one address to some readers."""
    try:
        if not _DOTTED.fullmatch(written):
            raise ValueError("not in four decimal numbers")
        address = IPv4Address(written)
    except ValueError as error:
        problem = "its host is a number in an unusual spelling. Use the host's name, or four decimal numbers."
        raise AddressRefusedError(url, problem) from error
    return str(address), address


def _mapped(url: str, written: str) -> str:
    """Return the host as DNS would compare it: full-width, circled and other forms made plain."""
    import idna

    try:
        return idna.uts46_remap(written, std3_rules=True, transitional=False)
    except idna.IDNAError as error:
        raise _no_name(url) from error


def _name(url: str, name: str) -> str:
    import idna

    try:
        encoded = idna.encode(name, std3_rules=True).decode("ascii").lower()
        shown = idna.decode(encoded)
    except (idna.IDNAError, UnicodeError) as error:
        raise _no_name(url) from error
    if "." not in encoded or encoded.endswith(tuple(f".{local}" for local in _LOCAL_NAMES)):
        problem = f'"{shown}" is a name of a private network. Only public pages are fetched.'
        raise AddressRefusedError(url, problem)
    if any(_mixes_alphabets(label) for label in shown.split(".")):
        problem = (
            f'its host ("{encoded}") mixes letters of alphabets that look alike. Type the name yourself.'
        )
        raise AddressRefusedError(url, problem)
    return encoded


def _mixes_alphabets(label: str) -> bool:
    scripts = {unicodedata.name(c, "").split(" ")[0] for c in label if c.isalpha()}
    return len(scripts & set(_LOOKALIKES)) > 1


def _no_name(url: str) -> AddressRefusedError:
    return AddressRefusedError(url, "its host is not a name that can be looked up. Check how it is written.")


Resolver = Callable[[str, int], Sequence[str]]
"""A name and a port -> IP addresses as text, the one to try first at the front. Raises OSError."""

_MOST_TRIED = 4


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def checked_addresses(
    url: str, target: Target, policy: FetchPolicy, resolver: Resolver, timeout_s: float
) -> tuple[str, ...]:
    """Return the addresses to connect to, first choice first, at most four.

    One answer that is not public refuses them all: a name that leads both outside and inside is an attempt
    to get in.

    Args:
        url: What errors name.

    Raises:
        AddressRefusedError: The port or an address is not one that is fetched.
        FetchError: The name is not known, or nobody answered in time.
    """
    exempt = {address for address, port in policy.allowed if port == target.port}
    if target.port not in policy.ports and not exempt:
        ports = ", ".join(str(port) for port in sorted(policy.ports))
        raise AddressRefusedError(url, f"port {target.port} is not fetched from; only {ports} are.")
    if target.address is not None:
        answers: Sequence[str] = (target.host,)
    else:
        answers = _ask(url, target, resolver, timeout_s)
    for answer in answers:
        _check(url, target, answer, exempt)
    return tuple(answers[:_MOST_TRIED])


def _check(url: str, target: Target, answer: str, exempt: set[str]) -> None:
    if answer in exempt:
        return
    try:
        kind = "a link-local" if "%" in answer else not_public(ip_address(answer))
    except ValueError:
        kind = "an unreadable"
    if kind is not None:
        subject = f"{target.host} is" if target.address is not None else f'the name "{target.host}" leads to'
        raise AddressRefusedError(url, f"{subject} {kind} address. Only pages on the public web are fetched.")


def _ask(url: str, target: Target, resolver: Resolver, timeout_s: float) -> Sequence[str]:
    """Ask on a thread of its own: the operating system's resolver knows no deadline."""
    answer: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(resolver(target.host, target.port))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answer.get(timeout=max(timeout_s, 0))
    except Empty:
        raise PassingError(url, f'nobody said in time where "{target.host}" is. Try again later.') from None
    if isinstance(found, OSError | UnicodeError) or not found:  # a name server may be out of order
        problem = f'the name "{target.host}" is not known. Check how it is written, and the connection.'
        raise PassingError(url, problem) from (found if isinstance(found, Exception) else None)
    if isinstance(found, Exception):
        raise found
    return found
