"""Patches of Python's own library, made before mlx_lm is imported."""

import hmac
import http.server
import resource
import socketserver
import sys
import threading
import warnings

from .protocol import die, emit


def exit_with_generation_thread():
    """A generation thread that dies leaves a server that answers /health and hangs every request."""
    original = threading.excepthook

    def hook(args):
        if args.thread is not None and "_generate" in args.thread.name:
            die(70, "engine_died", args.exc_value)
        original(args)

    threading.excepthook = hook


def keep_file_limit():
    """Importing mlx_lm sets the limit of open files to 2048 and lowers its ceiling to 4096 for good; where the ceiling is lower than
    that the import fails. Limits may rise here, never fall."""
    original = resource.setrlimit

    def setrlimit(which, limits):
        soft, hard = resource.getrlimit(which)
        if which != resource.RLIMIT_NOFILE:
            return original(which, limits)
        wanted = limits[0] if hard == resource.RLIM_INFINITY else min(limits[0], hard)
        return original(which, (max(soft, wanted) if soft != resource.RLIM_INFINITY else soft, hard))

    resource.setrlimit = setrlimit


def lengthen_backlog():
    """Five waiting connections are mlx_lm's limit; the next one is reset."""
    if not hasattr(socketserver.TCPServer, "request_queue_size"):
        raise AttributeError("TCPServer has no request_queue_size")
    socketserver.TCPServer.request_queue_size = 128


def report_port():
    """With port 0 only the socket knows the port."""
    original = socketserver.TCPServer.server_activate

    def server_activate(self):
        original(self)
        emit("listening", port=self.server_address[1])

    socketserver.TCPServer.server_activate = server_activate


def require_token(token):
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


def quieten():
    """No access lines, no traceback for a client that left: leaving is how a request is cancelled."""
    warnings.filterwarnings("ignore", message="mlx_lm.server is not recommended")
    http.server.BaseHTTPRequestHandler.log_request = lambda self, code="-", size="-": None
    original = socketserver.BaseServer.handle_error

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            original(self, request, client_address)

    socketserver.BaseServer.handle_error = handle_error
