"""Points discord.py at the stand-in before the bot imports it; the bot itself stays untouched.

Python imports a module of this name by itself at start when its folder is on PYTHONPATH.
"""

import importlib.abc
import importlib.machinery
import os
import sys


def _reach(module):  # type: ignore[no-untyped-def]
    """Let pages on this machine be fetched, where a test serves some (STANDIN_SITE is its port)."""
    if site := os.environ.get("STANDIN_SITE"):
        made = module.FetchPolicy.__init__
        made.__defaults__ = (*made.__defaults__[:-1], frozenset({("127.0.0.1", int(site))}))


def _hurry(module):  # type: ignore[no-untyped-def]
    """Look at watched pages more often than anybody's patience takes."""
    import retrieval.watching.politeness as politeness

    politeness._PAUSE_S = 0.05
    module._LOOKED_AT_EVERY_S = 0.2
    module.WatchingCog._tell.change_interval(seconds=0.2)


_HASTE = {"retrieval.fetching.bodies": _reach, "bot.discord.cogs.watching": _hurry}


class _Pointer(importlib.abc.MetaPathFinder):
    """Loads discord.py's modules as usual, then writes the stand-in's addresses into them."""

    def find_spec(self, name, path, target=None):  # type: ignore[no-untyped-def]
        if name not in {"discord.http", "discord.gateway", *_HASTE}:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):  # type: ignore[no-untyped-def]
            load(module)
            if name in _HASTE:
                _HASTE[name](module)
            elif name == "discord.http":
                module.Route.BASE = os.environ["STANDIN_URL"]
            else:
                import yarl

                module.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["STANDIN_GATEWAY"])

        spec.loader.exec_module = exec_module
        return spec


if "STANDIN_URL" in os.environ:
    sys.meta_path.insert(0, _Pointer())
