"""Patches of mlx_lm.server, each alone: one whose target is missing is reported as `degraded`, and everything else goes on.

Written against mlx_lm 0.32; names that may differ in other versions are looked up inside the patch, so that they fail there.
"""

import hmac
import http.server
import os
import socketserver
import sys
import threading
import warnings

from . import checks, loading
from .protocol import describe, die, emit


def _apply(patches):
    for name, patch in patches:
        try:
            patch()
        except Exception as error:
            emit("degraded", patch=name, error=describe(error))


def before_import(settings):
    """Patches of the standard library, and what must be set before mlx_lm is imported."""
    _apply(
        [
            ("thread_death", _watch_threads),
            ("backlog", _lengthen_backlog),
            ("listening", _report_port),
            ("token", lambda: _require_token(settings["token"])),
            ("quiet", _quieten),
        ]
    )


def after_import(server, settings):
    import mlx.core as mx

    state = {"vocabulary": 1 << 62}
    _apply(
        [
            ("imported", lambda: _report_versions(server, mx)),
            ("compile", lambda: _avoid_compiler(mx)),
            ("generate", lambda: _exit_with_generator(server)),
            ("load", lambda: loading.wrap_load(server, mx, state)),
            ("checks", lambda: _check_requests(server, state, settings["context"])),
            ("one_model", lambda: _serve_one_model(server)),
            ("images", lambda: _refuse_remote_images(server)),
            ("exact_hit", lambda: _mend_exact_hits(server)),
            ("no_delay", lambda: _send_at_once(server)),
            ("usage", lambda: _tell_usage_early(server)),
            ("stats", lambda: _report_memory(mx, settings["stats_s"])),
        ]
    )


def _watch_threads():
    """A generation thread that dies leaves a server that answers /health and hangs every request."""
    original = threading.excepthook

    def hook(args):
        if args.thread is not None and "_generate" in args.thread.name:
            die(70, "engine_died", args.exc_value)
        original(args)

    threading.excepthook = hook


def _exit_with_generator(server):
    """mlx_lm 0.32 catches the thread's exception itself and only marks the server unhealthy."""
    original = server.ResponseGenerator._generate

    def _generate(self):
        try:
            return original(self)
        except BaseException as error:
            die(70, "engine_died", error)

    server.ResponseGenerator._generate = _generate


def _lengthen_backlog():
    socketserver.TCPServer.request_queue_size = 128


def _report_port():
    """With port 0 only the socket knows the port."""
    original = socketserver.TCPServer.server_activate

    def server_activate(self):
        original(self)
        emit("listening", port=self.server_address[1])

    socketserver.TCPServer.server_activate = server_activate


def _require_token(token):
    """Keeps web pages and other users of the machine out."""
    if not token:
        return
    expected = token.encode()
    original = http.server.BaseHTTPRequestHandler.parse_request

    def parse_request(self):
        if not original(self):
            return False
        given = (self.headers.get("X-Engine-Token") or "").encode("utf-8", "replace")
        if hmac.compare_digest(given, expected):
            return True
        self.close_connection = True
        self.send_error(401)
        return False

    http.server.BaseHTTPRequestHandler.parse_request = parse_request


def _quieten():
    """No access lines, no traceback for a client that left: leaving is how a request is cancelled."""
    warnings.filterwarnings("ignore", message="mlx_lm.server is not recommended")
    http.server.BaseHTTPRequestHandler.log_request = lambda self, code="-", size="-": None
    original = socketserver.BaseServer.handle_error

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            original(self, request, client_address)

    socketserver.BaseServer.handle_error = handle_error


def _report_versions(server, mx):
    info = mx.device_info()
    emit(
        "imported",
        mlx=getattr(mx, "__version__", None),
        mlx_lm=getattr(server, "__version__", None),
        device=str(mx.default_device()),
        memory=info.get("memory_size"),
        working_set=info.get("max_recommended_working_set_size"),
    )


def _avoid_compiler(mx):
    """On a CPU mx.compile runs g++ at the first use of each fused kernel: seconds of waiting inside the first answer, and shared
    objects in the temporary folder that are loaded from there. Without it the same kernels run unfused."""
    if mx.default_device().type == mx.DeviceType.cpu:
        mx.disable_compile()


def _check_requests(server, state, context):
    original = server.ResponseGenerator._tokenize

    def _tokenize(self, tokenizer, request, args):
        checks.check_arguments(args, tokenizer, state["vocabulary"])
        if request.request_type != "chat" and not isinstance(request.prompt, str):
            checks.refuse("invalid_prompt")
        try:
            result = original(self, tokenizer, request, args)
        except Exception as error:
            raise checks.Refused("engine:template:" + describe(error)) from error
        checks.check_prompt(result[0], args, context)
        return result

    server.ResponseGenerator._tokenize = _tokenize


def _serve_one_model(server):
    """A request that names another model, draft or adapter would evict ours, and load by that name."""
    original = server.APIHandler.validate_model_parameters

    def validate_model_parameters(self):
        self.requested_model = "default_model"
        self.requested_draft_model = "default_model"
        self.adapter = None
        return original(self)

    server.APIHandler.validate_model_parameters = validate_model_parameters


def _refuse_remote_images(server):
    """mlx_lm 0.32 fetches the URL of an image part itself."""
    parts, url_of = server._image_parts, server._image_url
    server._inline_image_urls  # noqa: B018 (a version without it needs no patch, and says so)

    def _inline_image_urls(messages):
        for part in parts(messages):
            if not str(url_of(part)).startswith("data:"):
                checks.refuse("remote_image")

    server._inline_image_urls = _inline_image_urls


def _mend_exact_hits(server):
    """A prompt that is in the cache to its last token leaves nothing to compute the next token from, which ends the thread."""
    from mlx_lm.models.cache import can_trim_prompt_cache, trim_prompt_cache

    original = server.LRUPromptCache.fetch_nearest_cache

    def fetch_nearest_cache(self, model, tokens):
        cache, rest = original(self, model, tokens)
        if cache is None or rest:
            return cache, rest
        if not can_trim_prompt_cache(cache):
            return None, tokens
        trim_prompt_cache(cache, 1)
        return cache, tokens[-1:]

    server.LRUPromptCache.fetch_nearest_cache = fetch_nearest_cache


def _send_at_once(server):
    """Small writes must not wait for the acknowledgement of the one before."""
    server.APIHandler.disable_nagle_algorithm = True


def _tell_usage_early(server):
    """Every chunk of a stream tells the usage so far: mlx_lm tells it once, after the last token, and a reader that cuts the answer at
    a stop text never gets there. Chunks cannot be counted instead, since a token without visible text has none."""
    generate, respond = server.ResponseGenerator.generate, server.APIHandler.generate_response
    # One thread serves one request at a time, from its prompt to its last chunk.
    current = threading.local()

    def counted(tokens):
        for token in tokens:
            current.completion += 1
            yield token

    def _generate(self, *rest, **more):
        current.context = None
        context, tokens = generate(self, *rest, **more)
        current.context, current.completion = context, 0
        return context, counted(tokens)

    def _respond(self, *rest, **more):
        response = respond(self, *rest, **more)
        context = getattr(current, "context", None)
        if self.stream and context is not None:
            prompt, completion = len(context.prompt), current.completion
            response["usage"] = {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            }
            if context.prompt_cache_count >= 0:
                response["usage"]["prompt_tokens_details"] = {"cached_tokens": context.prompt_cache_count}
        return response

    fields = server.GenerationContext.__dataclass_fields__
    if "prompt" not in fields or "prompt_cache_count" not in fields:
        raise AttributeError("GenerationContext has no prompt or prompt_cache_count")
    server.ResponseGenerator.generate = _generate
    server.APIHandler.generate_response = _respond


def _report_memory(mx, seconds):
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
