"""Renders a DDL template: its holes filled, the shared macros at hand.

Knows Jinja. The package's loader calls it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import jinja2

from lakehunt.errors import ContentError, Location, Problem


def render(folders: Sequence[Path], where: Location, body: str, holes: Mapping[str, str]) -> str:
    """Return the SQL of a template; what it imports is looked up in the folders, in order.

    Raises:
        ContentError: the template is broken, or names a hole that there is not.
    """
    try:
        return _environment(tuple(folders)).from_string(body).render(holes)
    except jinja2.TemplateError as error:
        line = where.line - 1 + (getattr(error, "lineno", None) or 1)
        problem = Problem(Location(where.path, line), f"template: {error}")
        raise ContentError([problem]) from error


@cache
def _environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    # shared, so that what many templates import is compiled once; a changed file is read again
    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  SQL, made of content files and checked configuration
        loader=jinja2.FileSystemLoader([*folders]),
    )
