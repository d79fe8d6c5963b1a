"""The subcommands that let other programs and browsers read: serve, mcp."""

from __future__ import annotations

import importlib.util
import socket

import click

from bot.cli.options import Command, CommonOptions, phrases


def _needs(extra: str, package: str) -> None:
    from retrieval.errors import SettingsError

    if importlib.util.find_spec(package) is None:
        raise SettingsError(
            f'What "rapporteur {extra}" needs is not installed. Run: pip install "rapporteur[{extra}]" (from a clone: '
            f'pip install ".[{extra}]").'
        )


def _say(what: str, listening: socket.socket, path: str) -> None:
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    click.echo(f"{what} at http://{name}:{port}{path}  (Ctrl-C ends it)", err=True)


@click.command(cls=Command)
@click.option(
    "--http",
    "address",
    default="127.0.0.1:8080",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen.",
)
def serve(options: CommonOptions, address: str) -> None:
    """Serve the shared readouts over HTTP: a reading room for people, an API for programs.

    Only reads, beside a running bot; what an ingest commits is served at once. An address that other machines reach
    needs SERVE_TOKENS. The API is described at /openapi.json.
    """
    _needs("serve", "fastapi")
    from bot.web.app import build_app
    from bot.web.http_access import listen, load_web_settings, run_server

    settings = load_web_settings()
    with options.ready_services("serve", reading=True) as built, options.monitored(built):
        app = build_app(built, settings, phrases())
        with listen(address, settings) as listening:
            _say("Reading room", listening, "/")
            run_server(app, listening)


@click.command(cls=Command)
@click.option("--http", "address", metavar="HOST:PORT", help="Listen here instead, at the path /mcp.")
def mcp(options: CommonOptions, address: str | None) -> None:
    """Offer the shared readouts to a program that speaks the Model Context Protocol, on standard input and output.

    Tools: ask, search, paragraph, documents, initiatives, compare, check. Only reads, beside a running bot.

    \b
    For a client that starts it by itself:
      {"mcpServers": {"rapporteur": {"command": "rapporteur", "args": ["mcp"]}}}
    """
    _needs("mcp", "mcp")
    from bot.mcp_server import build_server

    with options.ready_services("mcp", quiet=True, reading=True) as built:
        if address is None:
            build_server(built).run()
            return
        from mcp.server.transport_security import TransportSecuritySettings

        from bot.web.http_access import Guard, listen, load_web_settings, run_server

        settings = load_web_settings()
        server = build_server(built, settings.concurrent_questions)
        with options.monitored(built), listen(address, settings) as listening:
            _say("Model Context Protocol", listening, "/mcp")
            # hosts are checked by the guard, for both servers alike
            unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
            app = server.streamable_http_app(transport_security=unchecked)
            run_server(Guard(app, settings, built.settings.reading_room_url), listening)


COMMANDS = (serve, mcp)
