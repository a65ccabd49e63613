"""Late-interaction models of texts: what the library gives, each vector with its word's box, however long the page."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.encoders.conftest import Zoo
from tests.encoders.pages import page
from tests.encoders.precision import close
from workbench.encoders import registry
from workbench.encoders.text_late_interaction import MARK, TextLateInteraction, _told
from workbench.errors import EncoderError, QueryError
from workbench.types import PageEmbedding

LAYOUTS = ("multi-vector-text", "pylate", "colbert")
TEXT = "The annual report shows revenue , by region of ﬁnance ! and on until the end of all things here today"
WORDS = TEXT.split()


@pytest.fixture(params=LAYOUTS)
def encoder(zoo: Zoo, request: pytest.FixtureRequest) -> TextLateInteraction:
    found = zoo.load(request.param)
    assert isinstance(found, TextLateInteraction)
    return found


def embedded(encoder: Any, *pages: Any) -> list[PageEmbedding]:
    found = encoder.encode_pages(pages)
    assert all(isinstance(one, PageEmbedding) for one in found), found
    return found


def test_the_layout_says_the_family(at_zoo: Zoo) -> None:
    for name in LAYOUTS:
        at_zoo.folder(name)
        row = registry.spec(name)
        assert (row.family, row.kind, row.page_policies) == ("multi-vector-text", "words", ("visual", "official"))


def test_a_short_page_is_the_library_s_document(encoder: TextLateInteraction) -> None:
    few = WORDS[:5]
    theirs = encoder.model.encode_document([" ".join(few)])[0].float().cpu().numpy()
    (whole,) = embedded(encoder.with_policy(pages="official"), page(few))
    close(whole.vectors, theirs)
    (plain,) = embedded(encoder, page(few))
    placed = whole.geometry.placed
    close(plain.vectors, whole.vectors[placed])
    assert 0 < placed.sum() < len(placed)
    assert next(label for label, there in zip(whole.labels, placed, strict=True) if not there) == "[CLS]"


def test_each_piece_has_its_word_s_box(encoder: TextLateInteraction) -> None:
    made = page(WORDS)
    (found,) = embedded(encoder, made)
    boxes = {text: made.words.boxes[i].tolist() for i, text in enumerate(WORDS)}
    for label, box in zip(found.labels, found.geometry.boxes.tolist(), strict=True):
        twice = [made.words.boxes[i].tolist() for i, text in enumerate(WORDS) if text == label]
        assert box in twice or box == boxes[label]
    assert set(found.labels) == set(WORDS) - {",", "!"}  # what the model's own mask leaves out
    order = [WORDS.index(label) for label in dict.fromkeys(found.labels)]
    assert order == sorted(order)


def test_a_long_page_is_read_to_its_end(encoder: TextLateInteraction) -> None:
    words = [f"word{i}" for i in range(120)]
    (found,) = embedded(encoder, page(words))
    assert set(found.labels) == set(words)
    changed = [*words[:-1], "zebra"]
    (other,) = embedded(encoder, page(changed))
    first = [i for i, label in enumerate(found.labels) if label == "word0"]
    close(found.vectors[first], other.vectors[: len(first)])  # another window's words do not matter to it


def test_pages_together_are_pages_alone(encoder: TextLateInteraction) -> None:
    pages = [page(WORDS, 1), page(WORDS[:3], 2), page([], 3), page([f"w{i}" for i in range(90)], 4)]
    for one, alone in zip(embedded(encoder, *pages), pages, strict=True):
        (by_itself,) = embedded(encoder, alone)
        close(one.vectors, by_itself.vectors)


def test_a_page_without_words_has_one_vector_over_all_of_it(encoder: TextLateInteraction) -> None:
    for words in ([], ["!", ","]):
        (found,) = embedded(encoder, page(words))
        assert (found.vectors.shape, found.geometry.boxes.tolist()) == ((1, 16), [[0, 0, 1, 1]])


def test_words_outside_the_crop_are_not_read(encoder: TextLateInteraction) -> None:
    made = page(WORDS)
    (found,) = embedded(encoder, replace(made, crop=(0.0, 0.0, 1.0, 0.3)))
    assert set(found.labels) == set(WORDS[:10]) - {",", "!"}


def test_what_is_printed_is_no_command(encoder: TextLateInteraction) -> None:
    command = next(token for token in ("[unused1]", "[D]") if token in encoder._spoken)
    for text in ("[SEP]", "[MASK]", command):
        (found,) = embedded(encoder.with_policy(pages="official"), page(["total", text, "revenue"]))
        assert found.labels.count(text) >= 1
        marks = [label for label, there in zip(found.labels, found.geometry.placed, strict=True) if not there]
        assert marks.count("[SEP]") == marks.count("[CLS]") == 1
    asked = encoder.with_policy("no_augmentation").encode_query("[MASK] total").labels
    assert "[MASK]" not in asked  # it is read letter by letter


def test_a_ligature_is_its_letters(encoder: TextLateInteraction) -> None:
    one, other = embedded(encoder, page(["ﬁnance"]), page(["finance"]))
    close(one.vectors, other.vectors)


def test_a_word_without_end_is_cut(encoder: TextLateInteraction) -> None:
    (found,) = embedded(encoder, page(["start", "x9" * 3000, "end"]))
    assert 1 <= found.labels.count("x9" * 3000) <= 32
    assert found.labels[0] == "start" and found.labels[-1] == "end"


def test_a_query_is_the_library_s(encoder: TextLateInteraction) -> None:
    theirs = encoder.model.encode_query(["annual report"])[0].float().cpu().numpy()
    found = encoder.encode_query("annual report")
    close(found.vectors, theirs)
    plain = encoder.with_policy("no_special").encode_query("annual report").labels
    assert "".join(plain).split() == ["annual", "report"]
    assert "[MASK]" not in encoder.with_policy("no_augmentation").encode_query("annual report").labels
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query("  ")


def test_scores_are_the_library_s(encoder: TextLateInteraction) -> None:
    (found,) = embedded(encoder.with_policy(pages="official"), page(WORDS[:6]))
    query = encoder.encode_query("annual report")
    ours = (query.vectors @ found.vectors.T).max(axis=1).sum()
    model = encoder.model
    theirs = model.similarity(model.encode_query(["annual report"]), model.encode_document([" ".join(WORDS[:6])]))
    assert ours == pytest.approx(float(theirs[0, 0]), abs=1e-4)


@pytest.mark.parametrize("lost", ["model.safetensors", "1_Dense/model.safetensors"])
def test_a_checkpoint_that_lacks_a_weight_is_refused(at_zoo: Zoo, lost: str) -> None:
    from safetensors.torch import load_file, save_file

    broken = at_zoo.home / "models" / "broken-text"
    shutil.copytree(at_zoo.folder("multi-vector-text"), broken)
    try:
        weights = load_file(broken / lost)
        weights.pop(sorted(weights)[-1])
        save_file(weights, broken / lost, {"format": "pt"})
        with pytest.raises(EncoderError, match=r"incomplete|cannot be loaded"):
            registry._call(registry.spec("broken-text"))
    finally:
        shutil.rmtree(broken)


def test_a_model_of_pictures_is_not_read_as_one_of_texts(at_zoo: Zoo) -> None:
    folder = at_zoo.home / "models" / "mistaken"
    folder.mkdir()
    (folder / "pagelens.json").write_text(
        json.dumps({"folder": str(at_zoo.folder("multi-vector-text")), "family": "multi-vector"})
    )
    try:
        with pytest.raises(EncoderError, match="reads texts, not pictures"):
            registry._call(registry.spec("mistaken"))
    finally:
        shutil.rmtree(folder)


def test_tokens_are_told_to_their_words() -> None:
    # "ab cd" after a prompt of three characters: a mark, the prompt, "ab", " c", "d", spaces alone, a mark
    starts = np.array([3, 6, 9])
    offsets = [(0, 0), (0, 2), (3, 5), (5, 7), (7, 8), (5, 6), (8, 9), (0, 0)]
    assert _told(offsets, starts).tolist() == [MARK, MARK, 0, 1, 1, MARK, MARK, MARK]
