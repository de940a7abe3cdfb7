"""Tells the parent how loading goes, and refuses models that bring code."""

import glob
import json
import os
import threading
import time

from . import checks
from .protocol import Refusal, describe, emit
from .reading import find_reader


def weight_bytes(model_path):
    try:
        return sum(os.path.getsize(path) for path in glob.glob(os.path.join(glob.escape(model_path), "model*.safetensors")))
    except OSError:
        return 0


def refuse_custom_code(model_path):
    """A config's `model_file` names Python that loading would run (CVE-2026-5843)."""
    path = os.path.join(model_path, "config.json")
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if isinstance(config, dict) and config.get("model_file") is not None:
        raise Refusal("custom_code", "The model's config.json names a model_file, Python code that loading would run.")


def _report(stop, total, read):
    before, last = read(), 0
    while not stop.wait(0.2):
        done = max(last, min(read() - before, total))
        if done != last:
            last = done
            emit("loading", done=done, total=total)


def wrap_load(server, mx, state):
    provider = server.ModelProvider
    original = provider._load
    active_memory = getattr(mx, "get_active_memory", lambda: 0)

    def _load(self, model_path, *rest, **more):
        total = weight_bytes(model_path)
        emit("loading", done=0, total=total)
        stop = threading.Event()
        reporter = threading.Thread(target=_report, args=(stop, total, find_reader(active_memory)), name="mlxk-loading", daemon=True)
        started = time.monotonic()
        reporter.start()
        try:
            # The parent gives this flag only for a revision whose code the user has seen and trusted.
            if not getattr(getattr(self, "cli_args", None), "trust_remote_code", False):
                refuse_custom_code(model_path)
            original(self, model_path, *rest, **more)
        except BaseException as error:
            code = error.code if isinstance(error, Refusal) else "failed"
            emit("load_failed", code=code, error=describe(error))
            raise
        finally:
            stop.set()
            reporter.join()
        state["vocabulary"] = checks.vocabulary_size(model_path, self.tokenizer)
        emit(
            "loaded",
            seconds=round(time.monotonic() - started, 3),
            bytes=active_memory(),
            batchable=bool(getattr(self, "is_batchable", False)),
        )

    provider._load = _load
