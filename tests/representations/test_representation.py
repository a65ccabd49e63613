"""Every method in every encoding: the laws that all of them obey, and the text form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.representations.pages import DIM, maxsim_by_hand, page, pages, random_page, stored, unit
from workbench.representations import COMMON, ENCODINGS, LEFT_OUT, METHODS, SHORT, FittedIndex, Representation
from workbench.representations.representation import options_of
from workbench.representations.static import STATIC

ESTIMATES = ["fde", "lemur"]
"""Whose vectors are of another space than the encoder's, and of any length."""
NAMES = [name for name in METHODS if name not in ESTIMATES]
SPATIAL = [method.name for method in STATIC]
PRUNING = ["full", "prune", "docpruner", "voronoi", "random"]
PARTITIONS = ["full", "ward", "merge", "adamerge", "kmeans", "glie", "ita", "sequence"]
names = st.sampled_from(NAMES)
SETTINGS = settings(max_examples=40, deadline=None)


def derive(text, embedding):
    representation = Representation.parse(text)
    state = representation.fit([embedding])
    return representation, state, representation.derive(embedding, state)


@SETTINGS
@given(names, pages)
def test_vectors_are_of_length_one_and_groups_are_sorted_members(name, embedding):
    representation, state, derived = derive(name, embedding)
    vectors = representation.decode(derived.rows, state)
    assert len(vectors) == len(derived.groups) >= 1
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
    for group in derived.groups:
        assert group.dtype == np.int64
        assert len(group)
        assert (np.diff(group) > 0).all()
        assert 0 <= group[0] <= group[-1] < len(embedding.vectors)


@SETTINGS
@given(st.sampled_from(PARTITIONS), pages)
def test_every_vector_is_in_exactly_one_group(name, embedding):
    _, _, derived = derive(name, embedding)
    assert sorted(np.concatenate(derived.groups)) == list(range(len(embedding.vectors)))


@SETTINGS
@given(st.sampled_from(list(METHODS)), st.sampled_from(list(ENCODINGS)), pages)
def test_declared_cost_bounds_the_measured_and_is_the_measured_where_nothing_is_left_open(method, encoding, embedding):
    if method in ESTIMATES and not ENCODINGS[encoding].lossless:
        return
    representation, _, derived = derive(f"{method}[dtype={encoding}]", embedding)
    cost = representation.cost(len(embedding.vectors), DIM)
    assert derived.bytes == derived.rows.nbytes <= cost.bytes
    assert len(derived.groups) <= cost.vectors
    if method in ("full", "global", "random", "merge", *ESTIMATES) and encoding != "codes":
        assert (derived.bytes, len(derived.groups)) == (cost.bytes, cost.vectors)


@SETTINGS
@given(st.sampled_from(["kmeans", "glie", "ita", "ward", "merge", "random"]), pages)
def test_room_for_every_vector_changes_no_score(name, embedding):
    representation, state, derived = derive(f"{name}[k=1000,dtype=fp32]", embedding)
    query, weights = unit(np.random.default_rng(1), 5), np.ones(5, np.float32)
    vectors = representation.decode(derived.rows, state)
    expected = maxsim_by_hand(query, weights, embedding.vectors)
    assert maxsim_by_hand(query, weights, vectors) == pytest.approx(expected, abs=1e-4)


@SETTINGS
@given(st.sampled_from(["ward", "merge", "kmeans", "glie", "sequence"]), pages)
def test_room_for_one_vector_keeps_the_mean(name, embedding):
    representation, state, derived = derive(f"{name}[k=1,dtype=fp32]", embedding)
    mean = embedding.vectors.mean(axis=0)
    np.testing.assert_allclose(
        representation.decode(derived.rows, state)[0], mean / np.linalg.norm(mean), atol=1e-3 / np.linalg.norm(mean)
    )


@SETTINGS
@given(names, st.integers(1, 50))
def test_a_blank_page_is_one_direction(name, n):
    vector = unit(np.random.default_rng(0), 1)
    representation, state, derived = derive(f"{name}[dtype=fp32]", page(np.repeat(vector, n, axis=0)))
    vectors = representation.decode(derived.rows, state)
    np.testing.assert_allclose(vectors, np.repeat(vector, len(vectors), axis=0), atol=1e-6)


@SETTINGS
@given(st.sampled_from(["ward", "merge", "adamerge", "kmeans", "ita"]), st.integers(0, 2**31))
def test_the_order_of_the_vectors_does_not_matter(name, seed):
    embedding = random_page(seed, n=30, kind="grid")
    order = np.random.default_rng(seed).permutation(30)
    before = derive(f"{name}[dtype=fp32]", embedding)[2]
    after = derive(f"{name}[dtype=fp32]", page(embedding.vectors[order]))[2]
    assert {frozenset(order[group]) for group in after.groups} == {frozenset(group) for group in before.groups}


@pytest.mark.parametrize("name", list(METHODS))
def test_the_same_page_gives_the_same_bytes(name):
    one, two = (derive(name, random_page(3, salient=True))[2] for _ in range(2))
    assert one.rows.tobytes() == two.rows.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(list(ENCODINGS)),
    st.sampled_from([0, 5]),
    st.lists(pages, min_size=1, max_size=4),
)
def test_a_score_is_maxsim_over_what_was_stored(method, encoding, dims, embeddings):
    representation = Representation.parse(f"{method}[dtype={encoding},dims={dims}]")
    state = representation.fit(embeddings)
    rng = np.random.default_rng(0)
    query, weights = unit(rng, 4), rng.random(4).astype(np.float32)
    flat, starts, lengths = stored(representation, embeddings, state)
    scores = representation.score(query, weights, flat, starts[::-1], lengths[::-1], state)[::-1]
    turned, weighed = representation.query(query, weights, state)
    for score, start, length in zip(scores, starts, lengths, strict=True):
        vectors = representation.decode(flat[start : start + length], state)
        assert score == pytest.approx(maxsim_by_hand(turned, weighed, vectors), abs=1e-3)


@SETTINGS
@given(st.sampled_from(PRUNING), pages)
def test_leaving_vectors_out_never_raises_a_score(name, embedding):
    representation, state, derived = derive(f"{name}[dtype=fp32]", embedding)
    query, ones = unit(np.random.default_rng(2), 4), np.ones(4, np.float32)
    kept = maxsim_by_hand(query, ones, representation.decode(derived.rows, state))
    assert kept <= maxsim_by_hand(query, ones, embedding.vectors) + 1e-5


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("full", "full"),
        ("full[dtype=fp16]", "full"),
        ("rows[dtype=fp16]", "rows"),
        ("rows[dtype=fp32]", "rows[dtype=fp32]"),
        (" ward [ factor = 4 , dtype=int8 ] ", "ward[dtype=int8,factor=4]"),
        ("ward[factor=3]", "ward"),
        ("binary", "full[dtype=bits]"),
        ("codes", "full[dtype=codes]"),
        ("binary[rotate=yes]", "full[dtype=bits,rotate=yes]"),
        ("kmeans[k=16,dims=64,reduce=first]", "kmeans[dims=64,k=16,reduce=first]"),
    ],
)
def test_text_form(text, canonical):
    representation = Representation.parse(text)
    assert str(representation) == canonical
    assert Representation.parse(canonical) == representation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wart", "there is no representation 'wart'; there are full, global"),
        ("ward[k]", "'k' is not an option; write one as factor=4"),
        ("ward[size=3]", "'ward' has no option 'size'; its options: factor, k, space"),
        ("ward[factor=x]", "factor is a number, not 'x'"),
        ("ward[k=1.5]", "k is a whole number, not '1.5'"),
        ("conv[window=4]", "window is odd, which 4 is not"),
        ("ward[factor=0]", "factor is a number from 1 to"),
        ("ward[factor=nan]", "factor is a number from 1 to"),
        ("full[dtype=fp8]", "dtype is one of fp32, fp16, int8, bits, codes, residual, not 'fp8'"),
        ("full[dtype=codes,centroids=512]", "centroids is a number from 1 to 256"),
        ("fde[dtype=bits]", "the lengths of 'fde' vectors mean something"),
        ("fde[dims=64]", "the lengths of 'fde' vectors mean something"),
        ("lemur[dtype=int8]", "the lengths of 'lemur' vectors mean something"),
        ("lemur[features=0]", "features is a number from 1 to 16,384"),
        ("ward(3)", "is not a representation"),
    ],
)
def test_refusals_of_the_text_form(text, message):
    with pytest.raises(ValueError) as error:
        Representation.parse(text)
    assert message in str(error.value)


def test_refusals_of_pages():
    representation = Representation.parse("rows")
    state = representation.fit([random_page(0)])
    with pytest.raises(ValueError, match="without vectors"):
        representation.derive(page(np.zeros((0, DIM))), state)
    with pytest.raises(ValueError, match="fitted on vectors of 16 numbers, not of 8"):
        representation.derive(random_page(0, dim=8), state)
    with pytest.raises(ValueError, match="at least one page"):
        representation.fit([])
    with pytest.raises(ValueError, match="cannot be reduced to 64"):
        Representation.parse("full[dims=64]").fit([random_page(0)])
    with pytest.raises(ValueError, match="gives no salience"):
        derive("prune[salience=encoder]", random_page(0))


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_rows_are_of_the_layout_that_was_announced(encoding):
    for method in ("full", "rows", "ward", *ESTIMATES):
        if method in ESTIMATES and not ENCODINGS[encoding].lossless:
            continue
        representation, _, derived = derive(f"{method}[dtype={encoding}]", random_page(0))
        assert (derived.rows.shape[1], derived.rows.dtype.name) == representation.layout(DIM)


def test_what_need_not_see_pages_is_the_same_without_them():
    for text in ("rows", "fde", "binary[rotate=yes]", "full[dims=4,reduce=first]"):
        representation = Representation.parse(text)
        blank, fitted = representation.blank(DIM), representation.fit([random_page(0)])
        assert blank.keys() == fitted.keys()
        assert all((blank[key] == fitted[key]).all() for key in blank)
        assert FittedIndex(representation, blank).learnt == (text in ("fde", "binary[rotate=yes]"))
    for text in ("codes", "lemur", "rows[dims=4]"):
        with pytest.raises(ValueError, match="learns from pages"):
            Representation.parse(text).blank(DIM)


def test_one_vector_a_page_is_told_by_the_name():
    single = [name for name in METHODS if Representation.parse(name).single]
    assert single == ["global", *ESTIMATES]
    assert Representation.parse("kmeans[k=1]").single


def test_the_table_says_what_each_is_and_where_it_comes_from():
    for name, entry in (*METHODS.items(), *ENCODINGS.items()):
        assert entry.name == name
        assert entry.summary
        assert entry.source
        assert not set(entry.options) & set(COMMON)
        for key, option in entry.options.items():
            assert option.summary
            assert option.read(key, str(option.default)) == option.default
    assert not set(SHORT) & set(METHODS)
    assert all(Representation.parse(text) for text in SHORT.values())
    assert set(SPATIAL) <= set(METHODS)


def test_hamming_distance_of_centroid_numbers_says_nothing():
    """Why it is left out: over a random codebook it does not correlate with the cosine."""
    centroids = unit(np.random.default_rng(0), 256, 128)
    i, j = np.triu_indices(256, 1)
    hamming = np.bitwise_count(i ^ j)
    correlation = np.corrcoef(-hamming.astype(float), (centroids @ centroids.T)[i, j])[0, 1]
    assert abs(correlation) < 0.02
    assert any("hamming" in name for name in LEFT_OUT)


def _values(option):
    """Texts that an option takes."""
    if option.choices:
        return st.sampled_from(option.choices)
    if isinstance(option.default, float):
        within = st.floats(max(option.low, 1e-9), min(option.high, 1e6))
        return st.one_of(within.map(repr), within.map(lambda value: f"{value:.1f}"), st.integers(1, 9).map(str))
    return st.integers(int(option.low), int(min(option.high, 999))).map(str)


@st.composite
def written(draw):
    """A representation as a person may write it."""
    method = METHODS[draw(st.sampled_from(list(METHODS)))]
    encoding = ENCODINGS[draw(st.sampled_from(list(ENCODINGS)))]
    known = {**options_of(method, encoding), "dtype": COMMON["dtype"]}
    chosen = draw(st.lists(st.sampled_from(sorted(known.keys() - {"dtype"})), unique=True, max_size=4))
    pairs = [f"{name}={draw(_values(known[name]))}" for name in chosen]
    return f"{method.name}[{','.join([f'dtype={encoding.name}', *pairs])}]"


@settings(max_examples=200, deadline=None)
@given(written())
def test_a_text_form_reads_back_as_the_same_and_is_stable(text):
    try:
        found = Representation.parse(text)
    except ValueError:
        return
    assert Representation.parse(str(found)) == found
    assert str(Representation.parse(str(found))) == str(found)
    assert ".0," not in str(found) + ","
    assert ".0]" not in str(found)


@pytest.mark.parametrize("text", ["ward[factor=4]", "ward[factor=2.5]", "kmeans[k=16]", "full[dtype=bits]"])
def test_an_index_goes_by_the_name_it_was_given(text):
    assert str(Representation.parse(text)) == text
    assert str(Representation.parse("ward[factor=4.0]")) == "ward[factor=4]"


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "9" * 400, "9" * 5000, "1e308", "x", "\N{SUPERSCRIPT TWO}"])
def test_a_number_out_of_bounds_is_refused_in_words(value):
    for name in ("ward[factor=", "kmeans[k="):
        with pytest.raises(ValueError, match=r"is a (whole )?number") as caught:
            Representation.parse(f"{name}{value}]")
        assert not isinstance(caught.value, OverflowError)
