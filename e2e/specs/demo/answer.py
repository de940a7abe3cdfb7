"""Loads every model of a cache with the real mlx_lm and prints, as JSON, what it says: argv = hub folder, prompt, token limit."""
import glob
import json
import sys

from mlx_lm import load, stream_generate
from mlx_lm.sample_utils import make_sampler

hub, question, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
found = []
for path in sorted(glob.glob(f"{hub}/models--*/snapshots/*")):
    model, tokenizer = load(path)
    messages = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    silent = tokenizer.apply_chat_template(messages, add_generation_prompt=True, enable_thinking=False)
    runs = []
    for temperature, tokens in ((0.0, prompt), (1.0, prompt), (0.0, silent)):
        sampler = make_sampler(temp=temperature)
        parts = list(stream_generate(model, tokenizer, tokens, max_tokens=limit, sampler=sampler))
        runs.append(
            {
                "text": "".join(part.text for part in parts),
                "pieces": len(parts),
                "finish_reason": parts[-1].finish_reason,
            }
        )
    found.append({"path": path, "thinks": tokenizer.has_thinking, "runs": runs})
json.dump(found, sys.stdout)
