"""Parts of the launcher that need no mlx_lm."""

import types

import pytest
from mlxk_engine import answering, checks, loading, port, progress, reading


def arguments(**changes):
    sampling = types.SimpleNamespace(temperature=1.0, top_p=1.0, top_k=0, min_p=0.0, xtc_probability=0.0, xtc_threshold=0.1)
    logits = types.SimpleNamespace(logit_bias=None, repetition_penalty=0.0, repetition_context_size=20)
    args = types.SimpleNamespace(
        sampling=sampling, logits=logits, stop_words=[], top_logprobs=-1, seed=None, chat_template_kwargs=None, max_tokens=10
    )
    for name, value in changes.items():
        place = next((part for part in (sampling, logits) if hasattr(part, name)), args)
        setattr(place, name, value)
    return args


class Letters:
    def encode(self, text, add_special_tokens=True):
        return [ord(letter) for letter in text if letter != " "]


@pytest.mark.parametrize(
    "changes",
    [
        {"stop_words": ["END", "x"]},
        {"top_k": 255},
        {"top_k": 999, "temperature": 0},
        {"logit_bias": {0: 1.0, 255: -100.0}},
        {"logit_bias": {1: float("-inf")}},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"xtc_threshold": 0.9},
        {"seed": 7},
    ],
)
def test_what_mlx_lm_can_do_is_let_through(changes):
    checks.check_arguments(arguments(**changes), Letters(), 256)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stop_words": [" "]}, "invalid_stop"),
        ({"top_k": 256}, "invalid_top_k"),
        ({"logit_bias": {256: 1.0}}, "invalid_logit_bias"),
        ({"logit_bias": {1: float("nan")}}, "invalid_logit_bias"),
        ({"repetition_context_size": 10**10}, "invalid_repetition_context_size"),
        ({"top_logprobs": 256}, "invalid_top_logprobs"),
    ],
)
def test_what_would_end_the_thread_is_refused(changes, code):
    with pytest.raises(checks.Refused, match=f"^engine:{code}$"):
        checks.check_arguments(arguments(**changes), Letters(), 256)


def test_the_answer_is_shortened_to_what_the_context_has_left():
    args = arguments(max_tokens=100)
    checks.check_prompt([1] * 60, args, 64)
    assert args.max_tokens == 4
    with pytest.raises(checks.Refused, match="context_length_exceeded:64:64"):
        checks.check_prompt([1] * 64, args, 64)


def test_bytes_that_were_read_are_counted(tmp_path):
    read = reading.find_reader(lambda: -1)
    before = read()
    (tmp_path / "file").write_bytes(b"x" * 5_000_000)
    (tmp_path / "file").read_bytes()
    assert read() - before >= 5_000_000 or read() == -1


def test_only_weights_count_as_bytes_to_load(tmp_path):
    for name in ("model.safetensors", "model-2.safetensors", "other.safetensors", "model.bin"):
        (tmp_path / name).write_bytes(b"12345")
    assert loading.weight_bytes(str(tmp_path)) == 10


def test_a_port_is_chosen_only_where_none_was_asked_for():
    assert port.choose_and_watch(["--port", "8080"]) == ["--port", "8080"]
    assert port.choose_and_watch(["--model", "x"]) == ["--model", "x"]


def test_prompts_are_counted_once_however_often_they_are_told():
    work = progress.Work()
    for done, ended in ((10, False), (10, False), (25, True)):
        work.count_prompt("a", done, ended)
    work.count_prompt("b", 5, True)
    assert work.figures() == {"in_flight": 0, "prompt_tokens": 30, "tokens": 0}


def test_a_connection_is_left_only_when_its_other_end_is_closed():
    import socket

    here, there = socket.socketpair()
    assert not answering._has_left(here)
    there.sendall(b"more")
    assert not answering._has_left(here)
    here.recv(4)
    there.close()
    assert answering._has_left(here)
