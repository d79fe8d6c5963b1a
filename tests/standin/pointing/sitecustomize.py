"""Points discord.py at the stand-in before the bot imports it; the bot itself stays untouched.

Python imports a module of this name by itself at start when its folder is on PYTHONPATH.
"""

import importlib.abc
import importlib.machinery
import os
import sys


class _Pointer(importlib.abc.MetaPathFinder):
    """Loads discord.py's modules as usual, then writes the stand-in's addresses into them."""

    def find_spec(self, name, path, target=None):  # type: ignore[no-untyped-def]
        if name not in {"discord.http", "discord.gateway"}:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):  # type: ignore[no-untyped-def]
            load(module)
            if name == "discord.http":
                module.Route.BASE = os.environ["STANDIN_URL"]
            else:
                import yarl

                module.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["STANDIN_GATEWAY"])

        spec.loader.exec_module = exec_module
        return spec


if "STANDIN_URL" in os.environ:
    sys.meta_path.insert(0, _Pointer())
