"""Writes wheels that look like the engine's packages to an installer, and a lock for them.

Run as: python3 tiny-wheels.py FOLDER MLX_LM_VERSION ANSWER, where ANSWER is what its model says in the self-test.
"""

import base64
import hashlib
import os
import sys
import zipfile

folder, version, answer = sys.argv[1:]
wheels = os.path.join(folder, "wheels")
locks = os.path.join(folder, "resources", "engine", "lock")
os.makedirs(wheels, exist_ok=True)
os.makedirs(locks)
core = "class _Device:\n    type = 'gpu'\nclass DeviceType:\n    cpu = 'cpu'\ndefault_device = _Device\n"
mlx_lm = f"""
class Tokenizer:
    def apply_chat_template(self, messages, **more):
        return [1]
def load(path):
    return open(path + "/config.json").read(), Tokenizer()
def generate(model, tokenizer, prompt, max_tokens):
    return {answer!r}
"""
packages = {
    "mlx": ("0.32.4", {"mlx/__init__.py": "", "mlx/core.py": core}),
    "mlx-lm": (version, {"mlx_lm/__init__.py": mlx_lm, "mlx_lm/server.py": "", "mlx_lm/models/__init__.py": "", "mlx_lm/models/llama.py": "x = 1\n"}),
    "transformers": ("5.0", {"transformers/__init__.py": ""}),
}
# Enough of them that there is time to be interrupted.
packages |= {f"filler-{i}": ("1.0", {f"filler_{i}/m{j}.py": "x = 1\n" * 200 for j in range(20)}) for i in range(8)}
lines = []
for name, (release, files) in packages.items():
    stem = f"{name.replace('-', '_')}-{release}"
    info = f"{stem}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode() for path, text in files.items()}
    record = "".join(f"{path},sha256={digests[path]},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    path = os.path.join(wheels, f"{stem}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in files.items():
            wheel.writestr(zipfile.ZipInfo(inside), text)
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    lines.append(f"{name}=={release} \\\n    --hash=sha256:{digest}\n")
for platform in ("macos-arm64", "linux-x64", "linux-arm64"):
    with open(os.path.join(locks, f"{platform}.txt"), "w") as lock:
        lock.writelines(lines)
