"""Counts work where it is done, in the generation thread, and tells the parent that it goes on."""

import threading
import time

from .protocol import emit

_EVERY_S = 1.0


class Work:
    def __init__(self):
        self._lock = threading.Lock()
        self.in_flight = 0
        self.prompt_tokens = 0
        self.tokens = 0
        self._read = {}

    def enter(self):
        with self._lock:
            self.in_flight += 1

    def leave(self):
        with self._lock:
            self.in_flight -= 1

    def count_prompt(self, request, done, ended):
        """`done` tokens of one prompt have been read by now."""
        self.prompt_tokens += max(0, done - self._read.get(request, 0))
        if ended:
            self._read.pop(request, None)
        else:
            self._read[request] = done
            if len(self._read) > 10_000:  # Prompts that were cancelled.
                self._read.clear()

    def figures(self):
        return {"in_flight": self.in_flight, "prompt_tokens": self.prompt_tokens, "tokens": self.tokens}


def _count_batches(server, work):
    following = server.BatchGenerator.next

    def next_step(self, *rest, **more):
        prompts, tokens = following(self, *rest, **more)
        work.tokens += len(tokens)
        for one in prompts:
            work.count_prompt((id(self), one.uid), one.progress[0], one.end_of_prompt)
        return prompts, tokens

    server.BatchGenerator.next = next_step


def _count_single(server, work):
    stream = server.stream_generate

    def stream_generate(*rest, prompt_progress_callback=None, **more):
        request = object()

        def progress(done, total):
            work.count_prompt(request, done, done >= total)
            if prompt_progress_callback is not None:
                prompt_progress_callback(done, total)

        for response in stream(*rest, prompt_progress_callback=progress, **more):
            work.tokens += 1
            yield response

    server.stream_generate = stream_generate


def report_work(server, work):
    _count_single(server, work)
    _count_batches(server, work)

    def report():
        last = work.figures()
        while True:
            time.sleep(_EVERY_S)
            now = work.figures()
            if now != last:
                last = now
                emit("progress", **now)

    threading.Thread(target=report, name="mlxk-progress", daemon=True).start()
