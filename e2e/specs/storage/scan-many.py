"""Reads hub folders from stdin, one in a line, and prints as a list what huggingface_hub sees in each."""
import json
import sys

from huggingface_hub import scan_cache_dir

seen = []
for line in sys.stdin.read().splitlines():
    info = scan_cache_dir(line)
    repos = {repo.repo_id: sorted(revision.commit_hash for revision in repo.revisions) for repo in info.repos}
    seen.append({"warnings": [str(warning).replace(line, "HUB") for warning in info.warnings], "repos": repos})
json.dump(seen, sys.stdout)
