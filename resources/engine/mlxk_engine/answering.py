"""Follows each request in the thread that answers it: what it has cost so far, signs of life, and the client that leaves."""

import queue
import select
import socket
import threading
import time

# A thread serves one request at a time, from its prompt to its last chunk.
_current = threading.local()
# Seconds of silence after which a stream shows that it is still at work.
_QUIET_S = 1.0
_LOOK_S = 0.1


def _follow(handler):
    _current.handler = handler
    _current.context = None
    _current.completion = 0
    _current.written = _current.looked = time.monotonic()


def follow_requests(server, work):
    """Counts what each request generates. Between two chunks that are more than a second apart (a tool call, which mlx_lm sends whole)
    it writes a comment, which is also how a client that left is noticed. mlx_lm itself stops only work whose stream it was writing."""
    handle, generate = server.APIHandler.handle_completion, server.ResponseGenerator.generate

    def handle_completion(self, *rest, **more):
        _follow(self)
        work.enter()
        try:
            return handle(self, *rest, **more)
        finally:
            work.leave()
            if _current.context is not None:
                _current.context.stop()
            _current.handler = _current.context = None

    def counted(tokens):
        for token in tokens:
            _current.completion += 1
            handler, now = _current.handler, time.monotonic()
            if handler is not None and handler.stream and now - _current.written > _QUIET_S:
                _current.written = now
                handler.wfile.write(f": tokens {_current.completion}\n\n".encode())
                handler.wfile.flush()
            yield token

    def _generate(self, *rest, **more):
        context, tokens = generate(self, *rest, **more)
        _current.context = context
        return context, counted(tokens)

    server.APIHandler.handle_completion = handle_completion
    server.ResponseGenerator.generate = _generate


def _must_follow(server):
    if server.APIHandler.handle_completion.__module__ != __name__:
        raise AttributeError("it needs the patch `requests`")


def tell_usage_early(server):
    """Every chunk of a stream tells the usage so far: mlx_lm tells it once, after the last token, and a reader that cuts the answer at
    a stop text never gets there. Chunks cannot be counted instead, since a token without visible text has none."""
    _must_follow(server)
    respond = server.APIHandler.generate_response
    fields = server.GenerationContext.__dataclass_fields__
    if "prompt" not in fields or "prompt_cache_count" not in fields:
        raise AttributeError("GenerationContext has no prompt or prompt_cache_count")

    def _respond(self, *rest, **more):
        response = respond(self, *rest, **more)
        context = _current.context
        _current.written = time.monotonic()
        if self.stream and context is not None:
            prompt, completion = len(context.prompt), _current.completion
            response["usage"] = {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            }
            if context.prompt_cache_count >= 0:
                response["usage"]["prompt_tokens_details"] = {"cached_tokens": context.prompt_cache_count}
        return response

    server.APIHandler.generate_response = _respond


def _has_left(connection):
    """True when the other side closed its end; bytes that it sent are left unread."""
    look = select.poll()
    look.register(connection, select.POLLIN)
    if not look.poll(0):
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class _Cancelled(Exception):
    pass


def notice_leaving(server):
    """Ends the work of a client that left wherever it is: in the queue, while its prompt is read on the path for single requests, in
    a tool call, and in answers that are not streamed. mlx_lm notices only a write that fails."""
    _must_follow(server)
    single = server.ResponseGenerator._serve_single
    server.ResponseGenerator._await_response  # noqa: B018 (a version without it cannot be patched here, and says so)
    is_context = server.GenerationContext

    class RequestQueue(queue.Queue):
        """What the generation thread tells one request."""

        context = None
        abandoned = False
        is_single = False

        def abandon(self):
            self.abandoned = True
            if self.context is not None:
                self.context.stop()

        def put(self, item, *rest, **more):
            if isinstance(item, is_context):
                self.context = item
                if self.abandoned:
                    item.stop()
            elif self.is_single and type(item) is tuple and self.context is not None and self.context._should_stop:
                # Only there: mlx_lm catches what goes wrong with a single request, and a batch is everybody's.
                raise _Cancelled("the client left while its prompt was read")
            super().put(item, *rest, **more)

    def _await_response(self, responses):
        while True:
            item, nothing = None, False
            try:
                item = responses.get(timeout=_LOOK_S)
            except queue.Empty:
                nothing = True
                if not self.generation_available():
                    raise RuntimeError("generation thread died") from None
            handler, now = getattr(_current, "handler", None), time.monotonic()
            if handler is not None and now - _current.looked > _LOOK_S:
                _current.looked = now
                if _has_left(handler.connection):
                    responses.abandon()
                    raise ConnectionAbortedError("the client left")
            if not nothing:
                return item

    def _serve_single(self, request, *rest, **more):
        request[0].is_single = True
        return single(self, request, *rest, **more)

    server.Queue = RequestQueue
    server.ResponseGenerator._await_response = _await_response
    server.ResponseGenerator._serve_single = _serve_single
