"""Clusters, seeds and pruning against their definitions, colpali-engine, scipy and scikit-learn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.representations.pages import DIM, page, random_page, unit
from workbench.representations import Representation
from workbench.representations.anchors import spherical_kmeans, spread
from workbench.representations.base import means
from workbench.representations.pruning import above
from workbench.representations.trees import average_tree, cut, ward_labels

pytestmark = pytest.mark.slow

SETTINGS = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 2**31)


def chosen(text, embedding):
    representation = Representation.parse(text)
    return representation.method.derive(embedding, {}, representation.values)


def same_partition(one, two):
    return {tuple(np.flatnonzero(one == a)) for a in set(one)} == {tuple(np.flatnonzero(two == a)) for a in set(two)}


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_ward_on_profiles_is_the_pooler_of_colpali_engine(factor):
    from workbench.encoders.torchvision_cure import cure

    cure()
    torch = pytest.importorskip("torch")
    from colpali_engine.compression.token_pooling import HierarchicalTokenPooler

    embeddings = [random_page(seed, n=n) for seed, n in ((0, 60), (1, 97), (2, 12))]
    theirs = HierarchicalTokenPooler().pool_embeddings(
        [torch.from_numpy(embedding.vectors) for embedding in embeddings], pool_factor=factor, return_dict=True
    )
    for embedding, pooled, groups in zip(
        embeddings, theirs.pooled_embeddings, theirs.cluster_id_to_indices, strict=True
    ):
        ours = chosen(f"ward[factor={factor},space=profiles]", embedding)
        assert [group.tolist() for group in ours.groups] == [index[0].tolist() for index in groups.values()]
        np.testing.assert_allclose(ours.vectors, pooled.numpy(), atol=1e-6)


def test_ward_finds_clusters_that_are_there_and_allows_fewer_than_asked():
    rng = np.random.default_rng(0)
    centres = unit(rng, 4)
    truth = rng.integers(0, 4, 60)
    noisy = centres[truth] + 0.02 * rng.normal(size=(60, DIM))
    vectors = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    for profiles in (False, True):
        assert same_partition(ward_labels(vectors, 4, profiles), truth)
    assert len(set(ward_labels(centres[truth], 30))) == 4


@SETTINGS
@given(seeds, st.integers(2, 9))
def test_average_merging_is_the_loop_that_defines_it(seed, n):
    vectors = unit(np.random.default_rng(seed), n)
    clusters = [[i] for i in range(n)]
    cosine = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    tree = average_tree(vectors)
    for k in range(n - 1, 0, -1):
        a, b = max(
            itertools.combinations(range(len(clusters)), 2),
            key=lambda pair: cosine[np.ix_(clusters[pair[0]], clusters[pair[1]])].mean(),
        )
        merged = clusters[a] + clusters[b]
        clusters = [c for i, c in enumerate(clusters) if i not in (a, b)] + [merged]
        labels = cut(tree, k)
        assert {frozenset(np.flatnonzero(labels == label)) for label in set(labels)} == set(map(frozenset, clusters))
        assert labels.max() == k - 1


def test_merge_agrees_with_scikit_learn():
    clustering = pytest.importorskip("sklearn.cluster").AgglomerativeClustering
    vectors = unit(np.random.default_rng(5), 50)
    theirs = clustering(n_clusters=7, metric="cosine", linkage="average").fit_predict(vectors)
    assert same_partition(cut(average_tree(vectors), 7), theirs)


@SETTINGS
@given(seeds, st.floats(-1, 1))
def test_adamerge_stops_before_the_first_merge_that_is_too_unlike(seed, alike):
    vectors = unit(np.random.default_rng(seed), 20, 3)
    made = chosen(f"adamerge[alike={alike},low=1,high=1000]", page(vectors))
    tree = average_tree(vectors)
    assert len(made.groups) == 20 - int((1 - tree[:, 2] >= alike - 1e-12).sum())
    bounded = chosen(f"adamerge[alike={alike},low=6,high=9]", page(vectors))
    assert len(bounded.groups) == min(max(len(made.groups), 6), 9)


def test_adamerge_weights_means_by_salience_where_there_is_one():
    vectors = unit(np.random.default_rng(0), 2)
    weighted = chosen("adamerge[alike=-1,low=1]", page(vectors, [3.0, 1.0]))
    expected = 3 * vectors[0] + vectors[1]
    np.testing.assert_allclose(weighted.vectors[0], expected / np.linalg.norm(expected), atol=1e-6)
    assert "weighted by salience" in weighted.note
    assert "no salience" in chosen("adamerge[alike=-1,low=1]", page(vectors)).note


def test_anchors_are_the_farthest_first_of_a_plain_loop():
    vectors = unit(np.random.default_rng(1), 40)
    anchors = spread(vectors, 12)
    mean = vectors.mean(axis=0)
    expected = [int((vectors @ mean).argmax())]
    while len(expected) < 12:
        expected.append(int((vectors @ vectors[expected].T).max(axis=1).argmin()))
    assert anchors.tolist() == expected
    assert len(spread(np.repeat(vectors[:3], 9, axis=0), 12)) == 3


def test_plain_kmeans_is_that_of_scikit_learn_from_the_same_start():
    cluster = pytest.importorskip("sklearn.cluster")
    vectors = unit(np.random.default_rng(2), 80)
    start = vectors[spread(vectors, 9)]
    centres, labels = spherical_kmeans(vectors, start, 100, on_sphere=False)
    theirs = cluster.KMeans(9, init=start, n_init=1, tol=0, max_iter=100, algorithm="lloyd").fit(vectors)
    assert same_partition(labels, theirs.labels_)
    np.testing.assert_allclose(centres, theirs.cluster_centers_, atol=1e-5)


@SETTINGS
@given(seeds, st.integers(1, 15))
def test_spherical_kmeans_ends_where_vectors_are_with_their_nearest_unit_mean(seed, k):
    vectors = unit(np.random.default_rng(seed), 40)
    centres, labels = spherical_kmeans(vectors, vectors[spread(vectors, k)], 500)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    scores = vectors @ centres.T
    assert (scores[np.arange(40), labels] >= scores.max(axis=1) - 1e-6).all()
    assert len(np.unique(labels)) == k
    np.testing.assert_allclose(centres, means(vectors, [np.flatnonzero(labels == i) for i in range(k)]), atol=1e-5)


def test_a_centre_that_lost_its_vectors_takes_the_worst_served():
    vectors = unit(np.random.default_rng(3), 10)
    centres, labels = spherical_kmeans(vectors, np.repeat(vectors[:1], 3, axis=0), 50)
    assert len(np.unique(labels)) == len(centres) == 3


@SETTINGS
@given(seeds, st.integers(1, 12))
def test_ita_is_its_formula(seed, k):
    vectors = unit(np.random.default_rng(seed), 30)
    made = chosen(f"ita[k={k}]", page(vectors))
    anchors = spread(vectors, k)
    members = {int(anchor): [] for anchor in anchors}
    for i in range(30):
        if i not in members:
            members[int(anchors[(vectors[anchors] @ vectors[i]).argmax()])].append(i)
    for vector, group, anchor in zip(made.vectors, made.groups, anchors, strict=True):
        own = members[int(anchor)]
        z = vectors[anchor] + (vectors[own].mean(axis=0) if own else 0)
        np.testing.assert_allclose(vector, z / np.linalg.norm(z), atol=1e-5)
        assert sorted([*own, anchor]) == group.tolist()


def test_ita_by_hand_with_salient_seeds():
    vectors = np.eye(4, DIM, dtype=np.float32)
    vectors[3] = [0.8, 0.6, *[0] * (DIM - 2)]
    made = chosen("ita[k=2,anchors=salient]", page(vectors, [0.9, 0.8, 0.1, 0.2]))
    # vector 2 is orthogonal to both seeds: the tie goes to the first
    z = vectors[0] + (vectors[2] + vectors[3]) / 2
    np.testing.assert_allclose(made.vectors[0], z / np.linalg.norm(z), atol=1e-6)
    np.testing.assert_allclose(made.vectors[1], vectors[1], atol=1e-6)
    assert made.note == "salience given by the encoder"


@pytest.mark.parametrize(("keep", "count"), [(100, 20), (60, 12), (61, 13), (1, 1), (0, 1)])
def test_prune_keeps_the_most_salient_share(keep, count):
    embedding = random_page(0, n=20, salient=True)
    made = chosen(f"prune[keep={keep}]", embedding)
    kept = np.concatenate(made.groups)
    assert len(kept) == count
    assert set(kept) == set(np.argsort(-embedding.salience)[:count])
    np.testing.assert_array_equal(made.vectors, embedding.vectors[kept])


def test_docpruner_keeps_what_stands_out_of_its_page():
    salience = np.asarray([0, 0, 0, 4], np.float32)  # mean 1, standard deviation 1.732
    assert above(salience, 0.5).tolist() == [3]
    assert above(salience, -0.6).tolist() == [0, 1, 2, 3]
    assert above(np.ones(5, np.float32), 0.0).tolist() == [0]  # nothing stands out: the best, which is the first


def test_prune_merge_clusters_what_is_left():
    embedding = random_page(4, n=40, salient=True)
    made = chosen("prune-merge[factor=2]", embedding)
    kept = above(embedding.salience, -0.75)
    assert sorted(np.concatenate(made.groups)) == kept.tolist()
    assert len(made.groups) == len(kept) // 2


def test_the_stand_in_for_salience_is_named_and_is_how_unlike_the_mean_a_vector_is():
    vectors = np.concatenate([np.repeat(np.eye(1, DIM), 9, axis=0), np.eye(2, DIM)[1:]]).astype(np.float32)
    made = chosen("prune[keep=10]", page(vectors))
    assert np.concatenate(made.groups).tolist()[-1] == 9
    assert "for want of the encoder's" in made.note
