"""Prints, as one line of JSON, what this interpreter's mlx_lm can load: reads its files, imports none of them."""

import ast
import functools
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
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


@functools.cache
def is_installed(package):
    try:
        return package in sys.builtin_module_names or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


LEAVERS = {"exit", "quit", "_exit", "abort"}
CATCHERS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def leaves(statement):
    """Whether a statement raises, or ends the interpreter."""
    if isinstance(statement, ast.Raise):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    return name in LEAVERS


def catches(handler):
    """Whether a branch takes the error of an import that found nothing."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(getattr(kind, "id", None) in CATCHERS for kind in kinds)


class Modules:
    """The modules of one folder, and what keeps each from being imported."""

    def __init__(self, folder):
        self.folder = folder
        self.texts = {}
        self.missing = {}

    def text(self, name):
        """A module's text; None when the folder has no such file."""
        if name not in self.texts:
            try:
                with open(os.path.join(self.folder, name + ".py"), encoding="utf-8") as file:
                    self.texts[name] = file.read()
            except (OSError, ValueError):
                self.texts[name] = None
        return self.texts[name]

    def is_model(self, name):
        """Whether a module has what mlx_lm looks for in it; helpers have no such class."""
        text = self.text(name) or ""
        return re.search(r"^class Model\b|^Model\s*=|import .*\bModel\b", text, re.MULTILINE) is not None

    def is_doubtful(self, text):
        """Whether an import, wherever it stands, may find nothing. Parsing all files would take ten times as long."""
        if re.search(r"^\s*from\s+\.\s+import\b", text, re.MULTILINE):
            return True
        own = re.findall(r"^\s*from\s+\.(\w+)", text, re.MULTILINE)
        others = re.findall(r"^\s*from\s+(\w+)", text, re.MULTILINE)
        for line in re.findall(r"^\s*import\s+([^#\n;]+)", text, re.MULTILINE):
            others += re.findall(r"(?:^|,)\s*(\w+)", line)
        return not all(map(is_installed, others)) or any(self.lacks(module) is not None for module in own)

    def lacks(self, name):
        """What a module of the folder needs and does not find, with a dot before what is not a package; None when it can be imported."""
        if name in self.missing:
            return self.missing[name]
        self.missing[name] = None
        text = self.text(name)
        if text is None:
            self.missing[name] = None if os.path.isdir(os.path.join(self.folder, name)) else "." + name
        elif self.is_doubtful(text):
            try:
                self.missing[name] = self.stops(ast.parse(text).body)[0]
            except (SyntaxError, ValueError):
                self.missing[name] = "." + name
        return self.missing[name]

    def imported(self, statement):
        """The package that an import needs and does not find; None when it finds everything."""
        if isinstance(statement, ast.Import):
            wanted = [alias.name.split(".")[0] for alias in statement.names]
        elif statement.level == 0:
            wanted = [statement.module.split(".")[0]]
        elif statement.level == 1 and statement.module:
            return self.lacks(statement.module.split(".")[0])
        elif statement.level == 1:
            found = [self.lacks(alias.name) for alias in statement.names if self.text(alias.name) is not None]
            return next((package for package in found if package is not None), None)
        else:
            return None
        return next((package for package in wanted if not is_installed(package)), None)

    def stops(self, statements):
        """(package, ended): whether these statements end before their last one, and for the lack of which package."""
        for statement in statements:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                package = self.imported(statement)
                if package is not None:
                    return package, True
            elif isinstance(statement, ast.Try):
                package, _ = self.stops(statement.body)
                branch = next((handler for handler in statement.handlers if catches(handler)), None)
                if package is None:
                    package, ended = self.stops(statement.orelse)
                elif branch is None:
                    ended = True
                else:
                    inner, ended = self.stops(branch.body)
                    package = inner or package
                if package is not None and ended:
                    return package, True
            elif leaves(statement):
                return None, True
        return None, False


def main():
    spec = importlib.util.find_spec("mlx_lm")
    purelib = sysconfig.get_path("purelib")
    if spec is None or not spec.submodule_search_locations:
        print(json.dumps({"version": None, "architectures": [], "files": [purelib]}))
        return
    folder = spec.submodule_search_locations[0]
    models = os.path.join(folder, "models")
    modules = Modules(models)
    names = [entry[:-3] for entry in os.listdir(models) if entry.endswith(".py")]
    found = {name: modules.lacks(name) for name in names if modules.is_model(name)}
    known = {name for name, package in found.items() if package is None}
    lacking = {name: package for name, package in found.items() if package and not package.startswith(".")}
    utils = os.path.join(folder, "utils.py")
    with open(utils, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    remapped = assigned(tree, "MODEL_REMAPPING")
    other_names = {name for name, target in remapped.items() if target in known}
    lacking.update({name: lacking[target] for name, target in remapped.items() if target in lacking})
    by_class = {name for (name, _), target in assigned(tree, "MODEL_ARCHITECTURE_REMAPPING").items() if target in known}
    print(
        json.dumps(
            {
                "version": importlib.metadata.version("mlx-lm"),
                "architectures": sorted(known | other_names | by_class),
                # Those that only lack a package, by name.
                "lacking": lacking,
                # Of the folder of packages the time changes with what is installed.
                "files": [models, utils, purelib],
            }
        )
    )


main()
