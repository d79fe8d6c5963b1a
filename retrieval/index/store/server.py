"""Chroma as a server of one's own (`chroma run`), over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from retrieval.errors import SettingsError
from retrieval.index.store.collections import translated
from retrieval.index.store.remote import CONNECT_TIMEOUT_S, RemoteStore

if TYPE_CHECKING:
    from chromadb.api.client import Client

_PORTS = {"http": 8000, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Chroma server is.

    Attributes:
        token: Sent as `Authorization: Bearer …`, for a proxy before the server.
    """

    scheme: str
    host: str
    port: int
    token: SecretStr | None = None

    @classmethod
    def parse(cls, url: str, token: SecretStr | None = None) -> Self:
        """Read `http://host:port`; without a port, 8000 for http and 443 for https.

        Raises:
            SettingsError: It is no such address.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or not plain:
            raise SettingsError(
                'RETRIEVAL_STORE: this is no address of a Chroma server. Write "embedded", "cloud", or '
                "http://host:port without a path; a token goes into RETRIEVAL_STORE_TOKEN."
            )
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], token)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with every request."""
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}


class ServerStore(RemoteStore):
    """A generation of collections on a Chroma server.

    Raises:
        StoreError: The server cannot be reached.
    """

    def __init__(self, address: Address, ledger_id: str, generation: str) -> None:
        import chromadb
        from chromadb.config import Settings

        with translated(str(address), "reached", address.token):
            _listen(address)
            client = cast(
                "Client",  # typed as the part that synchronous and asynchronous clients share
                chromadb.HttpClient(
                    # all of it: from the name alone chromadb makes no address of an IPv6 one
                    host=str(address),
                    port=address.port,
                    ssl=address.scheme == "https",
                    headers=address.headers,
                    settings=Settings(anonymized_telemetry=False),
                ),
            )
        super().__init__(client, str(address), ledger_id, generation, address.token)


def _listen(address: Address) -> None:
    """Hear the server's heart: making a client asks it something too, and would wait for ever."""
    import httpx

    answer = httpx.get(
        f"{address}/api/v2/heartbeat",
        headers=address.headers,
        timeout=CONNECT_TIMEOUT_S,
        follow_redirects=False,  # the token goes nowhere else
    )
    answer.raise_for_status()
