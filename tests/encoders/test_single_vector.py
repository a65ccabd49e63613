"""Every single-vector family of colpali-engine, on models with random weights in the published layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.encoders.conftest import Zoo
from tests.encoders.pages import CROP, SHAPES, page, picture, scene
from tests.encoders.precision import close, placed
from tests.encoders.probes import batches_change_nothing, embed, views_show_their_boxes
from workbench.encoders.families import FAMILIES
from workbench.errors import InputError, QueryError

FAMILY_IDS = [family.id for family in FAMILIES.values() if family.kind == "page"]


@pytest.fixture(scope="module", params=FAMILY_IDS)
def encoder(request: pytest.FixtureRequest, zoo: Zoo) -> Any:
    return zoo.load(request.param)


def test_a_page_is_the_library_s_own_vector_over_what_the_crop_leaves(encoder: Any) -> None:
    image = picture((200, 300))
    (found,) = embed(encoder, page(image=image, crop=CROP))
    batch = encoder.engine.processor.process_images([image.crop((20, 60, 180, 240))])
    with torch.inference_mode():
        close(found.vectors, encoder.engine.model(**placed(encoder.engine.device, batch)))
    assert found.vectors.shape == (1, encoder.info.dim)
    assert (found.geometry.grid, found.geometry.cell.tolist()) == (None, [-1])
    np.testing.assert_allclose(found.geometry.boxes, [CROP])
    assert encoder.info.kind == "page"


def test_a_page_does_not_depend_on_its_batch_mates(encoder: Any) -> None:
    sizes = [(200, 300), (320, 180), (40, 40)]
    batches_change_nothing(encoder, [page(image=picture(size), number=i + 1) for i, size in enumerate(sizes)])


def test_a_query_is_the_library_s_own_vector_and_scores_alike(encoder: Any) -> None:
    found = encoder.encode_query("What is the total?")
    batch = getattr(encoder.engine.processor, encoder.engine.family.queries)(["What is the total?"])
    with torch.inference_mode():
        theirs = encoder.engine.model(**placed(encoder.engine.device, batch)).float().cpu()
    close(found.vectors, theirs)
    (shown,) = embed(encoder, page(image=picture((200, 300))))
    score = encoder.engine.processor.score_single_vector(theirs, torch.from_numpy(shown.vectors), device="cpu")
    close((found.vectors @ shown.vectors.T).item(), score.item())
    assert found.labels == ("What is the total?",)
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query(" ")


@pytest.mark.parametrize("shape", list(SHAPES))
def test_what_the_model_saw_is_the_page(encoder: Any, shape: str) -> None:
    views_show_their_boxes(encoder, page(image=scene(SHAPES[shape]), crop=CROP))


def test_a_single_vector_has_no_token_policies(encoder: Any) -> None:
    assert encoder.with_policy("official") is encoder
    with pytest.raises(InputError, match="no token policy 'no_special'"):
        encoder.with_policy("no_special")
    with pytest.raises(InputError, match="no token policy for pages 'official'; it has: visual"):
        encoder.with_policy(pages="official")
