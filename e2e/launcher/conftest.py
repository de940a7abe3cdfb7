"""Shared by the launcher's tests: see scripts/test-launcher.mjs, which starts them."""

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

RESOURCES = os.path.join(os.path.dirname(__file__), "..", "..", "resources", "engine")
sys.path.insert(0, RESOURCES)
DEADLINE_S = 60


class Engine:
    """The launcher as a process, its events, and requests to it."""

    def __init__(self, model, arguments=(), settings=None, command=None):
        env = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
        env |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"} | (settings or {})
        options = ["--host", "127.0.0.1", "--port", "0", "--log-level", "WARNING", "--allowed-origins", "none"]
        words = command or [sys.executable, "-I", "-u", os.path.join(RESOURCES, "launcher.py")]
        self.process = subprocess.Popen(
            [*words, *(["--model", model] if model else []), *options, *arguments],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.token = (settings or {}).get("MLXK_ENGINE_TOKEN", "")
        self.events, self.errors, self._new = [], [], queue.Queue()
        self._readers = [threading.Thread(target=self._read_events), threading.Thread(target=self._read_errors)]
        for reader in self._readers:
            reader.start()
        self.port = None

    def _read_events(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append(event)
            self._new.put(event)
        self._new.put(None)

    def _read_errors(self):
        self.errors.extend(self.process.stderr)

    def until(self, name, wanted=lambda event: True):
        """Waits for an event from now on (events that were waited past are gone)."""
        while True:
            event = self._new.get(timeout=DEADLINE_S)
            assert event is not None, f"it ended before {name}: {self.events} {''.join(self.errors)}"
            if event["event"] == "listening":
                self.port = event["port"]
            if event["event"] == name and wanted(event):
                return event

    def ready(self):
        """Waits for both: they come in any order."""
        seen = set()
        while {"listening", "loaded"} - seen:
            event = self._new.get(timeout=DEADLINE_S)
            assert event is not None, f"it ended before it was ready: {self.events} {''.join(self.errors)}"
            seen.add(event["event"])
            if event["event"] == "listening":
                self.port = event["port"]
        return self

    def open(self, body, path="/v1/chat/completions", headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method="POST")
        for name, value in ({"X-Engine-Token": self.token} | (headers or {})).items():
            request.add_header(name, value)
        return urllib.request.urlopen(request, timeout=DEADLINE_S)

    def ask(self, body, path="/v1/chat/completions"):
        """Status and parsed answer of a request that is not streamed."""
        try:
            with self.open(body, path) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def stream(self, body, path="/v1/chat/completions"):
        """All lines of a streamed answer."""
        with self.open({**body, "stream": True}, path) as response:
            return response.read().decode().split("\n")

    def says(self):
        """The text of a plain answer: proves that the generation thread is alive."""
        status, answer = self.ask({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 64})
        assert status == 200, answer
        return answer["choices"][0]["message"]["content"]

    def end(self):
        self.process.stdin.close()
        try:
            code = self.process.wait(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        for reader in self._readers:
            reader.join()
        return code

    def wait(self):
        code = self.process.wait(timeout=DEADLINE_S)
        for reader in self._readers:
            reader.join()
        return code


@pytest.fixture(scope="session")
def models():
    return json.loads(os.environ["MLXK_TEST_MODELS"])


@pytest.fixture
def start():
    """Starts engines that end with the test."""
    started = []

    def start(*rest, **more):
        engine = Engine(*rest, **more)
        started.append(engine)
        return engine

    yield start
    for engine in started:
        if engine.process.poll() is None:
            engine.process.kill()
        engine.wait()


@pytest.fixture(scope="session")
def plain(models):
    """One engine for all tests that leave it as they found it, with every patch."""
    engine = Engine(models["plain"], settings={"MLXK_ENGINE_CONTEXT": "4096", "MLXK_ENGINE_TOKEN": "secret"})
    yield engine.ready()
    engine.end()


def pytest_sessionfinish(session):
    """One line of counts for `npm test`."""
    path = os.environ.get("MLXK_TEST_COUNTS")
    if path:
        stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
        count = {name: len(stats.get(name, [])) for name in ("passed", "failed", "skipped")}
        count["failed"] += len(stats.get("error", []))
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(count) + "\n")
