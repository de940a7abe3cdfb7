"""Runs one command and ends it when our stdin ends: an installer must not go on after the program that asked for it.

Run as: python -I supervise.py COMMAND [ARGUMENT...]. Its output is ours, its exit code too.
"""

import os
import subprocess
import sys
import threading

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)


def _watch_parent():
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    child.kill()
    os._exit(137)


threading.Thread(target=_watch_parent, daemon=True).start()
code = child.wait()
os._exit(code if code >= 0 else 128 - code)
