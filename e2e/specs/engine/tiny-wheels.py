"""Writes wheels that look like the engine's packages to an installer, and a lock for them. Run as: python3 tiny-wheels.py FOLDER"""

import hashlib
import os
import sys
import zipfile

folder = sys.argv[1]
wheels = os.path.join(folder, "wheels")
resources = os.path.join(folder, "resources", "engine")
os.makedirs(wheels)
os.makedirs(resources)
packages = {
    "mlx": ("0.32.4", {"mlx/__init__.py": "", "mlx/core.py": "ones = lambda n: n\neval = lambda x: x\n"}),
    "mlx-lm": ("0.32.2", {"mlx_lm/__init__.py": "", "mlx_lm/server.py": ""}),
    "transformers": ("5.0", {"transformers/__init__.py": ""}),
}
# Enough of them that there is time to be interrupted.
packages |= {f"filler-{i}": ("1.0", {f"filler_{i}/m{j}.py": "x = 1\n" * 200 for j in range(20)}) for i in range(8)}
lines = []
for name, (version, files) in packages.items():
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = os.path.join(wheels, f"{stem}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in files.items():
            wheel.writestr(inside, text)
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}\n")
with open(os.path.join(resources, "lock.txt"), "w") as lock:
    lock.writelines(lines)
