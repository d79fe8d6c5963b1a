"""What Alembic runs to carry out the history: in the transaction that `upgrade` was given, all of it or nothing."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
