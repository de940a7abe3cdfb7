"""Starts mlx_lm's server so that it can be supervised.

Run as: python -I -u launcher.py <arguments of mlx_lm.server>. The parent holds our stdin open: its end is our end.
Events are JSON lines on stdout, one object each, with an "event" key; everything else that is printed goes to stderr.
Settings come in the environment, never in the arguments, which other users of the machine can read:
  MLXK_ENGINE_TOKEN    requests without it in X-Engine-Token get 401
  MLXK_ENGINE_CONTEXT  context length in tokens, enforced exactly
  MLXK_ENGINE_STATS_S  seconds between memory reports, 0 for none
Exit codes: 0 the parent is gone, 70 the generation thread died, 71 the server could not start.
"""

import os
import sys
import threading


def _watch_parent():
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    os._exit(0)


# Before any other import: importing mlx takes seconds, and the parent may die in them.
threading.Thread(target=_watch_parent, name="mlxk-parent", daemon=True).start()

# Our modules lie in an application's folder that is not ours to write into.
_write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mlxk_engine import patches, protocol  # noqa: E402

sys.path.pop(0)
sys.dont_write_bytecode = _write_bytecode


def main():
    settings = protocol.take_settings(os.environ)
    protocol.claim_stdout()
    sys.excepthook = lambda kind, error, trace: protocol.die(71, "fatal", error)
    patches.before_import(settings)
    from mlx_lm import server

    patches.after_import(server, settings)
    sys.argv = ["mlx_lm.server", *sys.argv[1:]]
    server.main()


if __name__ == "__main__":
    main()
