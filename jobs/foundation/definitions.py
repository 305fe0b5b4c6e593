"""Find the definitions that code reaches, and hash what they say.

A definition is a function, a class with its methods, or a constant. Its text is its syntax tree without comments, docstrings,
imports and annotations of functions. Another definition of ours appears in it by name and digest, never by module, so that a module
may be moved, renamed or merged without a change of the hash, which is the same on Python 3.11, 3.12 and 3.13.

Names are followed as they are written: also imports inside functions, attributes of modules, classes in annotations, and strings
that are dotted names. A name that is put together while the program runs (``getattr``, ``import_module``) cannot be followed.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("expectations", "models", "jobs", "simulation", "benchmarks")
"""Packages of ours, whose definitions are followed."""
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_HAS_OWN_BODY = (*_FUNCTIONS, ast.ClassDef)
_BINDS: dict[type[ast.AST], str] = {
    **dict.fromkeys((*_HAS_OWN_BODY, ast.ExceptHandler, ast.MatchAs, ast.MatchStar), "name"),
    ast.arg: "arg",
    ast.MatchMapping: "rest",
}
"""Kinds of nodes that bind a name, and the attribute that holds it."""
Scopes = tuple[tuple[bool, Mapping[str, str | None]], ...]
"""Enclosing scopes, outermost first: whether it is a class, and what its names are (an imported dotted name, or None if local)."""


class Key(NamedTuple):
    """A definition: its module and its name. Without a name, all of the module; ``#1`` is a statement that defines nothing."""

    module: str
    name: str


@dataclass
class Definition:
    """A definition's text in parts (a key stands for a reference), what it needs besides, and the data files that it reads."""

    parts: list[str | Key] = field(default_factory=list)
    needs: set[Key] = field(default_factory=set)
    is_reader: bool = False
    data: tuple[Path, ...] = ()

    def text(self, digests: Mapping[Key, str]) -> str:
        """The text, in which a reference is the name and, if known, the digest of what it refers to."""
        return " ".join(part if isinstance(part, str) else f"{part.name}@{digests.get(part, '')}" for part in self.parts)


@dataclass
class Module:
    """A parsed module: what its names are imported from, and the statements that define each name (or ``#1``, ``#2``)."""

    path: Path
    imports: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)

    def add(self, statements: Iterable[ast.stmt]) -> None:
        """Take in statements of the module's top level."""
        for statement in statements:
            condition = ast.unparse(statement.test) if isinstance(statement, ast.If) else ""
            if isinstance(statement, ast.If) and condition.endswith("TYPE_CHECKING"):
                self.add(statement.body)
            if condition.endswith(("TYPE_CHECKING", "__name__ == '__main__'")):
                continue
            bound = bound_names([statement])
            self.imports |= {name: origin for name, origin in bound.items() if origin}
            if not _is_left_out(statement):
                for name in [name for name, origin in bound.items() if origin is None] or [f"#{len(self.definitions)}"]:
                    self.definitions.setdefault(name, []).append(statement)


class Tree:
    """The Python packages below a folder. Modules are parsed once, when they are first reached."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[str, Module | None] = {}
        self._definitions: dict[Key, Definition] = {}

    def hash_of(self, roots: Iterable[str], stops: Iterable[str] = (), files: Iterable[Path] = ()) -> str:
        """The hash, 16 hexadecimal digits, of the definitions that the roots reach, of the data that these read, and of files."""
        reached = self.reached(roots, stops)
        shallow = {key: hashlib.sha256(one.text({}).encode()).hexdigest() for key, one in reached.items()}
        texts = {one.text(shallow) for one in reached.values()}
        paths = {*files, *(path for one in reached.values() for path in one.data)}
        return hashlib.sha256(json.dumps(sorted({*texts, *map(_content, paths)})).encode()).hexdigest()[:16]

    def reached(self, roots: Iterable[str], stops: Iterable[str] = ()) -> dict[Key, Definition]:
        """The definitions that the roots reach, without those in modules that ``stops`` names."""
        ahead = [Key(*root.split(":")) if ":" in root else Key(root, "") for root in roots]
        whole, stops, found = {key.module for key in ahead if not key.name}, tuple(stops), dict[Key, Definition]()
        while ahead:
            key = ahead.pop()
            is_stopped = any(key.module == stop or key.module.startswith(f"{stop}.") for stop in stops)
            if key in found or (is_stopped and key.module not in whole):
                continue
            names = self._module(key.module).definitions
            ahead += [Key(key.module, name) for name in names if not key.name or name.startswith("#")]
            if key.name:
                found[key] = self._definition(key)
                ahead += found[key].needs
        return found

    def modules_of(self, packages: Iterable[str]) -> Iterator[str]:
        """The names of all modules in packages."""
        for package in packages:
            for path in sorted((self.root / package).rglob("*.py")):
                yield ".".join(path.relative_to(self.root).with_suffix("").parts).removesuffix(".__init__")

    def resolve(self, dotted: str) -> tuple[Key | None, str]:
        """The definition of ours that a dotted name refers to (None if it is not ours), and the attributes that follow it.

        Raises:
            LookupError: when our module of that name does not define it.
        """
        if dotted.split(".")[0] not in PACKAGES:
            return None, ""
        module, rest = dotted, ""
        while module and self._find(module) is None:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}".rstrip(".")
        if not module or not rest:
            return (Key(module, "") if module else None), ""
        name, _, attributes = rest.partition(".")
        found = self._module(module)
        if name in found.definitions:
            return Key(module, name), attributes
        if name in found.imports:
            return self.resolve(f"{found.imports[name]}.{attributes}".rstrip("."))
        raise LookupError(f"{module} does not define {name}")

    def _find(self, name: str) -> Module | None:
        if name not in self._modules:
            base = self.root.joinpath(*name.split("."))
            path = next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
            self._modules[name] = found = Module(path) if path else None
            if found is not None:
                found.add(ast.parse(found.path.read_text(encoding="utf-8")).body)
        return self._modules[name]

    def _module(self, name: str) -> Module:
        if (found := self._find(name)) is None:
            raise LookupError(f"there is no module {name}")
        return found

    def _definition(self, key: Key) -> Definition:
        if key not in self._definitions:
            statements = self._module(key.module).definitions.get(key.name)
            if statements is None:
                raise LookupError(f"{key.module} does not define {key.name}")
            writer = _Writer(self, key.module, self._module(key.module))
            writer.write(statements, ())
            self._definitions[key] = writer.finished(statements)
        return self._definitions[key]


class _Writer:
    """Writes syntax trees as a text that is the same on all versions of Python and in whatever module they are."""

    def __init__(self, tree: Tree, name: str, module: Module) -> None:
        self.tree, self.name, self.module = tree, name, module
        self.definition = Definition()

    def finished(self, statements: Iterable[ast.stmt]) -> Definition:
        """The definition, with the data files beside the module that its strings name, if it reads files of a package."""
        if self.definition.is_reader:
            names = {name for statement in statements for node in ast.walk(statement) if (name := _file_pattern(node))}
            self.definition.data = tuple(sorted(path for name in names for path in self.module.path.parent.glob(name)))
        return self.definition

    def write(self, node: object, scopes: Scopes) -> None:
        """Write a node, a list of nodes or a value."""
        if isinstance(node, list):
            self._out("[")
            for one in node:
                if not _is_left_out(one):
                    self.write(one, scopes)
            self._out("]")
        elif not isinstance(node, ast.AST):
            self._out(ascii(node))
        elif not self._write_reference(node, scopes):
            self._write_node(node, scopes)

    def _write_node(self, node: ast.AST, scopes: Scopes) -> None:
        own, annotation = _own_scope(node, scopes), isinstance(node, (ast.arg, *_FUNCTIONS))
        annotation |= isinstance(node, ast.AnnAssign) and not (scopes and scopes[-1][0])
        self._out(f"{type(node).__name__}(")
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in ("ctx", "kind", "type_comment", "type_ignores"):
                continue
            if name in ("annotation", "returns") and annotation:
                self._follow(value, scopes[:-1] if isinstance(node, ast.arg) else scopes)
                continue
            self._out(f"{name}=")
            if name in ("body", "args", "elt", "key", "value", "generators"):
                within = own
            else:
                within = scopes[:-1] if name in ("defaults", "kw_defaults") else scopes
            self.write(_joined(value) if isinstance(node, ast.JoinedStr) else value, within)
        self._out(")")

    def _write_reference(self, node: ast.AST, scopes: Scopes) -> bool:
        """Write a name, an attribute of a module, or a string that is a dotted name as the definition it refers to."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PACKAGES):
            dotted = node.value if node.value.replace(".", "").replace("_", "").isalnum() and "." in node.value else None
        else:
            dotted = self._dotted(node, scopes)
        if dotted is None:
            return False
        try:
            key, attributes = self.tree.resolve(dotted)
        except LookupError:
            if isinstance(node, ast.Constant):
                return False
            raise
        if isinstance(node, ast.Constant) and (key is None or not key.name):
            return False
        if key is None:
            self.definition.is_reader |= dotted.startswith("importlib.resources")
            self._out(dotted)
        else:
            self.definition.needs.add(key)
            self.definition.parts += [key, attributes]
        return True

    def _dotted(self, node: ast.AST, scopes: Scopes) -> str | None:
        """The full dotted name of a name or attribute, if it is imported or defined in the module; None for what is local."""
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value, scopes)
            return f"{base}.{node.attr}" if base else None
        if not isinstance(node, ast.Name):
            return None
        self.definition.is_reader |= node.id == "__file__"
        here = f"{self.name}.{node.id}" if node.id in self.module.definitions else self.module.imports.get(node.id)
        for is_class, names in reversed(scopes):
            # A class may read a name of the module before it gives the same name to a field.
            if node.id in names and not (is_class and here and isinstance(node.ctx, ast.Load)):
                return names[node.id]
        return here

    def _follow(self, node: ast.AST, scopes: Scopes) -> None:
        """Follow what an annotation names, since methods of its classes are called, but leave it out of the text."""
        writer = _Writer(self.tree, self.name, self.module)
        writer.write(node, scopes)
        self.definition.needs |= writer.definition.needs

    def _out(self, text: str) -> None:
        self.definition.parts.append(text)


def bound_names(nodes: Iterable[ast.AST]) -> dict[str, str | None]:
    """The names that statements bind in their own scope: to the dotted name that is imported, or to None."""
    found: dict[str, str | None] = {}
    ahead, outer = list(nodes), set[str]()
    while ahead:
        node = ahead.pop()
        kind = type(node)
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found[node.id] = None
        elif isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name.split(".")[0]] = one.name if one.asname else one.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names if node.module != "__future__"}
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer |= set(node.names)
        elif kind in _COMPREHENSIONS:
            ahead += [one.target for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]
        elif kind is not ast.Lambda:
            if name := getattr(node, _BINDS.get(kind, ""), None):
                found[name] = None
            if kind not in _HAS_OWN_BODY:
                ahead += ast.iter_child_nodes(node)
    return {name: origin for name, origin in found.items() if name not in outer}


def _own_scope(node: ast.AST, scopes: Scopes) -> Scopes:
    """The scopes inside a node: those around it, and its own if it has one. A function does not see the names of its class."""
    if isinstance(node, ast.ClassDef):
        return (*scopes, (True, bound_names(node.body)))
    if isinstance(node, _FUNCTIONS):
        names = bound_names([node.args, *node.body])
    elif isinstance(node, ast.Lambda):
        names = bound_names([node.args])
    elif isinstance(node, _COMPREHENSIONS):
        names = bound_names([one.target for one in node.generators])
    else:
        return scopes
    return (*(scope for scope in scopes if not scope[0]), (False, names))


def _is_left_out(node: object) -> bool:
    """Whether a node is an import, or a string that stands alone such as a docstring."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, whose texts versions of Python cut at different places."""
    found: list[ast.expr] = []
    for one in values:
        if isinstance(one, ast.Constant) and found and isinstance(last := found[-1], ast.Constant):
            found[-1] = ast.Constant(str(last.value) + str(one.value))
        elif not isinstance(one, ast.Constant) or one.value:
            found.append(one)
    return found


def _file_pattern(node: ast.AST) -> str | None:
    """The pattern of names of data files that a string or f-string gives, such as ``denied.toml`` or ``*.csv``."""
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    name = "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in values)
    name = f"*{name}" if name.startswith(".") else name
    return name if name.endswith((".toml", ".csv")) and "/" not in name else None


def _content(path: Path) -> str:
    """What a data file says: of TOML and CSV without comments and layout."""
    if path.suffix == ".toml":
        return f"{path.name} {json.dumps(tomllib.loads(path.read_text(encoding='utf-8')), default=str)}"
    if path.suffix == ".csv":
        return f"{path.name} {json.dumps(list(csv.reader(path.read_text(encoding='utf-8').splitlines())))}"
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
