"""Delivers what mlx_lm holds back when an answer ends."""

import threading

# A thread serves one request at a time, from its prompt to its last chunk.
_current = threading.local()


def keep_endings(server):
    """Text that may yet become a marker (of a thought, of a call), a space, or a character that lacks bytes is held back until more comes.
    When the model then ends its turn, mlx_lm throws it away, which is right only for its own stop texts: part of one may be in there."""
    machine = server.TextStateMachine
    handle, respond = server.APIHandler.handle_completion, server.APIHandler.generate_response
    generate, discard, split, flush = server.ResponseGenerator.generate, machine.discard, machine.split, machine.flush

    def handle_completion(self, request, stop_words, *rest, **more):
        _current.keeps = not stop_words
        _current.text = ""
        _current.held = ()
        return handle(self, request, stop_words, *rest, **more)

    def followed(tokens):
        for gen in tokens:
            if gen.finish_reason == "stop":
                _current.text = gen.text or ""
            yield gen

    def _generate(self, *rest, **more):
        context, tokens = generate(self, *rest, **more)
        return context, followed(tokens)

    def _discard(state):
        # In a call it is the beginning of the marker that ends it, and no part of the call.
        if not getattr(_current, "keeps", False) or state[0] in (None, "tool"):
            return discard(state)
        state, segments = split(state, _current.text)
        if state[0] in (None, "tool"):
            return discard(state)
        state, rest, name = flush(state)
        _current.held = (*segments, (name, rest))
        return state, name

    def _respond(self, text, finish_reason, *rest, reasoning_text=None, **more):
        held = getattr(_current, "held", ())
        if finish_reason is not None and held:
            _current.held = ()
            text = (text or "") + "".join(part for name, part in held if name == "normal")
            reasoning_text = (reasoning_text or "") + "".join(part for name, part in held if name == "reasoning")
        return respond(self, text, finish_reason, *rest, reasoning_text=reasoning_text, **more)

    server.APIHandler.handle_completion = handle_completion
    server.APIHandler.generate_response = _respond
    server.ResponseGenerator.generate = _generate
    machine.discard = staticmethod(_discard)
