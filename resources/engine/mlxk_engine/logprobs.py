"""Tells the probabilities of the sampled tokens, in streams too. mlx_lm tells them in whole answers only, and with alternatives it gives
one of these in the sampled token's place, in no order, as raw entries of the vocabulary."""

import re
import threading

_current = threading.local()


def _bytes_of(tokenizer):
    """Token id → its bytes, by the kind of detokenizer that mlx_lm chose for this model."""
    from mlx_lm import tokenizer_utils

    detokenizer = tokenizer.detokenizer
    if isinstance(detokenizer, tokenizer_utils.BPEStreamingDetokenizer):
        table = tokenizer_utils._byte_decoder()

        def of_byte_level(token):
            piece = tokenizer.convert_ids_to_tokens(token) or ""
            if any(character not in table for character in piece):
                return piece.encode()
            return bytes(table[character] for character in piece)

        return of_byte_level

    def of_other(token):
        piece = tokenizer.convert_ids_to_tokens(token) or ""
        if re.fullmatch("<0x[0-9A-Fa-f]{2}>", piece):
            return bytes([int(piece[3:5], 16)])
        if isinstance(detokenizer, tokenizer_utils.SPMStreamingDetokenizer):
            return piece.replace("\u2581", " ").encode()
        return tokenizer.decode([token]).encode()

    return of_other


def _entry(bytes_of, token, logprob):
    return {"bytes": list(bytes_of(token)), "logprob": logprob}


def _described(bytes_of, gen):
    best = sorted(gen.top_tokens or (), key=lambda other: -other["logprob"])
    return {
        **_entry(bytes_of, gen.token, gen.logprob),
        "text": gen.text,
        "top": [_entry(bytes_of, other["id"], other["logprob"]) for other in best],
    }


def tell_logprobs(server):
    generate, respond = server.ResponseGenerator.generate, server.APIHandler.generate_response
    missing = {"text", "token", "logprob", "finish_reason", "top_tokens"} - server.Response.__dataclass_fields__.keys()
    if missing:
        raise AttributeError("Response has no " + ", ".join(sorted(missing)))

    def collected(tokens, bytes_of):
        for gen in tokens:
            # The token that ends an answer is no part of it.
            if gen.finish_reason != "stop":
                _current.tokens.append(_described(bytes_of, gen))
            yield gen

    def _generate(self, request, args, *rest, **more):
        _current.tokens = None
        context, tokens = generate(self, request, args, *rest, **more)
        if not args.logprobs:
            return context, tokens
        _current.tokens = []
        return context, collected(tokens, _bytes_of(self.model_provider.tokenizer))

    def _respond(self, *rest, **more):
        response = respond(self, *rest, **more)
        tokens = getattr(_current, "tokens", None)
        if self.stream and tokens is not None:
            response["choices"][0]["logprobs"] = {"content": list(tokens)}
            tokens.clear()
        return response

    server.ResponseGenerator.generate = _generate
    server.APIHandler.generate_response = _respond
