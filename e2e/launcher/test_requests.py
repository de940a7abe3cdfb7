"""Requests that end the generation thread of mlx_lm.server, each of which ours must survive."""

import http.client
import json
import os
import socket

import pytest

CHAT = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
TEXT = {"prompt": "Hi", "max_tokens": 4}
SAMPLED = CHAT | {"temperature": 1.0}
HUGE = 10**400

# What ends the thread, or the process, of mlx_lm 0.32 without the launcher.
REFUSED = [
    ("stop is a number", CHAT | {"stop": 5}, "invalid_stop"),
    ("stop holds a number", CHAT | {"stop": [1]}, "invalid_stop"),
    ("stop holds an empty text", CHAT | {"stop": [""]}, "invalid_stop"),
    ("top_k is the size of the vocabulary", SAMPLED | {"top_k": 100_000}, "invalid_top_k"),
    ("logit_bias outside the vocabulary", CHAT | {"logit_bias": {"100000": 1}}, "invalid_logit_bias"),
    ("logit_bias of a negative token", CHAT | {"logit_bias": {"-1": 1}}, "invalid_logit_bias"),
    ("xtc_threshold beyond a half", SAMPLED | {"xtc_probability": 0.5, "xtc_threshold": 0.7}, "invalid_xtc_threshold"),
    ("min_p is NaN", SAMPLED | {"min_p": float("nan")}, "invalid_min_p"),
    ("temperature is NaN", CHAT | {"temperature": float("nan")}, "invalid_temperature"),
    ("temperature is too long a number", CHAT | {"temperature": HUGE}, "invalid_temperature"),
    ("repetition_penalty is too long a number", CHAT | {"repetition_penalty": HUGE}, "invalid_repetition_penalty"),
    ("presence_penalty is too long a number", CHAT | {"presence_penalty": HUGE}, "invalid_presence_penalty"),
    ("frequency_context_size is too large", CHAT | {"frequency_penalty": 1, "frequency_context_size": 10**30}, "invalid_frequency_context_size"),
    ("a template of the client's own", CHAT | {"chat_template_kwargs": {"chat_template": "{% for i in range(9) %}x{% endfor %}"}}, "invalid_chat_template_kwargs"),
    ("chat_template_kwargs is no object", CHAT | {"chat_template_kwargs": [1]}, "invalid_chat_template_kwargs"),
    ("the prompt is a list of texts", TEXT | {"prompt": ["a", "b"]}, "invalid_prompt"),
    ("the prompt is a list of tokens", TEXT | {"prompt": [1, 2]}, "invalid_prompt"),
    ("the prompt is empty", TEXT | {"prompt": ""}, "invalid_prompt"),
    ("the prompt is null", TEXT | {"prompt": None}, "invalid_prompt"),
    ("no message at all", CHAT | {"messages": []}, "template"),
    ("a message without a role", CHAT | {"messages": [{"content": "Hi"}]}, "template"),
    ("half of a surrogate pair", CHAT | {"messages": [{"role": "user", "content": "\ud800"}]}, "template"),
    ("an image from elsewhere", CHAT | {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}]}]}, "remote_image"),
]


@pytest.mark.parametrize(("body", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_refuses_with_a_code_and_lives(plain, body, code, streamed):
    path = "/v1/completions" if "prompt" in body else "/v1/chat/completions"
    status, answer = plain.ask({**body, "stream": streamed}, path)
    assert status in (400, 404)
    assert answer["error"].startswith(f"engine:{code}"), answer
    assert plain.says() == "Hello from the launcher, word by word."


# Of the refused, those that today's mlx_lm answers, or whose error it catches; and one that writes outside of an array (a crash, or worse).
HARMLESS = {"invalid_chat_template_kwargs", "template", "remote_image", "invalid_logit_bias"}
HARMLESS_CASES = {"stop holds an empty text", "temperature is NaN", "the prompt is a list of tokens", "the prompt is null"}
DEADLY = [case for case in REFUSED if case[2] not in HARMLESS and case[0] not in HARMLESS_CASES]
TRIED = DEADLY if os.environ.get("MLXK_TEST_FULL") == "1" else DEADLY[:2]


@pytest.mark.parametrize("body", [case[1] for case in TRIED], ids=[case[0] for case in TRIED])
def test_without_the_checks_ends_the_thread(start, models, body):
    """Shows that each check is needed, and that the thread's end is the process's end."""
    engine = start(models["plain"], settings={"MLXK_ENGINE_WITHOUT": "checks"}).ready()
    with pytest.raises((ConnectionError, http.client.HTTPException, OSError)):
        engine.ask(body, "/v1/completions" if "prompt" in body else "/v1/chat/completions")
    assert engine.wait() == 70
    assert engine.events[-1]["event"] == "engine_died"


# Type errors: 400 with a sentence of mlx_lm's own, or a connection that ends.
WRONG = [
    CHAT | {"temperature": None},
    CHAT | {"max_tokens": None},
    CHAT | {"max_tokens": 0},
    CHAT | {"top_logprobs": 20},
    CHAT | {"logprobs": 2},
    CHAT | {"logit_bias": {"a": 1}},
    CHAT | {"logit_bias": {"1": HUGE}},
    CHAT | {"xtc_probability": 1},
    CHAT | {"seed": "x"},
    CHAT | {"stream": 1},
    {"max_tokens": 4},
    {"messages": 5},
    {"messages": ["x"]},
    {"messages": [{"role": "user", "content": [5]}]},
    [],
    b"{",
    b"\xff",
]


@pytest.mark.parametrize("body", WRONG, ids=lambda body: repr(body)[:60])
def test_survives_what_is_of_a_wrong_type(plain, body):
    try:
        status, _ = plain.ask(body)
        assert status in (400, 404)
    except (ConnectionError, json.JSONDecodeError):
        pass
    assert plain.says() == "Hello from the launcher, word by word."


def test_answers_a_prompt_that_is_an_earlier_prompt_with_its_answer(plain):
    _, first = plain.ask(TEXT | {"prompt": "Go on:", "max_tokens": 3}, "/v1/completions")
    text = "Go on:" + first["choices"][0]["text"]
    for _ in range(2):
        status, answer = plain.ask(TEXT | {"prompt": text}, "/v1/completions")
        assert status == 200
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == answer["usage"]["prompt_tokens"] - 1


@pytest.mark.parametrize("seed", [0, -1, 2**70])
def test_takes_any_integer_as_seed(plain, seed):
    assert plain.ask(CHAT | {"seed": seed})[0] == 200


def test_never_loads_what_a_request_names(plain):
    status, answer = plain.ask(CHAT | {"model": "somebody/else", "adapters": "/nowhere", "draft_model": "x/y"})
    assert status == 200
    assert answer["choices"][0]["message"]["content"].startswith("Hello")


def test_counts_the_context_exactly(start, models):
    engine = start(models["small"], settings={"MLXK_ENGINE_CONTEXT": "64"}).ready()
    status, answer = engine.ask(TEXT | {"prompt": "a" * 64}, "/v1/completions")
    assert (status, answer["error"]) == (404, "engine:context_length_exceeded:64:64")
    status, answer = engine.ask(TEXT | {"prompt": "a" * 60, "max_tokens": 100}, "/v1/completions")
    assert (status, answer["usage"]["completion_tokens"], answer["choices"][0]["finish_reason"]) == (200, 4, "length")


def test_needs_the_secret_for_every_request(plain):
    for method, path in (("GET", "/health"), ("POST", "/v1/chat/completions"), ("OPTIONS", "/"), ("GET", "/v1/models")):
        with socket.create_connection(("127.0.0.1", plain.port)) as connection:
            connection.sendall(f"{method} {path} HTTP/1.0\r\nX-Engine-Token: wrong\r\n\r\n".encode())
            assert b" 401 " in connection.makefile("rb").readline()


def test_takes_sixty_connections_at_once(plain):
    request = f"GET /health HTTP/1.0\r\nX-Engine-Token: {plain.token}\r\n\r\n".encode()
    connections = [socket.create_connection(("127.0.0.1", plain.port)) for _ in range(60)]
    for connection in connections:
        connection.sendall(request)
    assert all(b" 200 " in connection.makefile("rb").readline() for connection in connections)
    for connection in connections:
        connection.close()


def test_tells_the_usage_so_far_in_every_chunk(plain):
    lines = plain.stream(CHAT | {"max_tokens": 3})
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert [chunk["usage"]["completion_tokens"] for chunk in chunks] == [1, 2, 3, 3]


@pytest.mark.parametrize(("without", "stop", "said"), [("", [], "Almost <tool_c"), ("", ["<tool_c"], "Almost "), ("endings", [], "Almost ")], ids=["kept", "a stop text", "mlx_lm's own way"])
def test_keeps_what_is_held_back_at_the_end_unless_it_is_of_a_stop_text(start, models, without, stop, said):
    engine = start(models["held"], settings={"MLXK_ENGINE_WITHOUT": without}).ready()
    status, answer = engine.ask(CHAT | {"stop": stop})
    assert (status, answer["choices"][0]["message"]["content"]) == (200, said)


def test_logs_no_body(start, models):
    engine = start(models["plain"]).ready()
    engine.ask(b'{"messages": "a secret wish"')
    engine.ask(b'["another secret"]')
    engine.end()
    log = "".join(engine.errors)
    assert "not shown" in log
    assert "secret" not in log
