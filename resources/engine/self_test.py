"""Proves that an environment works: every file of its packages is there, mlx_lm can be imported, and a model answers.

Run as: python -I self_test.py MODEL_FOLDER. Its last line is JSON: the answer, versions, and where the packages are. Ends with 1 and a
sentence on stderr when something is wrong.
"""

import csv
import importlib.metadata
import json
import os
import platform
import sys
import sysconfig


def find_damage():
    """The first file that a package brought and that is gone or of another size. Read from RECORD itself: newer Pythons leave missing
    files out of what they list."""
    for package in importlib.metadata.distributions(path=[sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]):
        for path, _, size, *_ in csv.reader((package.read_text("RECORD") or "").splitlines()):
            if path.endswith(".pyc"):
                continue
            try:
                found = os.stat(package.locate_file(path)).st_size
            except OSError:
                return f"{path} is missing from {package.name}"
            if size and int(size) != found:
                return f"{path} of {package.name} is damaged: {found} bytes instead of {size}"
    return None


def ask(model_folder):
    import mlx.core as mx

    # Else a CPU's first answer waits for a C++ compiler.
    if mx.default_device().type == mx.DeviceType.cpu:
        mx.disable_compile()
    import mlx_lm.server  # noqa: F401 (what an engine imports)
    from mlx_lm import generate, load

    model, tokenizer = load(model_folder)
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "Do you work?"}], add_generation_prompt=True)
    return generate(model, tokenizer, prompt=prompt, max_tokens=64)


def main():
    damage = find_damage()
    if damage is not None:
        sys.exit(f"error: {damage}")
    answer = ask(sys.argv[1])
    version = importlib.metadata.version
    facts = {"python": platform.python_version(), "site_packages": sysconfig.get_path("purelib")}
    print(json.dumps(facts | {"answer": answer, "mlx": version("mlx"), "mlx_lm": version("mlx-lm"), "transformers": version("transformers")}))


main()
