"""The route of what there is to choose from, all at once, as a screen needs it first."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from workbench import permits
from workbench.answers.collections import FileKind, FilterField, Named, Overview, WarmUp, Weights
from workbench.answers.explanations import HeatLooks
from workbench.answers.models import KINDS
from workbench.api.collections import indexes
from workbench.api.searching import presets
from workbench.api.state import Bench, Warming
from workbench.documents import readable
from workbench.retrieval import FIELDS, META_SUMMARY, STAGES
from workbench.service.sample import SAMPLE
from workbench.types import CollectionInfo
from workbench.types.queries import BAD, GOOD, NOT

router = APIRouter(tags=["About"])


@router.get("/overview")
def overview(workbench: Bench, warmup: Warming) -> Overview:
    """Everything that is needed before a collection is chosen."""
    collections = workbench.library.all()
    return Overview(
        may_edit=permits.may_edit(),
        may_name=permits.left([one.name for one in collections]),
        collections=collections,
        sample=_offered_sample(collections),
        pipelines=presets(),
        indexes=indexes(),
        stages=[Named(name=name, summary=stage.summary) for name, stage in STAGES.items()],
        fields=[FilterField(name=name, summary=field.summary, number=field.number) for name, field in FIELDS.items()],
        meta=META_SUMMARY,
        weights=Weights(but_not=NOT, good=GOOD, bad=BAD),
        heat=HeatLooks.now(),
        model=warm_up(warmup),
        kinds=KINDS,
        max_upload_mb=workbench.settings.max_upload_mb,
        readable=[FileKind(name=name, suffixes=sorted(suffixes)) for name, suffixes in readable().items()],
    )


def _offered_sample(collections: Sequence[CollectionInfo]) -> str:
    there = any(one.name == SAMPLE and one.pages for one in collections)
    return SAMPLE if not there and permits.may_edit() and permits.sees(SAMPLE) else ""


@router.get("/warm-up")
def warm_up(warmup: Warming) -> WarmUp:
    """Whether the default model is loaded yet; the server loads it when it starts."""
    return WarmUp(state=warmup.state.state, detail=warmup.state.detail)
