"""The Model Context Protocol: the readouts as tools and resources for a language model's client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import ToolAnnotations
from pydantic import Field, ValidationError

from bot import contracts, json_output
from retrieval.bootstrap import Services
from retrieval.errors import NotFoundError, RapporteurError
from retrieval.models import InitiativeKind
from retrieval.search.scoping import Filters

P = ParamSpec("P")
T = TypeVar("T")

_INSTRUCTIONS = (
    "Official readouts (communiqués, joint statements, summaries of meetings). Quote only what stands in `quote` or `text`, "
    "word for word, and cite it by document and paragraph (¶). The status not_found means that the sources do not answer; "
    "closest, that what is in `nearest` may."
)
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Documents = Annotated[
    list[str] | None, Field(description="Ids of the readouts to look in; none: all of them.")
]
Since = Annotated[
    str | None, Field(description="Only readouts from this day, month or year on: 2024, 2024-03-05.")
]
Until = Annotated[str | None, Field(description="Only readouts up to this day, month or year.")]
Issuer = Annotated[str | None, Field(description="Only readouts of this issuer.")]


def build_server(services: Services, most_at_once: int = 4) -> MCPServer[None]:
    """Return the server: it reads the shared readouts and nothing else.

    Args:
        services: Of a store that was opened for reading; closed by whoever opened it.
        most_at_once: Calls that read the store at the same time.
    """
    server = _Server("rapporteur", instructions=_INSTRUCTIONS, log_level="WARNING")
    tools, turns = Tools(services), threading.BoundedSemaphore(most_at_once)
    for tool in (
        tools.ask, tools.search, tools.paragraph, tools.documents, tools.initiatives, tools.compare, tools.check
    ):  # fmt: skip
        server.add_tool(_told(tool, turns, ToolError), annotations=_READS)
    server.resource(
        "readout://{document}", name="readout", description="One readout whole, a paragraph a line with its number.",
        mime_type="text/plain",
    )(_told(tools.readout, turns, ResourceError))  # fmt: skip
    return server


class _Server(MCPServer[None]):
    """Says in a sentence what is wrong with the arguments of a call."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> Any:
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(cause := error.__cause__, ValidationError):
                raise ToolError(_unusable(cause)) from cause
            raise


def _unusable(error: ValidationError) -> str:
    told = []
    for each in error.errors(include_input=False, include_url=False):
        reason = each["msg"][:1].lower() + each["msg"][1:]
        told.append(f'"{each["loc"][0]}"{" is missing" if each["type"] == "missing" else f": {reason}"}')
    return "; ".join(dict.fromkeys(told)) + "."


def _told(
    tool: Callable[P, T], turns: threading.BoundedSemaphore, failure: type[Exception]
) -> Callable[P, T]:
    """Let a call wait for its turn, and the client hear, in its sentence, why nothing was done."""

    @wraps(tool)
    def called(*given: P.args, **more: P.kwargs) -> T:
        try:
            with turns:
                return tool(*given, **more)
        except RapporteurError as error:
            sentence = error.sentence if isinstance(error, NotFoundError) else str(error)
            raise failure(sentence) from error

    return called


class Tools:
    """What a client can call; a method's docstring is what its model reads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def ask(
        self,
        question: str,
        documents: Documents = None,
        since: Since = None,
        until: Until = None,
        issuer: Issuer = None,
    ) -> contracts.AnswerJson:
        """Answer a question in the readouts' own words: statements, each an exact quote with its paragraph."""
        filters = Filters.typed(documents or (), since, until, issuer)
        return json_output.answer_json(*self._services.answering.timed_ask(question, filters=filters))

    def search(
        self,
        query: str,
        limit: Annotated[int, Field(ge=1, le=24)] = 5,
        documents: Documents = None,
        since: Since = None,
        until: Until = None,
    ) -> contracts.SearchJson:
        """Return the paragraphs nearest to some words, whole, best first."""
        filters = Filters.typed(documents or (), since, until)
        hits = self._services.answering.search(query, filters=filters, top_k=limit)
        return json_output.search_json(query, hits, self._services.browser.damaged(filters=filters))

    def paragraph(self, document: str, number: str) -> contracts.ParagraphJson:
        """Return one paragraph, word for word, by the number it is cited with: 7, 12(a), intro."""
        browser = self._services.browser
        found = browser.paragraph(document, number.removeprefix("¶"))
        return json_output.paragraph_json(found, browser.table(found))

    def documents(
        self,
        since: Since = None,
        until: Until = None,
        issuer: Issuer = None,
        title: Annotated[str | None, Field(description="Only with these words in the title.")] = None,
    ) -> contracts.DocumentsJson:
        """List the readouts, newest first: id, title, date, issuer, series."""
        found = self._services.browser.documents(filters=Filters.typed((), since, until, issuer, title))
        return json_output.documents_json(found)

    def initiatives(
        self,
        documents: Documents = None,
        kind: InitiativeKind | None = None,
        since: Since = None,
        until: Until = None,
    ) -> contracts.InitiativesJson:
        """List what was announced, launched, continued, resumed, supported or asked for, each with its sentence."""
        filters = Filters.typed(documents or (), since, until)
        browser = self._services.browser
        listed = browser.initiatives(filters=filters, kind=kind)
        return json_output.initiatives_json(listed, browser.damaged(filters=filters))

    def compare(self, a: str, b: str, topic: str | None = None) -> contracts.ComparisonJson:
        """Return two readouts side by side, by their ids: what is new, gone, moved, and the words that changed."""
        return json_output.comparison_json(self._services.comparing.compare(a, b, topic))

    def check(self, claim: str, document: str | None = None) -> contracts.CheckJson:
        """Say whether a claim stands in the readouts verbatim; else the nearest sentences and what differs."""
        return json_output.check_json(self._services.checking.check(claim, document=document))

    def readout(self, document: str) -> str:
        """Return one readout whole."""
        summary, paragraphs, _ = self._services.browser.reading(document)
        head = " · ".join(part for part in (summary.title, summary.date, summary.issuer) if part)
        return "\n\n".join([head, *(f"{p.place} {p.text}" for p in paragraphs)])
