"""Patches of mlx_lm.server that keep its one generation thread alive and its doors closed."""

import logging

from . import checks
from .protocol import describe, die


def exit_with_generator(server):
    """mlx_lm 0.32 catches the thread's exception itself and only marks the server unhealthy."""
    original = server.ResponseGenerator._generate

    def _generate(self):
        try:
            return original(self)
        except BaseException as error:
            die(70, "engine_died", error)

    server.ResponseGenerator._generate = _generate


def check_requests(server, state, context):
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


def serve_one_model(server):
    """A request that names another model, draft or adapter would evict ours, and load by that name."""
    original = server.APIHandler.validate_model_parameters

    def validate_model_parameters(self):
        self.requested_model = "default_model"
        self.requested_draft_model = "default_model"
        self.adapter = None
        return original(self)

    server.APIHandler.validate_model_parameters = validate_model_parameters


def refuse_remote_images(server):
    """mlx_lm 0.32 fetches the URL of an image part itself."""
    parts, url_of = server._image_parts, server._image_url
    server._inline_image_urls  # noqa: B018 (a version without it needs no patch, and says so)

    def _inline_image_urls(messages):
        for part in parts(messages):
            if not str(url_of(part)).startswith("data:"):
                checks.refuse("remote_image")

    server._inline_image_urls = _inline_image_urls


def mend_exact_hits(server):
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


def send_at_once(server):
    """Small writes must not wait for the acknowledgement of the one before."""
    server.APIHandler.disable_nagle_algorithm = True


class _WithoutBodies(logging.Filter):
    """mlx_lm logs the whole body of a request that it cannot read, and the text of a tool call that it cannot parse."""

    def filter(self, record):
        text = record.getMessage()
        for marker in (" - Raw body:", "Invalid Request Body:", "Failed to parse tool call"):
            place = text.find(marker)
            if place >= 0:
                record.msg, record.args = text[:place] + marker.strip(" -:") + " (not shown)", ()
        return True


def keep_bodies_out_of_logs():
    logging.getLogger().addFilter(_WithoutBodies())
