"""Pages from templates, in the language of the person who asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from gettext import NullTranslations
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gate.errors import GateError, RequestError
from gate.web.faults import FAULTS, page_fault
from gate.web.languages import DEFAULT, LANGUAGES, load_translations
from gate.web.words import Words

FOLDER: Final = Path(__file__).parent
API: Final = "/api/"
COOKIE: Final = "language"
TLS_COOKIE: Final = "__Host-language"
"""Over TLS, so that the plain HTTP of the gate's own screen can neither read nor write it."""


_IMPORT: Final = "/staff/people/import"
_MEANT: Final = MappingProxyType({("body-size", _IMPORT): "import-size"})
"""What a refusal means where it was asked for: there are other words for it then."""
BACK: Final = MappingProxyType({"import-size": _IMPORT})
"""Where it is done over, by the code of what went wrong."""


class Pages:
    """Every template, ready in every language."""

    def __init__(self) -> None:
        self._environments = {}
        self._translations = load_translations()
        for language, translations in self._translations.items():
            environment = Environment(
                loader=FileSystemLoader(FOLDER / "templates"),
                extensions=["jinja2.ext.i18n"],
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            # mypy does not see what the extension adds.
            environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
            environment.globals |= {"language": language, "languages": LANGUAGES}
            environment.globals["translated"] = partial(_translated, translations)
            self._environments[language] = environment

    def render(self, template: str, language: str, **values: object) -> str:
        """Give the text of one template."""
        return self._environments[language].get_template(template).render(values)

    def say(self, sentence: str, language: str) -> str:
        """Give one marked *sentence* in that language, for what is no template, such as a picture."""
        return self._translations[language].gettext(sentence)

    def page(
        self, request: Request, template: str, *, status: int = HTTPStatus.OK, **values: object
    ) -> Response:
        """Answer with a page in the asker's language; a language in the query is remembered for the session."""
        language = language_of(request)
        response = HTMLResponse(self.render(template, language, **values), status)
        if request.query_params.get("lang") == language:
            secure = request.url.scheme == "https"
            name = TLS_COOKIE if secure else COOKIE
            response.set_cookie(name, language, samesite="strict", httponly=True, secure=secure)
        return response

    def error(self, request: Request, error: GateError, status: int | None = None) -> Response:
        """Answer with what is wrong and the remedy: as JSON where a script asked, as a page otherwise."""
        is_api = request.url.path.startswith(API)
        if status is None:
            refused = HTTPStatus.CONFLICT if is_api else HTTPStatus.BAD_REQUEST
            status = refused if isinstance(error, RequestError) else HTTPStatus.SERVICE_UNAVAILABLE
        if is_api or request.headers.get("accept") == "application/json":
            return JSONResponse({"code": error.code, "what": error.what, "remedy": error.remedy}, status)
        words, back = words_of(error), BACK.get(error.code)
        return self.page(request, "error.html", status=status, error=error, words=words, back=back)

    def refuse(self, request: Request, code: str, status: int) -> Response:
        """Answer with a refusal of the pages' own, by its code in the table of faults."""
        path = request.url.path
        return self.error(request, page_fault(_MEANT.get((code, path), code)), status)


def _translated(translations: NullTranslations, sentences: Mapping[str, str]) -> dict[str, str]:
    """Give *sentences*, such as what is wrong with each field, in one language."""
    return {name: translations.gettext(sentence) for name, sentence in sentences.items()}


@cache
def ready_pages() -> Pages:
    """Give the pages of this process: each template is compiled once, when it is first shown."""
    return Pages()


def words_of(error: GateError) -> Words | None:
    """Give the translated words for *error*, or None where only its own English ones exist."""
    return FAULTS.get(error.code)


def language_of(request: Request) -> str:
    """Give the language from the query, else the cookie, else the first of the browser's that is here, else the default one."""
    kept = request.cookies.get(TLS_COOKIE, request.cookies.get(COOKIE))
    for wish in (request.query_params.get("lang"), kept):
        if wish is not None and wish in LANGUAGES:
            return wish
    spoken = {tag.partition("-")[0]: tag for tag in LANGUAGES}
    for wish in request.headers.get("accept-language", "").split(","):
        family = wish.partition(";")[0].strip().lower().partition("-")[0]
        if family in spoken:
            return spoken[family]
    return DEFAULT


def back_to(path: str) -> RedirectResponse:
    """Send the browser on with a GET, so that a reload repeats nothing."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
