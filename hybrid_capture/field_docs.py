"""The docstring under each field of a model, as it stands in the source: for printed pages and contracts."""

from __future__ import annotations

import ast
import inspect
import textwrap

from pydantic import BaseModel


def field_docs(model: type[BaseModel], grouped: bool = False) -> dict[str, str]:
    """Field -> its docstring on one line, fields of base classes included. Fields without one are left out.

    `grouped`: a docstring is also that of the fields right above its own which have none.
    """
    docs: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each.__module__.split(".")[0] != "pydantic":
            docs |= _own_docs(each, grouped)
    return {name: text for name, text in docs.items() if name in model.model_fields}


def _own_docs(model: type[BaseModel], grouped: bool) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    waiting: list[str] = []
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting = [*waiting, node.target.id] if grouped else [node.target.id]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docs |= dict.fromkeys(waiting, " ".join(str(node.value.value).split()))
            waiting = []
        else:
            waiting = []
    return docs
