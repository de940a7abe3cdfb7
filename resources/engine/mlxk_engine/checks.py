"""Checks of a request at the moment its prompt is tokenized, in the generation thread.

Each of these requests would end that thread (and with it the server) if it got further. Errors are texts "engine:<code>[:<details>]",
which mlx_lm sends as {"error": text} with status 404 and the parent turns into its own errors.
"""

import json
import math
import os


class Refused(ValueError):
    pass


def refuse(code):
    raise Refused("engine:" + code)


def vocabulary_size(model_path, tokenizer):
    """Rows of the output matrix: config.json's word where it has one, else the tokenizer's."""
    try:
        with open(os.path.join(model_path, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        for part in (config, config.get("text_config") or {}, config.get("llm_config") or {}):
            size = part.get("vocab_size")
            if isinstance(size, int) and size > 0:
                return size
    except (OSError, ValueError, AttributeError):
        pass
    try:
        return len(tokenizer)
    except TypeError:
        return tokenizer.vocab_size


# JSON knows NaN to Python's reader, and integers of any length.
_LARGEST = 1e9


def check_numbers(args):
    """mlx takes a number that it cannot hold for an error of the whole batch."""
    for part in (args.sampling, args.logits):
        for name, value in vars(part).items():
            if isinstance(value, (int, float)) and not abs(value) <= _LARGEST:
                refuse("invalid_" + name)
    for bias in (args.logits.logit_bias or {}).values():
        if math.isnan(bias):
            refuse("invalid_logit_bias")
    if args.sampling.xtc_probability > 0 and args.sampling.xtc_threshold > 0.5:
        refuse("invalid_xtc_threshold")
    if args.seed is not None:
        args.seed %= 1 << 64


# Arguments of apply_chat_template itself: a template of the client's own could keep the generation thread for ever.
_NOT_FOR_CLIENTS = {
    "chat_template",
    "tokenize",
    "add_generation_prompt",
    "continue_final_message",
    "padding",
    "truncation",
    "max_length",
    "return_tensors",
    "return_dict",
    "return_assistant_tokens_mask",
    "tokenizer_kwargs",
    "conversation",
    "tools",
}


def check_template_arguments(args):
    given = args.chat_template_kwargs
    if given is not None and (not isinstance(given, dict) or _NOT_FOR_CLIENTS & given.keys()):
        refuse("invalid_chat_template_kwargs")


def check_arguments(args, tokenizer, vocabulary):
    check_numbers(args)
    check_template_arguments(args)
    stops = args.stop_words
    if not isinstance(stops, list) or not all(isinstance(word, str) and word for word in stops):
        refuse("invalid_stop")
    for word in stops:
        if not tokenizer.encode(word, add_special_tokens=False):
            refuse("invalid_stop")
    if args.sampling.top_k >= vocabulary and args.sampling.temperature > 0:
        refuse("invalid_top_k")
    if args.top_logprobs >= vocabulary:
        refuse("invalid_top_logprobs")
    for token in args.logits.logit_bias or {}:
        if not 0 <= token < vocabulary:
            refuse("invalid_logit_bias")


def check_prompt(prompt, args, context):
    """Exact count against the context; shortens max_tokens to what is left of it."""
    if not isinstance(prompt, list) or not prompt or not all(type(token) is int for token in prompt):
        refuse("invalid_prompt")
    if context > 0:
        if len(prompt) >= context:
            refuse(f"context_length_exceeded:{len(prompt)}:{context}")
        args.max_tokens = min(args.max_tokens, context - len(prompt))
