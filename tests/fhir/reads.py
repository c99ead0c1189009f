"""What alerts/ reads of a chart, found in its source: which kinds of reading and of problem.

A door is a function whose argument becomes a kind (`Moment.within` and all that pass theirs on).
What the source names at a door is a kind; what it takes from the knowledge is listed beside it.
An argument that can be followed neither way is told, so that nobody adds a blind one.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# methods of Moment and Scene -> the place of the kind, or of the kinds
DOORS = {"within": 0, "recent": 0, "readings": 0, "between": 0, "raw": 0, "coded": 0}
# how the screen of new facts learns what the rules read is not a rule
_LEFT = ("screening",)
Where = tuple[str, str]


class Source:
    """One module with the functions around each node."""

    def __init__(self, path: Path) -> None:
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self.tree = ast.parse(path.read_text("utf-8"))
        self.around: dict[ast.AST, tuple[ast.AST, ...]] = {}
        self._walk(self.tree, ())

    def _walk(self, node: ast.AST, around: tuple[ast.AST, ...]) -> None:
        self.around[node] = around
        inner = (*around, node)
        for child in ast.iter_child_nodes(node):
            self._walk(child, inner)

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        found = [n for n in self.around[node] if isinstance(n, ast.FunctionDef)]
        return found[-1] if found else None


@cache
def sources() -> tuple[Source, ...]:
    paths = sorted((ROOT / "alerts").rglob("*.py"))
    return tuple(Source(p) for p in paths if not set(p.parts) & set(_LEFT))


class Reads:
    """`kinds`: named in the source; `blind`: where an argument could not be followed."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.blind: set[Where] = set()
        # (module, "" for a public name) and name -> the place of the kind
        self._doors: dict[Where, int] = {("", name): place for name, place in DOORS.items()}
        while True:
            known = len(self._doors)
            self.blind.clear()
            for source in sources():
                self._look(source)
            if len(self._doors) == known:
                return

    def _look(self, source: Source) -> None:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                place = self._doors.get(_door(source, _name(node.func)))
                if place is not None and place < len(node.args):
                    self._follow(source, node, node.args[place])
            elif isinstance(node, ast.Compare):
                self._compared(source, node)

    def _compared(self, source: Source, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        kinds = [s for s in sides if isinstance(s, ast.Attribute) and s.attr == "kind"]
        others = [s for s in sides if s not in kinds]
        if kinds and len(others) == 1 and not _is_enum(others[0]):
            self._follow(source, node, others[0])

    def _follow(self, source: Source, node: ast.AST, told: ast.expr) -> None:
        values = self._values(source, node, told)
        function = source.function(node)
        if values is not None:
            self.kinds |= values
        elif function is not None and isinstance(told, ast.Name):
            names = [a.arg for a in function.args.args if a.arg != "self"]
            if told.id in names:
                self._doors.setdefault(_door(source, function.name), names.index(told.id))
            else:
                self.blind.add((source.name, function.name))
        else:
            self.blind.add((source.name, function.name if function else ""))

    def _values(self, source: Source, node: ast.AST, told: ast.expr) -> set[str] | None:
        """The texts that an expression stands for; None when it cannot be told."""
        if isinstance(told, ast.Constant):
            return {told.value} if isinstance(told.value, str) else set()
        if isinstance(told, (ast.List, ast.Tuple, ast.Set)):
            parts = [self._values(source, node, part) for part in told.elts]
            return None if None in parts else set().union(*(p for p in parts if p))
        if isinstance(told, ast.IfExp):
            parts = [self._values(source, node, part) for part in (told.body, told.orelse)]
            return None if None in parts else set().union(*(p for p in parts if p))
        if not isinstance(told, ast.Name):
            return None
        looped = _iterated(source, node, told.id)
        if looped is not None:
            return self._values(source, node, looped)
        return _constant(source.name, told.id)


def _door(source: Source, name: str) -> Where:
    """A private function is a door of its module only."""
    return (source.name if name.startswith("_") else "", name)


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _is_enum(side: ast.expr) -> bool:
    """Signs are a closed list of their own, alerts too; `x.kind == y.kind` names nothing."""
    return (
        isinstance(side, ast.Attribute)
        and isinstance(side.value, ast.Name)
        and (side.value.id in {"SignKind", "AlertKind"} or side.attr == "kind")
    )


def _iterated(source: Source, node: ast.AST, name: str) -> ast.expr | None:
    """What a loop variable runs over, in the loops around or beside a node."""
    for around in (*reversed(source.around[node]), *source.around[node]):
        for each in _loops(around):
            target, runs = each.target, each.iter
            if isinstance(target, ast.Name) and target.id == name:
                return runs
            if isinstance(target, ast.Tuple) and _is_first(target, name):
                return _firsts(runs)
    return None


def _is_first(target: ast.Tuple, name: str) -> bool:
    first = target.elts[0]
    return isinstance(first, ast.Name) and first.id == name


def _firsts(runs: ast.expr) -> ast.expr:
    """The first of each pair, where the pairs are written down; else what is run over."""
    if isinstance(runs, (ast.Tuple, ast.List)) and all(isinstance(e, ast.Tuple) for e in runs.elts):
        return ast.Tuple([e.elts[0] for e in runs.elts if isinstance(e, ast.Tuple)], ast.Load())
    if isinstance(runs, ast.Call) and isinstance(runs.func, ast.Attribute):
        return runs.func.value  # ENTERED.items()
    return runs


def _loops(node: ast.AST) -> Iterator[ast.For | ast.comprehension]:
    if isinstance(node, ast.For):
        yield node
    yield from getattr(node, "generators", ())


def _constant(module: str, name: str) -> set[str] | None:
    value: Any = getattr(importlib.import_module(module), name, None)
    if isinstance(value, str):
        return {value}
    if isinstance(value, (tuple, frozenset, set, list, dict)):
        return {str(v) for v in value if isinstance(v, str)}
    return None
