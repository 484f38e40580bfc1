"""Signatures of attrs classes in the reference, which their source does not show."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import attrs
from griffe import Class, Extension, Function, Module, Parameter, ParameterKind, Parameters

KINDS = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: ParameterKind.positional_or_keyword,
    inspect.Parameter.KEYWORD_ONLY: ParameterKind.keyword_only,
}


class Signatures(Extension):
    """Add the constructor that attrs writes to each attrs class of a package."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Add the constructors after a package is loaded."""
        for found in _classes(pkg):
            if "__init__" not in found.members:
                real = getattr(import_module(found.module.path), found.name, None)
                if real is not None and attrs.has(real):
                    found.set_member("__init__", _constructor(found, real))


def _classes(module: Module) -> Iterator[Class]:
    """Yield the classes that a module and its submodules define."""
    for member in list(module.members.values()):
        if member.is_alias:
            continue
        if isinstance(member, Module):
            yield from _classes(member)
        elif isinstance(member, Class):
            yield member


def _constructor(parent: Class, real: type) -> Function:
    factories = {
        field.alias: field.default.factory
        for field in attrs.fields(real)
        if isinstance(field.default, attrs.Factory) and not field.default.takes_self
    }
    parameters = [Parameter("self", kind=ParameterKind.positional_or_keyword)]
    for name, own in inspect.signature(real).parameters.items():
        default = None
        if name in factories:
            default = _shown(factories[name]())
        elif own.default is not own.empty:
            default = _shown(own.default)
        parameters.append(Parameter(name, kind=KINDS[own.kind], default=default))
    return Function("__init__", parent=parent, parameters=Parameters(*parameters))


def _shown(value: object) -> str:
    """Return the shortest call that makes a default."""
    if not attrs.has(type(value)):
        return repr(value)
    differing = [
        f"{field.alias}={getattr(value, field.name)!r}"
        for field in attrs.fields(type(value))
        if field.init and getattr(value, field.name) != field.default
    ]
    return f"{type(value).__name__}({', '.join(differing)})"
