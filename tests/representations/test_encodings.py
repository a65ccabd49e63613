"""Encodings against plain loops and their definitions: what survives, what a score is, how many bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.representations.pages import DIM, maxsim_by_hand, page, random_page, stored, unit
from workbench.representations import Representation
from workbench.representations.fde import FDE, encode_page, encode_query
from workbench.representations.fde import dim as fde_dim
from workbench.representations.fde import fit as fde_fit

SETTINGS = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 2**31)
ONES = np.ones(6, np.float32)


def fitted(text, pages):
    representation = Representation.parse(text)
    return representation, representation.fit(pages)


def scores(representation, state, pages, query, weights=ONES):
    return representation.score(query, weights, *stored(representation, pages, state), state)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("full[dtype=fp32]", 1024 * 128 * 4),
        ("full", 1024 * 128 * 2),
        ("full[dtype=int8]", 1024 * 128),
        ("binary", 1024 * 16),
        ("codes", 32),
        ("full[dtype=residual]", 1024 * 17),
        ("full[dtype=residual,bits=2]", 1024 * 33),
        ("ward[k=64]", 16_384),
        ("rows", 8_192),
        ("rows[dtype=fp32]", 16_384),
        ("fde", 20_480),
        ("full[dims=32]", 1024 * 64),
    ],
)
def test_bytes_of_a_page_of_colpali(text, expected):
    """1,024 vectors of 128 numbers; the sizes of the references."""
    assert Representation.parse(text).cost(1024, 128).bytes == expected


@SETTINGS
@given(seeds)
def test_int8_keeps_direction_to_a_few_thousandths(seed):
    embedding = random_page(seed)
    representation, state = fitted("full[dtype=int8]", [embedding])
    rows = representation.derive(embedding, state).rows
    assert rows.dtype == np.int8
    assert (np.abs(rows).max(axis=1) == 127).all()
    cosine = np.einsum("ij,ij->i", representation.decode(rows, state), embedding.vectors)
    assert (cosine > 0.9998).all()


@SETTINGS
@given(seeds, st.sampled_from([8, 13, 16]))
def test_signs_are_scored_against_the_query_as_it_is(seed, dim):
    embedding = random_page(seed, dim=dim)
    query = unit(np.random.default_rng(seed), 6, dim)
    representation, state = fitted("binary", [embedding])
    rows = representation.derive(embedding, state).rows
    assert rows.shape == (40, -(-dim // 8))
    expected = sum(
        max(sum(x * (1 if y > 0 else -1) for x, y in zip(q, d, strict=True)) for d in embedding.vectors) / dim**0.5
        for q in query
    )
    assert scores(representation, state, [embedding], query)[0] == pytest.approx(expected, abs=1e-4)


def test_signs_of_signs_are_themselves_and_a_rotation_changes_no_length():
    signs = np.where(np.random.default_rng(0).random((12, DIM)) > 0.5, 1, -1) / DIM**0.5
    embedding = page(signs)
    representation, state = fitted("binary", [embedding])
    np.testing.assert_allclose(
        representation.decode(representation.derive(embedding, state).rows, state), signs, atol=1e-6
    )
    turned, state = fitted("binary[rotate=yes]", [embedding])
    rotation = state["encoding.rotation"]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(DIM), atol=1e-5)
    decoded = turned.decode(turned.derive(embedding, state).rows, state)
    np.testing.assert_allclose(decoded, np.sign(embedding.vectors @ rotation) / DIM**0.5, atol=1e-6)
    query, _ = turned.query(embedding.vectors, ONES, state)
    np.testing.assert_allclose(query, embedding.vectors @ rotation, atol=1e-6)


# -- codes ------------------------------------------------------------------------------------------------------------


@SETTINGS
@given(seeds)
def test_a_codebook_with_room_for_every_vector_loses_nothing(seed):
    pages = [random_page(seed + i, n=30) for i in range(4)]
    query = unit(np.random.default_rng(seed), 6)
    representation, state = fitted("codes", pages)
    assert len(state["encoding.centroids"]) == 120
    expected = [maxsim_by_hand(query, ONES, embedding.vectors) for embedding in pages]
    np.testing.assert_allclose(scores(representation, state, pages, query), expected, atol=1e-4)


@SETTINGS
@given(seeds, st.sampled_from([8, 20, 64]))
def test_a_page_is_the_set_of_its_codes(seed, centroids):
    pages = [random_page(seed + i) for i in range(3)]
    rng = np.random.default_rng(seed)
    query, weights = unit(rng, 6), rng.random(6).astype(np.float32)
    representation, state = fitted(f"full[dtype=codes,centroids={centroids}]", pages)
    book = state["encoding.centroids"]
    by_table = []
    for embedding in pages:
        codes = {int((book @ vector).argmax()) for vector in embedding.vectors}
        derived = representation.derive(embedding, state)
        assert derived.bytes == -(-centroids // 8)
        np.testing.assert_array_equal(representation.decode(derived.rows, state), book[sorted(codes)])
        by_table.append(sum(w * max(float(q @ book[c]) for c in codes) for q, w in zip(query, weights, strict=True)))
    np.testing.assert_allclose(scores(representation, state, pages, query, weights), by_table, atol=1e-5)


def test_neither_order_nor_repetition_changes_codes():
    pages = [random_page(i) for i in range(8)]
    representation, state = fitted("full[dtype=codes,centroids=32]", pages)
    vectors = pages[0].vectors
    again = page(np.concatenate([vectors[::-1], vectors[:7]]))
    assert representation.derive(again, state).rows.tobytes() == representation.derive(pages[0], state).rows.tobytes()
    book = state["encoding.centroids"]
    np.testing.assert_array_equal(representation.decode(representation.derive(page(book), state).rows, state), book)


def test_codes_of_merged_vectors_lead_back_to_the_page():
    pages = [random_page(i) for i in range(6)]
    representation, state = fitted("ward[dtype=codes,centroids=16]", pages)
    derived = representation.derive(pages[0], state)
    assert sorted(np.concatenate(derived.groups)) == list(range(40))


@pytest.mark.parametrize(("bits", "least"), [(1, 0.75), (2, 0.90), (4, 0.98)])
def test_residuals_come_nearer_with_every_bit(bits, least):
    """On vectors of no structure, the hardest, where a sign alone comes to a cosine of sqrt(2 / pi) = 0.80."""
    pages = [random_page(i, n=60, dim=64) for i in range(20)]
    representation, state = fitted(f"full[dtype=residual,bits={bits},centroids=64]", pages)
    cosine = []
    for embedding in pages:
        rows = representation.derive(embedding, state).rows
        assert rows.shape == (60, 1 + 64 * bits // 8)
        cosine.append(np.einsum("ij,ij->i", representation.decode(rows, state), embedding.vectors).mean())
    assert np.mean(cosine) > least


def test_a_residual_by_hand():
    """One centroid, so the rest is the vector less the mean direction; buckets are cut at quantiles."""
    embedding = random_page(0, n=50, dim=8)
    representation, state = fitted("full[dtype=residual,bits=2,centroids=1]", [embedding])
    rest = embedding.vectors - state["encoding.centroids"][0]
    np.testing.assert_allclose(state["encoding.cuts"], np.quantile(rest, [0.25, 0.5, 0.75]), atol=1e-6)
    np.testing.assert_allclose(state["encoding.middles"], np.quantile(rest, [0.125, 0.375, 0.625, 0.875]), atol=1e-6)
    bucket = (rest[:, :, None] >= state["encoding.cuts"]).sum(axis=2)
    whole = state["encoding.centroids"][0] + state["encoding.middles"][bucket]
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    decoded = representation.decode(representation.derive(embedding, state).rows, state)
    np.testing.assert_allclose(decoded, whole, atol=1e-5)


# -- fewer numbers ----------------------------------------------------------------------------------------------------


@SETTINGS
@given(seeds)
def test_all_principal_directions_are_a_rotation(seed):
    pages = [random_page(seed + i) for i in range(3)]
    query = unit(np.random.default_rng(seed), 6)
    representation, state = fitted(f"full[dtype=fp32,dims={DIM}]", pages)
    expected = [maxsim_by_hand(query, ONES, embedding.vectors) for embedding in pages]
    np.testing.assert_allclose(scores(representation, state, pages, query), expected, atol=1e-4)


def test_principal_directions_find_the_plane_the_pages_lie_in():
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(DIM, 3)))[0].T
    pages = [page(unit(rng, 30, 3) @ plane) for _ in range(3)]
    query = (unit(rng, 6, 3) @ plane).astype(np.float32)
    representation, state = fitted("full[dtype=fp32,dims=3]", pages)
    expected = [maxsim_by_hand(query, ONES, embedding.vectors) for embedding in pages]
    np.testing.assert_allclose(scores(representation, state, pages, query), expected, atol=1e-4)


def test_the_first_numbers_are_the_first_numbers():
    embedding = random_page(0)
    representation, state = fitted("full[dtype=fp32,dims=4,reduce=first]", [embedding])
    first = embedding.vectors[:, :4]
    decoded = representation.decode(representation.derive(embedding, state).rows, state)
    np.testing.assert_allclose(decoded, first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-5)


# -- fixed dimensional encodings --------------------------------------------------------------------------------------


def fde(**options):
    values = {key: option.default for key, option in FDE.options.items()} | options
    return fde_fit(np.zeros((1, DIM), np.float32), values), values


@SETTINGS
@given(seeds)
def test_one_cell_is_the_sum_of_the_query_and_the_mean_of_the_page(seed):
    rng = np.random.default_rng(seed)
    state, _ = fde(repeats=1, bits=0, width=0)
    query, vectors = unit(rng, 5), unit(rng, 30)
    np.testing.assert_allclose(encode_query(query, np.ones(5), state), query.sum(axis=0), atol=1e-5)
    np.testing.assert_allclose(encode_page(vectors, state), vectors.mean(axis=0), atol=1e-5)


@SETTINGS
@given(seeds, st.integers(1, 6), st.integers(0, 5))
def test_a_page_of_one_vector_is_scored_exactly(seed, repeats, bits):
    rng = np.random.default_rng(seed)
    state, values = fde(repeats=repeats, bits=bits, width=0)
    query, vector = unit(rng, 5), unit(rng, 1)
    page_side = encode_page(vector, state)
    assert len(page_side) == fde_dim(DIM, values) == repeats * 2**bits * DIM
    expected = maxsim_by_hand(query, np.ones(5), vector)
    assert float(encode_query(query, np.ones(5), state) @ page_side) == pytest.approx(expected, abs=1e-4)


@SETTINGS
@given(seeds)
def test_the_query_side_is_linear_and_the_page_side_ignores_doubling(seed):
    rng = np.random.default_rng(seed)
    state, values = fde(repeats=3, bits=3, width=4)
    one, two, vectors = unit(rng, 3), unit(rng, 4), unit(rng, 20)
    both = encode_query(np.concatenate([one, two]), np.r_[np.ones(3), 2 * np.ones(4)], state)
    parts = encode_query(one, np.ones(3), state) + 2 * encode_query(two, np.ones(4), state)
    np.testing.assert_allclose(both, parts, atol=1e-5)
    assert len(both) == fde_dim(DIM, values) == 3 * 8 * 4
    np.testing.assert_allclose(
        encode_page(np.repeat(vectors, 2, axis=0), state), encode_page(vectors, state), atol=1e-5
    )


@SETTINGS
@given(seeds, st.integers(1, 6))
def test_cells_by_plain_loops(seed, bits):
    """Plain binary numbering, query sums, page means, and the nearest vector by bits where a cell is empty."""
    rng = np.random.default_rng(seed)
    state, _ = fde(repeats=2, bits=bits, width=5, seed=seed)
    vectors, query = unit(rng, 12), unit(rng, 4)
    page_side, query_side = [], []
    for planes, signs in zip(state["planes"], state["signs"], strict=True):
        side = [[int(vector @ plane > 0) for plane in planes.T] for vector in vectors]
        asked = [[int(vector @ plane > 0) for plane in planes.T] for vector in query]
        for cell in range(2**bits):
            code = [(cell >> b) & 1 for b in range(bits)]
            members = [i for i in range(12) if side[i] == code]
            away = [sum(x != y for x, y in zip(side[i], code, strict=True)) for i in range(12)]
            members = members or [away.index(min(away))]
            page_side.append(vectors[members].mean(axis=0) @ signs)
            query_side.append(sum((query[i] @ signs for i in range(4) if asked[i] == code), np.zeros(5)))
    np.testing.assert_allclose(encode_page(vectors, state), np.concatenate(page_side) / 2**0.5, atol=1e-5)
    np.testing.assert_allclose(encode_query(query, np.ones(4), state), np.concatenate(query_side) / 2**0.5, atol=1e-5)


def test_an_encoding_ranks_a_page_that_holds_the_query_first():
    rng = np.random.default_rng(0)
    pages = [random_page(seed, n=30, dim=64) for seed in range(20)]
    query = pages[13].vectors[:6] + 0.02 * rng.normal(size=(6, 64)).astype(np.float32)
    representation, state = fitted("fde[repeats=30]", pages)
    assert scores(representation, state, pages, query).argmax() == 13
    assert set(state) == {"dim", "method.planes", "method.signs"}


# -- lemur ------------------------------------------------------------------------------------------------------------

LEMUR_NAME = "lemur[features=24,samples=60]"


def psi(vector, projection):
    """One vector's features as the paper and its code say: GELU of random projections, scaled to mean 0, variance 1."""
    from math import erf, sqrt

    active = [x * (1 + erf(x / sqrt(2))) / 2 for x in (float(vector @ column) for column in projection.T)]
    mean = sum(active) / len(active)
    variance = sum((a - mean) ** 2 for a in active) / len(active)
    return np.asarray([(a - mean) / sqrt(variance + 1e-5) for a in active])


@SETTINGS
@given(seeds)
def test_lemur_by_its_definition(seed):
    """Weights by ridge regression of the page's own best matches on the features of the sample, one equation a row."""
    pages = [random_page(seed + i, n=20) for i in range(4)]
    representation, state = fitted(LEMUR_NAME, pages)
    sample, projection = state["method.sample"], state["method.projection"]
    assert sample.shape == (60, DIM)
    z = np.stack([psi(x, projection) for x in sample])
    ridge = 0.3 * (z**2).sum() / z.shape[1]
    stacked = np.concatenate([z, np.sqrt(ridge) * np.eye(z.shape[1])])
    query = unit(np.random.default_rng(seed), 6)
    found = scores(representation, state, pages, query)
    for page_, score in zip(pages, found, strict=True):
        targets = [max(float(x @ d) for d in page_.vectors) for x in sample]
        weights = np.linalg.lstsq(stacked, np.r_[targets, np.zeros(z.shape[1])], rcond=None)[0]
        assert score == pytest.approx(sum(psi(q, projection) @ weights for q in query), abs=2e-3)


@SETTINGS
@given(seeds)
def test_a_lemur_page_that_comes_later_is_solved_for_by_the_same_sample(seed):
    pages = [random_page(seed + i, n=20) for i in range(5)]
    representation, state = fitted(LEMUR_NAME, pages[:3])
    again = representation.fit(pages[:3])
    assert all((state[key] == again[key]).all() for key in state)
    alone = representation.derive(pages[4], state).rows
    for other in pages:
        representation.derive(other, state)
    assert representation.derive(pages[4], again).rows.tobytes() == alone.tobytes()


def test_the_lemur_query_is_linear_in_its_vectors_and_weights():
    pages = [random_page(i, n=20) for i in range(3)]
    representation, state = fitted(LEMUR_NAME, pages)
    rng = np.random.default_rng(0)
    one, two = unit(rng, 3), unit(rng, 4)
    first, _ = representation.query(one, np.ones(3), state)
    second, _ = representation.query(two, np.full(4, -0.5), state)
    both, weight = representation.query(np.concatenate([one, two]), np.r_[np.ones(3), np.full(4, -0.5)], state)
    np.testing.assert_allclose(both, first + second, atol=1e-4)
    assert weight.tolist() == [1]


def test_lemur_ranks_the_pages_that_hold_the_query_first():
    """Near the exact list over many pages, and nearer than the plain mean of a page is."""
    rng = np.random.default_rng(0)
    topics = unit(rng, 12, 32)
    pages = []
    for _ in range(120):
        mixed = topics[rng.integers(0, 12, 25)] + 0.9 * unit(rng, 25, 32)
        pages.append(page(mixed / np.linalg.norm(mixed, axis=1, keepdims=True)))
    overlaps = {}
    for name in ("lemur[features=256,samples=2048]", "global"):
        representation, state = fitted(name, pages)
        shares = []
        for asked in range(0, 120, 10):
            query = pages[asked].vectors[:6] + 0.2 * unit(rng, 6, 32)
            exact = np.argsort([-maxsim_by_hand(query, np.ones(6), embedding.vectors) for embedding in pages])[:10]
            best = np.argsort(-scores(representation, state, pages, query))[:30]
            shares.append(len(set(exact) & set(best)) / 10)
        overlaps[name.partition("[")[0]] = np.mean(shares)
    assert overlaps["lemur"] > overlaps["global"] + 0.05
    assert overlaps["lemur"] > 0.8


def test_a_lemur_index_of_other_formulas_is_refused():
    pages = [random_page(i, n=20) for i in range(2)]
    representation, state = fitted(LEMUR_NAME, pages)
    other = {**state, "method.version": np.asarray(99)}
    for work in (
        lambda: representation.derive(pages[0], other),
        lambda: representation.query(unit(np.random.default_rng(0), 2), np.ones(2), other),
    ):
        with pytest.raises(ValueError, match="another version of Pagelens; take it out and add it again"):
            work()
