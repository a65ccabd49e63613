"""The API's description for people, made from its OpenAPI: as Markdown, and as a page that loads nothing else.

What the command line prints is described beside it, for it is the same answers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from workbench.answers.commands import PRINTED

Schema = Mapping[str, Any]
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 14px/1.5 ui-monospace, monospace }
table { border-collapse: collapse; width: 100% } .wide { overflow-x: auto }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886 }
h2 { margin-top: 3rem } h3 { margin-top: 2rem }
"""


def markdown(api: Schema) -> str:
    """The whole reference: operations by group, then the schemas they name. Ends with a newline."""
    prefix = api["servers"][0]["url"]
    lines = [f"# {api['info']['title']} HTTP API", "", api["info"]["description"], ""]
    lines += [f"All addresses below start with `{prefix}`; `{prefix}/openapi.json` is the same for machines.", ""]
    groups: dict[str, list[str]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).extend(_operation(method.upper(), path, operation))
    for group, texts in groups.items():
        lines += [f"## {group}", "", *texts]
    printed, schemas = printed_schemas()
    lines += ["## The command line", "", "What commands print with `--json`:", ""]
    lines += ["| command | what |", "| --- | --- |"]
    lines += [*(f"| `{name}` | {_type(schema)} |" for name, schema in printed.items()), ""]
    lines += ["## Schemas", ""]
    for name, schema in sorted({**schemas, **api["components"]["schemas"]}.items()):
        if name not in ("HTTPValidationError", "ValidationError"):
            lines += [f"### {name}", "", *_described(schema), *_table(_fields(schema))]
    return "\n".join(lines).rstrip() + "\n"


def page(api: Schema) -> str:
    """The same as one HTML page, with its style in it and no script."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown(api))
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    body = re.sub(r"<h3>(\w+)</h3>", lambda found: f'<h3 id="{found[1].lower()}">{found[1]}</h3>', body)
    title = html.escape(f"{api['info']['title']} HTTP API")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def printed_schemas() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The schema of what each command prints, and those that it names."""
    kinds: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(kind)) for name, kind in PRINTED.items()
    ]
    found, named = TypeAdapter.json_schemas(kinds, ref_template="#/components/schemas/{model}")
    return {name: schema for (name, _), schema in found.items()}, named.get("$defs", {})


def _operation(method: str, path: str, operation: Schema) -> list[str]:
    lines = [f"### `{method} {path}`", "", *_described(operation)]
    given = [
        (p["name"], f"{_type(p['schema'])}, {p['in']}", p.get("required", False), p["schema"], p.get("description", ""))
        for p in operation.get("parameters", [])
    ]
    lines += _table([_row(*parameter) for parameter in given])
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        lines += [f"Body: {_type(content['schema'])} (`{kind}`).", ""]
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            answers = [f"{_type(c['schema'])} (`{kind}`)" for kind, c in response.get("content", {}).items()]
            lines += [f"Answer: {status}{', ' + ' or '.join(answers) if answers else ', nothing more'}.", ""]
    return lines


def _described(thing: Schema) -> list[str]:
    text = thing.get("description", "").replace("``", "`")
    return [text, ""] if text else []


def _fields(schema: Schema) -> list[tuple[str, str, str]]:
    needed = schema.get("required", [])
    return [
        _row(name, _type(field), name in needed, field, field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]


def _row(name: str, kind: str, required: bool, schema: Schema, about: str) -> tuple[str, str, str]:
    default = schema.get("default")
    said = [about] if about else []
    if not required and default not in (None, "", [], {}):
        said.append(f"Default `{default}`.")
    return f"`{name}`{'' if required else ' (optional)'}", kind, " ".join(said)


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return []
    return [
        "| name | type | what |",
        "| --- | --- | --- |",
        *(f"| {' | '.join(map(_cell, row))} |" for row in rows),
        "",
    ]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return f"[{(name := schema['$ref'].rpartition('/')[2])}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    if schema.get("additionalProperties") not in (None, True, False, {}):
        return f"object of {_type(schema['additionalProperties'])}"
    kind = schema.get("type", "any")
    return str(kind) + "".join(_bounds(schema))


def _bounds(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield f" {low:g} to {high:g}"
