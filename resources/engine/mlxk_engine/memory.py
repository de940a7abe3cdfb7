"""What concerns mlx itself: versions, memory, and the compiler."""

import os
import platform
import threading

from .protocol import emit


def report_versions(server, mx):
    info = mx.device_info()
    emit(
        "imported",
        mlx=getattr(mx, "__version__", None),
        mlx_lm=getattr(server, "__version__", None),
        python=platform.python_version(),
        device=str(mx.default_device()),
        memory=info.get("memory_size"),
        working_set=info.get("max_recommended_working_set_size"),
    )


def avoid_compiler(mx):
    """On a CPU mx.compile runs g++ at the first use of each fused kernel: seconds of waiting inside the first answer, and shared
    objects in the temporary folder that are loaded from there. Without it the same kernels run unfused."""
    if mx.default_device().type == mx.DeviceType.cpu:
        mx.disable_compile()


def never_wire(mx, wanted):
    """Wired memory is what Macs panic over (mlx-lm issues 883 and 1666); mlx_lm wires all that Metal recommends, at two places."""
    if wanted:
        mx.set_wired_limit  # noqa: B018 (a version without it needs no patch, and says so)
        mx.set_wired_limit = lambda limit: 0


def limit_cache(mx, limit):
    """mlx keeps freed memory up to its own limit, which is nearly all of the machine's."""
    if limit >= 0:
        mx.set_cache_limit(limit)


def report_memory(mx, seconds):
    if seconds <= 0:
        return
    read = (mx.get_active_memory, mx.get_cache_memory, mx.get_peak_memory)

    def report():
        last = None
        while True:
            active, cache, peak = (get() for get in read)
            if (active, cache) != last:
                last = (active, cache)
                emit("stats", active=active, cache=cache, peak=peak, pid=os.getpid())
            wake.wait(seconds)

    wake = threading.Event()
    threading.Thread(target=report, name="mlxk-stats", daemon=True).start()
