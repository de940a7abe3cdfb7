"""Events to the parent, and the settings it gave."""

import json
import os
import threading
import traceback

_lock = threading.Lock()
_out = 1


def take_settings(environ):
    """Reads and removes our variables: nothing that mlx_lm starts shall inherit the token."""
    return {
        "token": environ.pop("MLXK_ENGINE_TOKEN", ""),
        "context": int(environ.pop("MLXK_ENGINE_CONTEXT", "0") or 0),
        "stats_s": float(environ.pop("MLXK_ENGINE_STATS_S", "0") or 0),
        "safe_memory": environ.pop("MLXK_ENGINE_SAFE_MEMORY", "") == "1",
        "cache_bytes": int(environ.pop("MLXK_ENGINE_CACHE_BYTES", "-1") or -1),
        "without": frozenset(name.strip() for name in environ.pop("MLXK_ENGINE_WITHOUT", "").split(",") if name.strip()),
    }


def claim_stdout():
    """Keeps stdout for events; what libraries print there goes to stderr instead."""
    global _out
    _out = os.dup(1)
    os.dup2(2, 1)


def emit(event, **data):
    line = (json.dumps({"event": event, **data}, separators=(",", ":")) + "\n").encode()
    with _lock:
        try:
            while line:
                line = line[os.write(_out, line) :]
        except OSError:
            pass  # The parent is gone; the stdin watch ends us.


def describe(error):
    text = str(error).strip()
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:2000]


def die(code, event, error):
    """Says why and ends the process at once: a thread that cannot be joined must not keep it."""
    try:
        traceback.print_exception(type(error), error, error.__traceback__)
    finally:
        emit(event, error=describe(error))
        os._exit(code)


class Refusal(RuntimeError):
    """A load that we refuse, with a code for the parent."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
