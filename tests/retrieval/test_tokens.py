"""What query tokens weigh: the words they are of, weights by rarity, stop words, and leaving tokens out."""

import math

import numpy as np
import pytest

from tests.retrieval.arrays import collection, encoder, order, run
from workbench.retrieval import tokens
from workbench.retrieval.pipeline import Pipeline
from workbench.store import textindex
from workbench.types import QueryEmbedding

TEXT = "What is the revenue of Anglo-Dutch subsidiaries?"


def embedding(labels, weights=None):
    made = np.ones(len(labels)) if weights is None else weights
    return QueryEmbedding(TEXT, np.eye(len(labels), dtype="f4"), tuple(labels), np.asarray(made, np.float32), "test")


def prepared(stage, query, df=None, pages=99):
    (step,) = Pipeline.parse(stage).steps
    return tokens.prepared(step, query, TEXT, lambda words: {word: (df or {}).get(word, 0) for word in words}, pages)


def test_tokens_are_led_back_to_their_words():
    words = ("What", "is", "the", "revenue", "of", "Anglo-Dutch", "subsidiaries?")
    assert tokens.words_of(words, TEXT) == tuple(word.lower() for word in words)
    pieces = ("<s>", "▁What", "▁is", "Ġthe", " reven", "##ue", " Ang", "lo", "-", "Dutch", " subsid", "iaries", "?")
    found = tokens.words_of((*pieces, "<pad>", "<pad>"), TEXT)
    assert found[:6] == ("", "what", "is", "the", "revenue", "revenue")
    assert found[6:] == (*["anglo-dutch"] * 4, *["subsidiaries?"] * 3, "", "")
    assert tokens.words_of(("Query", ":", "what"), "what") == ("", "", "what")


def test_what_the_text_index_leaves_out_says_nothing():
    assert {word.lower() for word in textindex.STOP_WORDS} <= tokens.STOP_WORDS
    assert not tokens.says_something("(The)") and not tokens.says_something("—")
    assert tokens.says_something("U.S.") and tokens.says_something("4")


def test_idf_weights_by_hand():
    query = embedding(("the", "revenue", "subsidiaries?", "<pad>"))
    found = prepared("full[weights=idf]", query, {"revenue": 9, "subsidiaries?": 0})
    low, high = math.log(100 / 10), math.log(100)
    share = 3 / (low + high)  # the three words weigh together what they did, the pad keeps what it had
    np.testing.assert_allclose(found.weights, [0, low * share, high * share, 1], rtol=1e-6)
    assert found.labels == query.labels
    signed = prepared("full[weights=idf]", embedding(query.labels, [1, -1, 1, 1]), {"revenue": 9, "subsidiaries?": 0})
    assert signed.weights[1] == pytest.approx(-low * share)


def test_stop_words_weigh_nothing_and_the_rest_the_same():
    query = embedding(("what", "is", "revenue", "subsidiaries?"))
    assert prepared("full[weights=stop]", query).weights.tolist() == [0, 0, 2, 2]
    only = embedding(("what", "is"))
    assert prepared("full[weights=stop]", only).weights.tolist() == [1, 1]  # nothing else would be left


def test_the_rarest_tokens_stay():
    query = embedding(("what", "revenue", "of", "subsidiaries?", "<pad>"))
    df = {"revenue": 50, "subsidiaries?": 3}
    assert prepared("full[top=1]", query, df).weights.tolist() == [0, 0, 0, 1, 0]
    assert prepared("full[top=2,weights=idf]", query, df).weights[[0, 1, 2]].tolist() == [0, 0, 0]
    assert prepared("full[top=9]", query, df).weights.tolist() == [1] * 5
    assert prepared("full", query, df) is query


def test_a_search_tells_the_weights_it_used_and_scores_by_them():
    arrays = collection(3, 25)
    plain = run(arrays, "full:9", 3)
    assert all(not stage.weights for stage in plain.trace.stages)
    result = run(arrays, "full[top=1]:9", 3, text="a b c d")
    (stage,) = [stage for stage in result.trace.stages if stage.name == "full"]
    kept = [(label, weight) for label, weight in stage.weights if weight]
    assert [label for label, _ in stage.weights] == list("abcd") and len(kept) == 1
    query = encoder(3)("random", "q").embedding
    row = "abcd".index(kept[0][0])
    assert kept[0][1] == pytest.approx(float(query.weights[row]))
    for hit in result.hits:
        vectors = arrays.pages[hit.page_id][1].vectors
        assert hit.score == pytest.approx(kept[0][1] * float((vectors @ query.vectors[row]).max()), abs=1e-5)
        assert hit.score_kind == "approximate"
    assert order(run(arrays, "full[top=4]:9", 3, text="a b c d")) == order(plain)
