"""What can be asked with beside a text, as options of the commands that search and explain."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from workbench.cli.session import clean, page_ref

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.types import PageRef, Query


def region(text: str) -> tuple[PageRef | None, tuple[float, float, float, float]]:
    """A part of a page from the command line, ``a.pdf#page=3@0.1,0.2,0.5,0.4``, or, without a page, of a picture."""
    page, _, box = text.rpartition("@")
    try:
        x0, y0, x1, y1 = (float(value) for value in box.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"'{clean(text)}' is not a part of a page; write one as report.pdf#page=3@0.1,0.2,0.5,0.4, "
            "with x0,y0,x1,y1 as fractions of the page"
        ) from None
    return page_ref(page) if page else None, (x0, y0, x1, y1)


def parts(text: str) -> dict[str, Any]:
    """A query in its JSON form."""
    try:
        found = json.loads(clean(text))
    except ValueError as error:
        raise typer.BadParameter(f"this is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("a query is an object with a list of 'parts'")
    return found


Text = Annotated[str | None, typer.Argument(metavar="QUERY", parser=clean, help="What to look for, in words.")]
TextAndPage = Annotated[
    list[str],
    typer.Argument(metavar="[QUERY] PAGEREF", parser=clean, help="A question, and a page as report.pdf#page=12."),
]
Image = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="Look for pages like this picture; may be repeated."),
]
Repair = Annotated[
    list[str] | None,
    typer.Option(
        "--repair",
        metavar="STEP",
        parser=clean,
        help="Mend the picture first: rotate:90, deskew:-2, crop:x0,y0,x1,y1, contrast:40,200, denoise, sharpen; "
        "'pagelens repair FILE' says what might help.",
    ),
]
Region = Annotated[
    list[Any] | None,
    typer.Option(
        "--region",
        metavar="[PAGEREF@]BOX",
        parser=region,
        help="Look for this part of a page, as 'a.pdf#page=3@0,0,1,.5'; without a page, this part of the --image.",
    ),
]
And = Annotated[list[str] | None, typer.Option("--and", metavar="TEXT", parser=clean, help="Look for this as well.")]
Not = Annotated[list[str] | None, typer.Option("--not", metavar="TEXT", parser=clean, help="Stay away from this.")]
More = Annotated[
    list[Any] | None, typer.Option("--more", metavar="PAGEREF", parser=page_ref, help="More like this page.")
]
Less = Annotated[
    list[Any] | None, typer.Option("--less", metavar="PAGEREF", parser=page_ref, help="Less like this page.")
]
Literal = Annotated[
    list[str] | None,
    typer.Option(
        "--literal",
        metavar="TEXT",
        parser=clean,
        help="This stretch of the QUERY, as 'page 12', means its words and refers to no page; may be repeated.",
    ),
]

Parts = Annotated[
    dict[str, Any] | None,
    typer.Option(
        "--parts",
        metavar="JSON",
        parser=parts,
        help="A whole query in its JSON form, as the API has it and 'copy' on the page gives it.",
    ),
]


def split(asked: Sequence[str]) -> tuple[str | None, PageRef]:
    """A question, or None where none is given, and the page that follows it."""
    if len(asked) > 2:
        raise typer.BadParameter("give one QUERY and one PAGEREF; put quotes around a question of several words")
    return (asked[0] if len(asked) == 2 else None), page_ref(asked[-1])


@dataclass(frozen=True, slots=True)
class Extra:
    """What a query holds beside its text, as the options gave it; the annotations are the options."""

    image: Image = None
    repair: Repair = None
    region: Region = None
    also: And = None
    but_not: Not = None
    more: More = None
    less: Less = None
    literal: Literal = None
    parts: Parts = None


NOTHING = Extra()


def takes_extra(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Extra` where it has its parameter ``extra``, which gets what they say."""
    signature, options = inspect.signature(command, eval_str=True), get_type_hints(Extra, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        taken = {parameter.name: parameter.annotation} if parameter.name != "extra" else options
        default = parameter.default if taken is not options else None
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for name, annotation in taken.items()
        ]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        extra = Extra(**{name: given.pop(name) for name in options})
        command(**given, extra=extra)

    run.__dict__["__signature__"] = signature.replace(parameters=parameters)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def query(bench: Workbench, text: str | None, extra: Extra) -> Query:
    """The query that a text and the options make; pictures are kept in the home folder on the way."""
    from workbench.service.searches import read_query
    from workbench.types import Query, TextPart

    if extra.parts and text is not None:
        raise typer.BadParameter("give the words either as QUERY or in --parts, not both")
    made = read_query(extra.parts) if extra.parts else Query.empty()
    made = made if text is None else made.adding(TextPart(text, literal=tuple(extra.literal or ())))
    for words in extra.also or ():
        made = made.also(words)
    steps = _steps(extra.image or (), extra.repair or (), [box for page, box in extra.region or () if page is None])
    for file in extra.image or ():
        made = made.picture(bench.pictures.keep(file.expanduser()), steps)
    try:
        for page, box in extra.region or ():
            made = made if page is None else made.region(page, box)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    for words in extra.but_not or ():
        made = made.but_not(words)
    made = made.marking(extra.more or (), extra.less or ()) if extra.more or extra.less else made
    if not made.parts:
        raise typer.BadParameter("say what to look for: a QUERY, or one of --image, --region, --more")
    return made


def _steps(image: Sequence[Path], repair: Sequence[str], boxes: Sequence[Sequence[float]]) -> list[str]:
    """What is done to the pictures: cut to the part that is meant, of the picture as it was given, then mended."""
    if repair and not image:
        raise typer.BadParameter("--repair mends a picture; say which with --image")
    if len(boxes) > 1 or (boxes and len(image) != 1):
        raise typer.BadParameter(
            "a --region without a page is one part of one picture; give one --image, or PAGEREF@BOX"
        )
    return [*(f"crop:{','.join(f'{value:g}' for value in box)}" for box in boxes), *repair]
