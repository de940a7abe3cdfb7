"""Patches of mlx_lm.server, each alone: one whose target is missing is reported as `degraded`, and everything else goes on.

Written against mlx_lm 0.32; names that may differ in other versions are looked up inside the patch, so that they fail there.
"""

from . import answering, endings, library, loading, logprobs, memory, progress, serving
from .protocol import describe, emit


class LeftOut(Exception):
    """A patch that the user or the parent did not want."""


def _apply(patches, without):
    """Returns the names of the patches that were applied."""
    applied = set()
    for name, patch in patches:
        try:
            if name in without or "all" in without:
                raise LeftOut("left out by MLXK_ENGINE_WITHOUT")
            patch()
            applied.add(name)
        except Exception as error:
            emit("degraded", patch=name, error=describe(error))
    return applied


def before_import(settings):
    """Patches of the standard library, and what must be set before mlx_lm is imported."""
    return _apply(
        [
            ("thread_death", library.exit_with_generation_thread),
            ("file_limit", library.keep_file_limit),
            ("backlog", library.lengthen_backlog),
            ("listening", library.report_port),
            ("token", lambda: library.require_token(settings["token"])),
            ("quiet", library.quieten),
        ],
        settings["without"],
    )


def after_import(server, settings):
    import mlx.core as mx

    # What the patches share. A vocabulary that is not known refuses nothing.
    state = {"vocabulary": 1 << 62}
    work = progress.Work()
    return _apply(
        [
            ("imported", lambda: memory.report_versions(server, mx)),
            ("compile", lambda: memory.avoid_compiler(mx)),
            ("safe_memory", lambda: memory.never_wire(mx, settings["safe_memory"])),
            ("cache_limit", lambda: memory.limit_cache(mx, settings["cache_bytes"])),
            ("generate", lambda: serving.exit_with_generator(server)),
            ("load", lambda: loading.wrap_load(server, mx, state)),
            ("checks", lambda: serving.check_requests(server, state, settings["context"])),
            ("one_model", lambda: serving.serve_one_model(server)),
            ("images", lambda: serving.refuse_remote_images(server)),
            ("exact_hit", lambda: serving.mend_exact_hits(server)),
            ("no_delay", lambda: serving.send_at_once(server)),
            ("privacy", serving.keep_bodies_out_of_logs),
            ("endings", lambda: endings.keep_endings(server)),
            ("requests", lambda: answering.follow_requests(server, work)),
            ("usage", lambda: answering.tell_usage_early(server)),
            ("logprobs", lambda: logprobs.tell_logprobs(server)),
            ("cancel", lambda: answering.notice_leaving(server)),
            ("progress", lambda: progress.report_work(server, work)),
            ("stats", lambda: memory.report_memory(mx, settings["stats_s"])),
        ],
        settings["without"],
    )
