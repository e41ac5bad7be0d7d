"""What somebody typed into a form of the staff's pages, and what is wrong with which field."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from gate.errors import RequestError
from gate.web.pages import words_of


async def typed(request: Request, *names: str) -> dict[str, str]:
    """Give the text fields of these names, without blanks around them; what is missing is empty."""
    form = await request.form()
    told = ((name, form.get(name, "")) for name in names)
    return {name: value.strip() if isinstance(value, str) else "" for name, value in told}


def at_field(error: RequestError, fields: Mapping[str, str]) -> dict[str, str]:
    """Give what *error* says beside the field that its code names in *fields*. Raises *error* where none is named."""
    name = fields.get(error.code)
    if name is None:
        raise error
    words = words_of(error)
    return {name: words.title if words else error.what}
