# `scan_cache_dir` of huggingface_hub inside one process: `scan.py HUB`. A line on stdin is one run; answers milliseconds.
import json
import sys
import time

from huggingface_hub import scan_cache_dir

for _task in sys.stdin:
    started = time.perf_counter()
    count = len(scan_cache_dir(sys.argv[1]).repos)
    print(json.dumps({"milliseconds": (time.perf_counter() - started) * 1000, "count": count}), flush=True)
