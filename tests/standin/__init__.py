"""A Discord on this machine, for tests: real HTTP and websockets, Discord's limits, deadlines and errors.

`server.StandIn` is the whole of it; `process.BotProcess` starts the bot against it by its documented command.
Nothing here knows Rapporteur: it speaks the protocol, and refuses what Discord would refuse.
"""

from tests.standin.server import StandIn

__all__ = ["StandIn"]
