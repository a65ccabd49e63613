"""The models as a person chooses among them: what each is, where its weights are, and what it is doing now."""

from __future__ import annotations

from workbench.encoders import registry
from workbench.encoders.base import EncoderSpec
from workbench.encoders.foreign import allowed
from workbench.encoders.locations import location_of
from workbench.encoders.registry import Model
from workbench.rates import Rates
from workbench.types import ModelStatus


def statuses(rates: Rates) -> list[ModelStatus]:
    """Every model, those that come with Pagelens first; ``rates`` says what a page of each takes here."""
    return [status(spec, rates) for spec in registry.specs().values()]


def status(spec: EncoderSpec, rates: Rates) -> ModelStatus:
    """One model as it is now."""
    found = location_of(spec)
    state, reason = registry.state(spec.id)
    if not state or (state == "failed" and found.folder is None):  # that it failed for want of weights is no news
        state, reason = ("absent" if found.folder is None else "here"), found.reason
    model = registry.loaded(spec.id) if state == "loaded" else None
    return ModelStatus(
        id=spec.id,
        name=spec.name,
        family=spec.family,
        kind=spec.kind,
        dim=spec.dim or int(getattr(model.info, "dim", 0) if model else 0),
        parameters=spec.parameters,
        licence=spec.licence,
        summary=spec.summary,
        download=spec.download,
        folder=str(found.folder or ""),
        available=found.folder is not None,
        reason=reason,
        command="" if found.folder is not None else spec.get,
        state=state,
        seconds_per_page=rates.of(spec.id).expected_seconds,
        device=_device(model),
        source=spec.source,
        hub=str(spec.options.get("hub", "")),
        attention=str(getattr(getattr(model, "engine", None), "attention", "")),
        own_code=allowed(spec.id),
    )


def _device(model: Model | None) -> str:
    """Where a loaded model computes, as torch names it; models without a choice run on the processor."""
    if model is None:
        return ""
    inside = getattr(model, "engine", None) or getattr(model, "clip", None) or model
    return str(inside.device.name) if hasattr(inside, "device") else "cpu"
