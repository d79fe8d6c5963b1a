"""What CI runs on one Python, on every Python that is here: `nox`; with coverage: `nox -s coverage`."""

from __future__ import annotations

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "uv|virtualenv"


def _install(session: nox.Session) -> None:
    # the versions in constraints.txt are those of CI's Python; another one takes the newest in bounds
    session.install("--editable", ".[test]")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The default tests; `nox -- -m servers -n 0` runs others."""
    _install(session)
    session.run("pytest", "--quiet", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """All tests but those of servers, with the lines and branches they ran; fails below the floor in pyproject.toml."""
    _install(session)
    session.install("pytest-cov>=6,<8")
    selected = session.posargs or ("-m", "not servers")
    session.run("pytest", "--quiet", "--cov", "--cov-report=term:skip-covered", *selected)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and types."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
