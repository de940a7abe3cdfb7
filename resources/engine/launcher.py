"""Starts mlx_lm's server so that it can be supervised.

Run as: python -I -u launcher.py <arguments of mlx_lm.server>. The parent holds our stdin open: its end is our end, whatever else works.
What is printed goes to stderr; stdout carries events, one JSON object per line, with an "event" key.

Settings come in the environment, never in the arguments, which other users of the machine can read:
  MLXK_ENGINE_TOKEN        requests without it in X-Engine-Token get 401
  MLXK_ENGINE_CONTEXT      context length in tokens, enforced exactly
  MLXK_ENGINE_STATS_S      seconds between memory reports, 0 for none
  MLXK_ENGINE_SAFE_MEMORY  1: memory is never wired (some Macs panic when it is)
  MLXK_ENGINE_CACHE_BYTES  most memory that is kept after it was freed; not set: mlx decides
  MLXK_ENGINE_WITHOUT      names of patches to leave out, with commas, or "all"

Events, in the order of a life:
  imported     mlx, mlx_lm, python (versions), device, memory, working_set (bytes, on Metal; else null)
  degraded     patch, error: a patch that this mlx_lm has no place for, or that was left out; everything else goes on
  listening    port; may come before or after `loaded`
  loading      done, total: bytes of weights, as they are read
  loaded       seconds, bytes (of memory in use), batchable
  load_failed  code (`custom_code`, else `failed`), error
  progress     in_flight, prompt_tokens, tokens: requests at work, and tokens read and written since the start. At most one a second,
               and only when a number changed: counted where the work is done, so it shows that work goes on
  stats        active, cache, peak (bytes of memory), pid
  engine_died  error; exit code 70 follows
  fatal        error; exit code 71 follows
Exit codes: 0 the parent is gone, 70 the generation thread died, 71 the server could not start.

In an answer, beside mlx_lm's own: every chunk tells the `usage` so far, and a stream that has had nothing to say for a second (a tool
call that is being written, a long character) gets the comment `: tokens N`. What is refused is refused with {"error": "engine:CODE"}
and status 404: see mlxk_engine/checks.py.
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
from mlxk_engine import patches, port, protocol  # noqa: E402

sys.path.pop(0)
sys.dont_write_bytecode = _write_bytecode


def main():
    settings = protocol.take_settings(os.environ)
    protocol.claim_stdout()
    sys.excepthook = lambda kind, error, trace: protocol.die(71, "fatal", error)
    applied = patches.before_import(settings)
    from mlx_lm import server

    patches.after_import(server, settings)
    arguments = sys.argv[1:]
    if "listening" not in applied:
        arguments = port.choose_and_watch(arguments)
    sys.argv = ["mlx_lm.server", *arguments]
    server.main()


if __name__ == "__main__":
    main()
