"""The launcher's life: events, settings, exit codes, and the client or the parent that leaves."""

import json
import os
import socket
import subprocess
import sys

import pytest
from conftest import RESOURCES, Engine

PATCHES = "thread_death file_limit backlog listening token quiet imported compile safe_memory cache_limit generate load checks one_model images"
PATCHES += " exact_hit no_delay privacy endings requests usage logprobs cancel progress stats"


def test_fits_todays_mlx_lm(plain):
    assert [event for event in plain.events if event["event"] == "degraded"] == []


def test_tells_its_life_in_events(plain):
    imported, loaded = (next(event for event in plain.events if event["event"] == name) for name in ("imported", "loaded"))
    assert imported["mlx_lm"] and imported["mlx"] and imported["python"] and imported["device"]
    assert loaded["batchable"] is True and loaded["bytes"] > 0


def test_without_any_patch_it_still_tells_its_port_and_answers(start, models):
    engine = start(models["plain"], settings={"MLXK_ENGINE_WITHOUT": "all", "MLXK_ENGINE_TOKEN": "x"})
    engine.until("listening")
    assert [event["patch"] for event in engine.events if event["event"] == "degraded"] == PATCHES.split()
    assert engine.says() == "Hello from the launcher, word by word."


@pytest.mark.parametrize("name", ["requests", "load", "listening,checks"])
def test_without_one_patch_the_others_hold(start, models, name):
    engine = start(models["plain"], settings={"MLXK_ENGINE_WITHOUT": name})
    engine.until("listening")
    expected = name.split(",") + (["usage", "cancel"] if name == "requests" else [])
    assert [event["patch"] for event in engine.events if event["event"] == "degraded"] == expected
    assert engine.says() == "Hello from the launcher, word by word."


def test_a_patch_whose_target_is_gone_is_degraded_and_the_rest_goes_on():
    script = (
        f"import sys, types; sys.path.insert(0, {RESOURCES!r})\n"
        "from mlxk_engine import patches, protocol\n"
        "patches.after_import(types.SimpleNamespace(), protocol.take_settings({}))\n"
        "print('still here', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-I", "-B", "-c", script], capture_output=True, text=True, check=True)
    degraded = [json.loads(line)["patch"] for line in done.stdout.splitlines() if "degraded" in line]
    assert degraded == ["generate", "load", "checks", "one_model", "images", "exact_hit", "no_delay", "endings", "requests", "usage", "logprobs", "cancel", "progress"]
    assert "still here" in done.stderr


def test_a_model_that_cannot_be_loaded_ends_it_with_70_and_the_reason(start, tmp_path):
    engine = start(str(tmp_path))
    assert engine.wait() == 70
    names = [event["event"] for event in engine.events]
    assert "load_failed" in names and "engine_died" in names


def test_a_model_with_code_of_its_own_never_runs_it(start, models, tmp_path):
    for name in os.listdir(models["plain"]):
        os.symlink(os.path.realpath(os.path.join(models["plain"], name)), tmp_path / name)
    os.unlink(tmp_path / "config.json")
    with open(os.path.join(models["plain"], "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    proof = tmp_path / "proof"
    (tmp_path / "evil.py").write_text(f"open({str(proof)!r}, 'w')")
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_file": "evil.py"}))
    engine = start(str(tmp_path))
    assert engine.wait() == 70
    assert next(event for event in engine.events if event["event"] == "load_failed")["code"] == "custom_code"
    assert not proof.exists()


def test_a_busy_port_ends_it_with_71(start, models, plain):
    engine = start(models["plain"], arguments=["--port", str(plain.port)])
    assert engine.wait() == 71
    assert engine.events[-1]["event"] == "fatal"


@pytest.mark.parametrize("settings", [{}, {"MLXK_ENGINE_WITHOUT": "all"}], ids=["patched", "unpatched"])
@pytest.mark.parametrize("moment", ["start", "ready"])
def test_ends_with_its_parent(start, models, settings, moment):
    engine = start(models["plain"], settings=settings)
    if moment == "ready":
        engine.until("listening")
    assert engine.end() == 0


def test_hands_no_setting_on(start, models):
    engine = start(models["plain"], settings={"MLXK_ENGINE_TOKEN": "t0ken"}).ready()
    with open(f"/proc/{engine.process.pid}/cmdline", encoding="utf-8") as file:
        assert "t0ken" not in file.read()


def test_an_import_never_lowers_the_limit_of_open_files(start, models):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    engine = start(models["plain"]).ready()
    limits = resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE)
    assert limits[0] >= min(soft, hard) and limits[1] == hard


def test_starts_where_few_files_may_be_open(start, models):
    """mlx_lm's import fails there for anyone but root, who could raise the limit."""
    shell = f"ulimit -n 1000; exec {sys.executable} -I -u {os.path.join(RESOURCES, 'launcher.py')} \"$@\""
    engine = start(models["plain"], command=["sh", "-c", shell, "sh"]).ready()
    assert engine.says().startswith("Hello")


def test_memory_is_reported_and_can_be_bounded(start, models):
    settings = {"MLXK_ENGINE_STATS_S": "0.1", "MLXK_ENGINE_CACHE_BYTES": "0", "MLXK_ENGINE_SAFE_MEMORY": "1"}
    engine = start(models["plain"], settings=settings).ready()
    engine.says()
    stats = engine.until("stats", lambda event: event["active"] > 0)
    assert stats["cache"] == 0 and stats["pid"] == engine.process.pid


def endless(engine, **body):
    """An open connection whose answer never ends by itself."""
    data = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 90_000, "stream": True} | body).encode()
    connection = socket.create_connection(("127.0.0.1", engine.port))
    connection.sendall(f"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    return connection


@pytest.fixture(scope="module")
def endless_engine(models):
    engine = Engine(models["endless"], settings={"MLXK_ENGINE_CONTEXT": "100000"})
    yield engine.ready()
    engine.end()


@pytest.fixture
def busy(endless_engine):
    """Its tests leave nothing at work, and the figures that told so are read."""
    return endless_engine


@pytest.mark.parametrize(
    "body",
    [{}, {"stream": False}, {"seed": 1}, {"seed": 1, "stream": False}],
    ids=["batched", "batched, not streamed", "alone", "alone, not streamed"],
)
def test_a_client_that_leaves_ends_its_work(busy, body):
    connection = endless(busy, **body)
    busy.until("progress", lambda event: event["in_flight"] == 1)
    connection.close()
    busy.until("progress", lambda event: event["in_flight"] == 0)
    answer = busy.ask({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "seed": 2})
    assert answer[0] == 200  # A request alone waits for all others: it gets its turn only when the endless one is gone.


def test_a_client_that_leaves_the_queue_gets_no_work_done(busy):
    first = endless(busy, seed=1)
    second = endless(busy, seed=2)
    busy.until("progress", lambda event: event["in_flight"] == 2)
    second.close()
    busy.until("progress", lambda event: event["in_flight"] == 1)
    first.close()
    busy.until("progress", lambda event: event["in_flight"] == 0)
    assert busy.ask({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "seed": 3})[0] == 200


def test_a_client_that_leaves_while_its_prompt_is_read_ends_the_reading(start, models):
    engine = start(models["endless"], arguments=["--prefill-step-size", "16"]).ready()
    prompt = [{"role": "user", "content": "x" * 60_000}]
    for body in ({}, {"seed": 1}):
        connection = endless(engine, messages=prompt, max_tokens=1, **body)
        reading = engine.until("progress", lambda event: event["in_flight"] == 1 and event["prompt_tokens"] > 0)
        connection.close()
        gone = engine.until("progress", lambda event: event["in_flight"] == 0)
        assert gone["prompt_tokens"] - reading["prompt_tokens"] < 60_000
        assert engine.ask({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1})[0] == 200
