"""Prints, as JSON, what huggingface_hub sees in a cache: argv = hub folder."""
import json
import sys

from huggingface_hub import scan_cache_dir, try_to_load_from_cache

info = scan_cache_dir(sys.argv[1])
json.dump(
    {
        "warnings": [str(warning) for warning in info.warnings],
        "repos": sorted(
            (
                {
                    "id": repo.repo_id,
                    "size": repo.size_on_disk,
                    "revisions": [{"commit": r.commit_hash, "refs": sorted(r.refs)} for r in repo.revisions],
                    "config": try_to_load_from_cache(repo.repo_id, "config.json", cache_dir=sys.argv[1]) is not None,
                }
                for repo in info.repos
            ),
            key=lambda repo: repo["id"],
        ),
    },
    sys.stdout,
)
