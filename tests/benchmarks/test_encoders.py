"""Models of published sizes: that their shapes are those, and that a small one goes through every way to feed it."""

from dataclasses import replace

import pytest

from benchmarks.encoders import SIZES, encoders, simulated, simulation, sizes
from benchmarks.ingesting import ingesting
from benchmarks.tables import TABLES
from workbench.errors import NotFoundError
from workbench.settings import Settings

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.mark.parametrize("name", SIZES)
def test_a_shape_has_as_many_weights_as_its_model(name):
    """Counted without making them."""
    from workbench.encoders.torchvision_cure import cure

    cure()
    import torch
    import transformers

    from workbench.encoders.engine import model_class
    from workbench.encoders.families import FAMILIES

    shape = SIZES[name]
    config = getattr(transformers, shape.config)(
        text_config={**shape.text, "pad_token_id": 0}, vision_config=dict(shape.vision), **shape.more
    )
    with torch.device("meta"):
        model = model_class(FAMILIES[shape.family])(config)
    counted = sum(weight.numel() for weight in model.parameters()) / 1e6
    heads = sum(w.numel() for n, w in model.named_parameters() if "lm_head" in n) / 1e6
    assert abs(counted - heads - shape.weights) <= 0.02 * shape.weights


def test_a_model_goes_through_every_way_to_feed_it(tmp_path, monkeypatch):
    whole = SIZES["colpali"]
    vision = {**whole.vision, **SMALL, "projection_dim": 32}
    text = {**whole.text, **SMALL, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 600}
    small = replace(whole, text=text, vision=vision, more={"projection_dim": 32, "hidden_size": 32})
    monkeypatch.setitem(sizes.SIZES, "colpali", small)
    monkeypatch.setenv("PAGELENS_BATCH_SIZE", "2")
    said = []
    report = encoders(Settings(home=tmp_path), ["colpali"], 3, 4, 1, said.append)
    (row,) = report.rows
    assert (row.id, row.pages, row.ingested, row.batch, row.device) == ("colpali-random", 3, 4, 2, "cpu")
    assert 1024 < row.tokens < 1100
    rates = (row.forward, row.bare_loop, row.data_loader, row.encode_pages, row.ingest, row.processor_ms)
    assert all(rate > 0 for rate in rates)
    assert [(stage.name, stage.done) for stage in row.stages[:4]] == [
        ("read", 4), ("prepare", 4), ("embed", 4), ("write", 4)
    ]  # fmt: skip
    assert row.bottleneck in ("read", "prepare", "embed", "write")
    assert len(TABLES["encoders"](report).rows) == 1
    with pytest.raises(NotFoundError, match=r"there are: colpali, colqwen2\.5"):
        encoders(Settings(home=tmp_path), ["nothing"], 1, 1, 1, said.append)


@pytest.mark.parametrize("name", SIZES)
def test_an_ingest_beside_a_simulated_card_stores_what_the_model_would_make(tmp_path, monkeypatch, name):
    monkeypatch.setattr(simulation, "READYMADE", 3)
    report = simulated(Settings(home=tmp_path), [name], 4, [].append)
    (row,) = report.rows
    assert (row.id, row.pages, row.forward) == (name, 4, simulation.CARDS[name].rate)
    least, most = {"colpali": (1024, 1024), "colqwen2.5": (650, 768)}.get(name, (9 * 64, 17 * 64))
    assert least <= row.vectors <= most
    assert row.ingest > 0
    assert row.cpu_ms > 0 and "MainThread" in dict(row.threads)
    assert [(stage.name, stage.done) for stage in row.stages[2:4]] == [("embed", 4), ("write", 4)]
    assert len(TABLES["simulated"](report).rows) == 1


def test_both_ways_of_an_ingest_are_timed(tmp_path):
    report = ingesting(Settings(home=tmp_path), "reader", 3, 1)
    assert report.pages == 3 and min(report.overlapped, report.plain, report.ratio) > 0
