"""Prints, as one line of JSON, what this interpreter's mlx_lm can load: reads its files, imports none of them."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import sysconfig


def assigned(tree, name):
    """The literal that a module assigns to a name, or an empty one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                return {}
    return {}


def main():
    spec = importlib.util.find_spec("mlx_lm")
    if spec is None or not spec.submodule_search_locations:
        print(json.dumps({"version": None, "architectures": [], "files": [sysconfig.get_path("purelib")]}))
        return
    folder = spec.submodule_search_locations[0]
    models = os.path.join(folder, "models")
    known = set()
    for entry in os.listdir(models):
        if entry.endswith(".py"):
            with open(os.path.join(models, entry), encoding="utf-8") as file:
                # What mlx_lm looks for in a module of this folder; helpers have no such class.
                if re.search(r"^class Model\b|^Model\s*=|import .*\bModel\b", file.read(), re.MULTILINE):
                    known.add(entry[:-3])
    utils = os.path.join(folder, "utils.py")
    with open(utils, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    other_names = {name for name, target in assigned(tree, "MODEL_REMAPPING").items() if target in known}
    by_class = {name for (name, _), target in assigned(tree, "MODEL_ARCHITECTURE_REMAPPING").items() if target in known}
    print(
        json.dumps(
            {
                "version": importlib.metadata.version("mlx-lm"),
                "architectures": sorted(known | other_names | by_class),
                "files": [models, utils],
            }
        )
    )


main()
