"""The whole API against its own description: whatever is sent, the answer is one that the OpenAPI names, and in words.

Schemathesis makes requests from the OpenAPI, right ones and wrong ones; names of things that exist are put in for some
of those it makes up, so that it gets past "there is no such collection". The same requests in every run; to look
longer, for others each time: PAGELENS_FUZZ=500 (examples an operation) python -m pytest tests/api/test_fuzz.py
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from workbench.api.application import application
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import PageRef
from workbench.ui.server import create_app

HALF = "\ud800"
"""Half of a character."""

LONGER = os.environ.get("PAGELENS_FUZZ", "")
EXAMPLES = int(LONGER or "12")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
PYTHON = re.compile(
    r"Traceback|NoneType|could not convert|unpack|object is not|object has no|takes \d+ positional|__\w+__|"
    r"\b(?:dict|tuple|str|bytes|float|int|list)\[|\w+Error\b|\bNaN\b|codec can't|0x[0-9a-f]{6}|site-packages|\.py\b|"
    r"dictionary|lance|datafusion|arrow|<class|errno|pydantic"
)
"""What no sentence for a person says."""
DEEP = "(" * 60 + "page = 1" + ")" * 60
KNOWN: dict[str, list[Any]] = {
    "collection": ["notes"],
    "page": ["whales.pdf#page=1", "bread/rye & wheat.pdf#page=2", "whales.pdf#page=99", "whales.pdf#page=" + "9" * 400],
    "a": ["whales.pdf#page=1", "full:2"],
    "b": ["whales.pdf#page=2", "bm25:2"],
    "document": ["whales.pdf"],
    "pipeline": [
        "two-stage", "hybrid", "bm25:2", "rrf(bm25, rows):3 > full:2", "rows:0", "rrf(" * 300, "full:10 >" * 200,
        "sum[weights=1/2](bm25, full)", "rrf[weights=99999999999999999999](bm25, full)", "refine(rows)",
        "xtr(full)", "prf(rows)", "full[prune=safe]", "rows:3 > full[exit=1]:2", "full[dims=64]", "ward[factor=4]",
    ],
    "filter": [
        "page >= 1.5", "page = 4000000000", f"page < {'9' * 400}", "document contains 'whale'", "tag = 'x'",
        "meta.year = 2023", "page in (1, 2, 3.5)", "not (page = 1 or page = 2)", "document = '\x00'", DEEP,
        " or ".join(["page = 1"] * 600), "added >= '2020'", "page = \N{ARABIC-INDIC DIGIT THREE}",
    ],
    "query": [
        "largest animal", HALF, "a\x00b", {"parts": [{"kind": "text", "text": "whale", "weight": 1e308}]},
        {"parts": [{"kind": "text", "text": "whale"}, {"kind": "text", "text": "song", "weight": -0.5}]},
        {"parts": [{"kind": "region", "page": "whales.pdf#page=1", "box": [0, 0, 1, 0.5]}]},
        {"parts": [{"kind": "region", "page": "whales.pdf#page=1", "box": [0, "x"]}]},
        {"parts": [{"kind": "mark", "page": "whales.pdf#page=2"}]},
    ],
    "encoder": ["reader"],
    "index": ["rows", "ward[factor=4]", "kmeans[k=2]", "full[dtype=bits]", f"ward[factor={'9' * 400}]"],
    "repairs": [["rotate:90"], ["deskew:15"] * 14, ["deskew:nan"], [f"crop:0,0,1,{'9' * 400}"]],
    "model": ["reader"],
}  # fmt: skip
"""Things that exist, and things that once fell, by the name of what a request calls them."""


SCHEMA = schemathesis.openapi.from_dict(application(Workbench(Settings())).openapi())


@pytest.fixture(scope="module")
def client(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server over a copy of the small collection, since what is fuzzed here is deleted, too."""
    own = tmp_path_factory.mktemp("fuzz") / "home"
    shutil.copytree(home, own)
    workbench = Workbench(Settings(home=own))
    KNOWN["picture"] = [
        workbench.pictures.keep(workbench.library.page_image("notes", PageRef("whales.pdf", 1)).read_bytes())
    ]
    with get_client(create_app(workbench, allowed=["testserver"])) as inside:
        yield inside
    assert workbench.maintenance.verify("notes") == []


RENAMING = {("patch", "/collections/{collection}")}


@st.composite
def _with_known(draw: Any, case: Any) -> Any:
    for values, in_address in ((case.path_parameters, True), (case.query, True), (case.body, False)):
        for name in values if isinstance(values, dict) else ():
            if name in KNOWN and draw(st.booleans()):
                known = [one for one in KNOWN[name] if not (in_address and HALF in str(one))]  # no address holds it
                values[name] = draw(st.sampled_from(known))
    return case


@SCHEMA.hooks.hook("flatmap_case")
def with_known(context: Any, case: Any) -> Any:
    """The case with some of its values replaced by such as exist; nothing that exists is deleted or renamed."""
    route = (case.method.lower(), case.operation.path)
    return st.just(case) if route[0] == "delete" or route in RENAMING else _with_known(case)


def sent_names(value: Any) -> Iterator[str]:
    """Names in a value that was sent, those inside it too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from sent_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from sent_names(inner)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not LONGER, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_one_that_was_promised(client: Any, case: Any) -> None:
    response = case.call(session=client, base_url="http://testserver/api/v1", timeout=900)
    case.validate_response(response, checks=CHECKS)
    if response.status_code >= 400 and response.content:
        answer = response.json()
        assert list(answer) == ["error"]
        assert answer["error"].strip()
        ours = re.sub("'[^']*'", "", answer["error"])  # but what it quotes, and names that were sent
        for name in {*sent_names(case.body), *sent_names(case.query)}:
            if PYTHON.search(name):
                ours = ours.replace(name[:80], "")
        assert not PYTHON.search(ours), answer["error"]
    elif response.headers.get("content-type", [""])[0] == "application/json":
        assert "NaN" not in response.text
