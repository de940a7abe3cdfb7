"""The port without a patch: chosen beforehand, and told once something answers there."""

import socket
import threading
import time

from .protocol import emit


def choose_and_watch(arguments):
    """Replaces `--port 0`, whose outcome only the server would know, and reports `listening` when it does."""
    places = [index for index, word in enumerate(arguments) if word == "--port"]
    if not places or arguments[places[-1] + 1] != "0":
        return arguments
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threading.Thread(target=_report, args=(port,), name="mlxk-port", daemon=True).start()
    chosen = list(arguments)
    chosen[places[-1] + 1] = str(port)
    return chosen


def _report(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        emit("listening", port=port)
        return
