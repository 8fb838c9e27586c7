"""What dbt's `adapter` looks like to sqlfluff: every dispatched macro is one expression."""

from collections.abc import Callable


def dispatch(name: str, *_: object) -> Callable[..., str]:
    """A stand-in for the macro that the engine at hand would get."""
    return lambda *arguments: f"{name}({', '.join(str(argument) for argument in arguments)})"
