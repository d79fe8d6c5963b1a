"""A web server on loopback that says exactly the bytes it is told to, and remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Self

Reply = bytes | Iterable[bytes] | Callable[[str], bytes]
"""Bytes, pieces sent one after the other, or what makes them of the request."""


def answer(body: bytes = b"", status: str = "200 OK", *, length: bool = True, **headers: str) -> bytes:
    """Return a whole answer; `content_type="…"` becomes a header."""
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def page(text: str = "1. The ferry opens in May.", **headers: str) -> bytes:
    return answer(text.encode(), **{"content_type": "text/plain; charset=utf-8", **headers})


def redirect(to: str, status: str = "302 Found") -> bytes:
    return answer(status=status, location=to)


class Site:
    """Serves until it is closed, one connection after the other.

    Attributes:
        replies: Path -> what is answered; a list is answered one by one, its last again and again.
        asked: Every request as it came, headers and all.
        server_names: What each TLS handshake asked for.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.replies: dict[str, Reply | list[bytes]] = {}
        self.asked: list[str] = []
        self.server_names: list[str | None] = []
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> frozenset[tuple[str, int]]:
        return frozenset({("127.0.0.1", self.port)})

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # it hung up, as it should on what is too long
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(65_536)
            if not piece:
                return
            request += piece
            if request.startswith(b"\x16"):  # the handshake of TLS, which this one does not speak
                connection.sendall(answer(status="400 Bad Request"))
                return
        self.asked.append(request.decode("latin-1"))
        reply = self._reply(self.paths[-1])
        for piece in [reply] if isinstance(reply, bytes) else reply:
            connection.sendall(piece)
        if self._tls is not None:
            connection.close()

    def _reply(self, path: str) -> bytes | Iterable[bytes]:
        reply = self.replies.get(path, answer(status="404 Not Found"))
        if isinstance(reply, list):
            return reply.pop(0) if len(reply) > 1 else reply[0]
        return reply(self.asked[-1]) if callable(reply) else reply


def names(table: Mapping[str, list[str]]) -> Callable[[str, int], list[str]]:
    """Return a resolver that knows `table`; `asked` on it counts."""

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return table[host]

    asked: list[str] = []
    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve
