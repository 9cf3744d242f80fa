"""Losses, propagation and sampling against dense matrices, naive loops and numerical gradients."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itdr_hf.errors import UsageError  # noqa: E402
from itdr_hf.models.recommenders import Features, Interactions, Settings, rank  # noqa: E402
from itdr_hf.models.recommenders.factorisation import NCF, BiasMF  # noqa: E402
from itdr_hf.models.recommenders.graph import SGL, LightGCN, SimGCL  # noqa: E402
from itdr_hf.models.recommenders.losses import bpr, info_nce, squared_norm  # noqa: E402
from itdr_hf.models.recommenders.propagation import Adjacency, Graph, layers_of, mean_of_layers  # noqa: E402
from itdr_hf.models.recommenders.sampling import PairSampler  # noqa: E402
from itdr_hf.models.recommenders.sequential import SASRec  # noqa: E402
from itdr_hf.models.recommenders.vectors import item_vectors, user_vectors  # noqa: E402

NETWORKS = [BiasMF, NCF, LightGCN, SGL, SimGCL, SASRec]


def some_interactions(users: int = 12, items: int = 9, pairs: int = 40, seed: int = 0) -> Interactions:
    """Return random pairs in which the last user and the last item do not occur."""
    rng = np.random.default_rng(seed)
    return Interactions(
        users=rng.integers(users - 1, size=pairs),
        items=rng.integers(items - 1, size=pairs),
        times=rng.integers(1000, size=pairs),
        user_count=users,
        item_count=items,
    )


def some_features(train: Interactions, width: int = 6) -> Features:
    rng = np.random.default_rng(1)
    texts, profiles = (rng.standard_normal((train.item_count, width), dtype=np.float32) for _ in range(2))
    users = rng.standard_normal((train.user_count, width + 1), dtype=np.float32)
    return Features(item_texts=texts, item_profiles=profiles, user_profiles=users)


def dense(train: Interactions) -> np.ndarray:
    """Return D^-1/2 A D^-1/2 as the papers write it, by a loop over pairs."""
    size = train.user_count + train.item_count
    matrix = np.zeros((size, size))
    for user, item in zip(train.users, train.items, strict=True):
        matrix[user, train.user_count + item] = matrix[train.user_count + item, user] = 1
    root = np.sqrt(np.maximum(matrix.sum(axis=1), 1))
    return matrix / np.outer(root, root)


def as_dense(adjacency: Adjacency, size: int) -> np.ndarray:
    return adjacency.product(torch.eye(size)).numpy()


def test_the_adjacency_is_the_dense_normalised_matrix():
    train = some_interactions()
    np.testing.assert_allclose(as_dense(Graph(train).adjacency(), 21), dense(train), atol=1e-7)


def test_a_view_is_the_adjacency_of_the_pairs_it_keeps_with_their_own_degrees():
    graph = Graph(some_interactions())
    kept = np.random.default_rng(3).random(len(graph.users)) < 0.5
    part = Interactions(users=graph.users[kept], items=graph.items[kept], user_count=12, item_count=9)
    np.testing.assert_allclose(as_dense(graph.adjacency(kept), 21), dense(part), atol=1e-7)


@pytest.mark.parametrize("first", [0, 1])
def test_the_gradient_of_a_propagation_agrees_with_finite_differences(first):
    whole = Graph(some_interactions()).adjacency()
    double = Adjacency(starts=whole.starts, columns=whole.columns, weights=whole.weights.double())
    vectors = torch.randn(21, 3, dtype=torch.float64, requires_grad=True)
    nodes = torch.tensor([0, 20, 7, 7, 3])  # one of them twice

    def rows(start: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return mean_of_layers(double, start, layers_of(double, start, 3), nodes, first=first)

    assert torch.autograd.gradcheck(rows, vectors)


@pytest.mark.parametrize("first", [0, 1])
def test_the_mean_of_layers_is_the_mean_of_the_dense_matrix_powers(first):
    train = some_interactions()
    matrix, vectors = dense(train), np.random.default_rng(5).standard_normal((21, 4))
    powers = [vectors, matrix @ vectors, matrix @ matrix @ vectors]
    adjacency, start, nodes = Graph(train).adjacency(), torch.tensor(vectors, dtype=torch.float32), [4, 20, 4]
    layers = layers_of(adjacency, start, 2)
    found, own = mean_of_layers(adjacency, start, layers, torch.tensor(nodes), first=first)
    np.testing.assert_allclose(found.numpy(), np.mean(powers[first:], axis=0)[nodes], atol=1e-6)
    np.testing.assert_allclose(own.numpy(), vectors[nodes], atol=1e-6)


def test_bpr_is_the_mean_of_minus_log_sigmoid_also_where_the_exponential_overflows():
    liked, other = torch.tensor([1.0, -2.0, -500.0]), torch.tensor([0.5, 3.0, 500.0])
    wanted = [-np.log(1 / (1 + np.exp(-0.5))), -np.log(1 / (1 + np.exp(5))), 1000]
    assert bpr(liked, other).item() == pytest.approx(np.mean(wanted), rel=1e-6)


def test_info_nce_agrees_with_a_loop_over_rows():
    first, second = np.random.default_rng(0).standard_normal((2, 5, 3))
    losses = []
    for row in first:
        cosines = [row @ other / np.linalg.norm(row) / np.linalg.norm(other) / 0.2 for other in second]
        losses.append(np.log(np.exp(cosines).sum()) - cosines[len(losses)])
    found = info_nce(torch.tensor(first), torch.tensor(second), 0.2)
    assert found.item() == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_squared_norm_is_half_of_all_squares_per_row():
    assert squared_norm(torch.ones(4, 2), torch.full((4, 2), 2.0)).item() == pytest.approx((8 + 32) / 2 / 4)


def test_an_epoch_has_every_distinct_pair_once_and_no_negative_the_user_has():
    train = some_interactions()
    batches = list(PairSampler(train, np.random.default_rng(0)).epoch(7))
    pairs = [(int(u), int(i)) for batch in batches for u, i in zip(batch.users, batch.positives, strict=True)]
    known = set(zip(train.users.tolist(), train.items.tolist(), strict=True))
    assert sorted(pairs) == sorted(known)
    drawn = {(int(u), int(i)) for batch in batches for u, i in zip(batch.users, batch.negatives, strict=True)}
    assert not drawn & known


def test_an_item_outside_training_is_never_a_negative():
    train = some_interactions()
    sampler = PairSampler(train, np.random.default_rng(0))
    drawn = sampler.negatives(np.zeros(5000, dtype=np.int64))
    assert set(drawn) == set(train.items) - set(train.items[train.users == 0])


def test_a_user_with_every_item_is_left_out_instead_of_searched_for_ever():
    train = Interactions(users=[0, 0, 1], items=[0, 1, 0], user_count=2, item_count=2)
    (batch,) = PairSampler(train, np.random.default_rng(0)).epoch(8)
    assert [column.tolist() for column in batch] == [[1], [0], [1]]


def test_training_on_users_with_every_item_is_refused():
    train = Interactions(users=[0, 0], items=[0, 1], user_count=1, item_count=3)
    with pytest.raises(UsageError, match="every user has all 2 items; want items to draw as negatives"):
        PairSampler(train, np.random.default_rng(0))


def test_only_the_contrasted_rows_that_the_cap_allows_are_compared():
    network = SGL(some_interactions(), Features(), Settings(contrast_rows=3, dim=4), np.random.default_rng(0))
    assert len(network._capped(torch.arange(10))) == 3
    assert network._capped(torch.arange(2)).tolist() == [0, 1]


def test_a_view_of_simgcl_is_the_noisy_propagation_of_its_paper():
    """The shortcut (plain mean plus propagated noise) against h_l = A h_{l−1} + n_l, layer by layer."""
    train = some_interactions()
    network = SimGCL(train, Features(), Settings(dim=4, layers=3), np.random.default_rng(0))
    drawn = []
    draw = network._draw
    network._draw = lambda vectors: drawn.append(draw(vectors)) or drawn[-1]  # type: ignore[method-assign]
    start, nodes = network.start().detach(), [3, 20, 0, 11]
    layers = layers_of(network.adjacency, start, 3)
    view = network.final(start)[nodes] + network._noise(layers, torch.tensor(nodes))

    hidden, total = start.numpy(), 0
    for depth, noise in enumerate(drawn):
        hidden = dense(train) @ hidden
        hidden = hidden[nodes] if depth == 2 else hidden  # the last layer's noise is drawn for these alone
        assert ((np.sign(noise.numpy()) == np.sign(hidden)) | (np.abs(hidden) < 1e-7)).all()
        hidden = hidden + noise.numpy()
        total = total + (hidden if depth == 2 else hidden[nodes])
    np.testing.assert_allclose(view.detach().numpy(), total / 3, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(drawn[0], axis=1), 0.1, rtol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("featured", [False, True])
def test_pair_scores_are_those_of_all_items(network, featured):
    train = some_interactions()
    features = some_features(train) if featured else Features()
    scorer = network(train, features, Settings(dim=8), np.random.default_rng(0)).scorer()
    users, items = np.divmod(np.arange(12 * 9), 9)
    table = scorer.score_users(np.arange(12))
    np.testing.assert_allclose(scorer.score_pairs(users, items).reshape(12, 9), table, atol=1e-5)


def test_the_scores_of_ncf_in_training_are_those_of_its_scorer():
    train = some_interactions()
    network = NCF(train, some_features(train), Settings(dim=8), np.random.default_rng(0))
    users, items = torch.arange(9), torch.arange(9)
    with torch.no_grad():
        trained = network._score(network.users(users), network.tower_users(users), items)
    np.testing.assert_allclose(network.scorer().score_pairs(users.numpy(), items.numpy()), trained, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("featured", [False, True])
def test_every_parameter_gets_a_gradient_and_the_loss_falls(network, featured):
    train = some_interactions()
    torch.manual_seed(0)
    features = some_features(train) if featured else Features()
    if featured and network is SASRec:
        features = features.without("user")
    built = network(train, features, Settings(dim=8, contrast=0.01, dropout=1e-9), np.random.default_rng(0))
    optimiser = torch.optim.Adam(built.parameters.values(), lr=0.01)
    losses = []
    for _ in range(30):
        for loss in built.losses():
            optimiser.zero_grad()
            loss.backward()
            assert all(p.grad is not None and p.grad.isfinite().all() for p in built.parameters.values())
            optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.05


def test_an_item_known_by_its_text_has_the_same_vector_whatever_its_code():
    train = some_interactions()
    texts = np.ones((9, 4), dtype=np.float32)
    side = item_vectors(train.item_count, 5, Features(item_texts=texts))
    vectors = side().detach()
    assert torch.equal(vectors[0], vectors[8])
    assert vectors.norm(dim=1).tolist() == pytest.approx([1.0] * 9, rel=1e-6)


def test_vectors_of_some_codes_are_rows_of_all_vectors():
    features = some_features(some_interactions())
    for side in (user_vectors(12, 5, features), item_vectors(9, 5, features)):
        torch.testing.assert_close(side(torch.tensor([3, 1])), side()[[3, 1]])


def test_sasrec_reads_the_latest_items_and_no_later_ones():
    train = Interactions(
        users=[0, 0, 0, 0, 1], items=[4, 2, 0, 1, 3], times=[1, 2, 3, 4, 5], user_count=2, item_count=8
    )
    network = SASRec(train, Features(), Settings(length=3, dim=4), np.random.default_rng(0))
    past, lengths = network._latest(np.array([0, 1]), drop=1)
    assert (past.tolist(), lengths.tolist()) == ([[4, 2, 0], [0, 0, 0]], [3, 0])
    assert network._latest(np.array([0]), drop=0)[0].tolist() == [[2, 0, 1]]
    items = network.items()
    whole = network._encode(items[[4, 2, 0]][None], torch.tensor([3]), 0.0)
    other = network._encode(items[[4, 2, 7]][None], torch.tensor([3]), 0.0)
    torch.testing.assert_close(whole[:, :2], other[:, :2])
    assert not torch.allclose(whole[:, 2], other[:, 2])


def test_sasrec_learns_to_predict_the_item_after_each_item():
    """In sequences that step through a cycle of thirty items, the next one is certain."""
    users = np.repeat(np.arange(60), 6)
    items = (users + np.tile(np.arange(6), 60)) % 30
    train = Interactions(users=users, items=items, times=np.tile(np.arange(6), 60), user_count=60, item_count=30)
    torch.manual_seed(0)
    network = SASRec(train, Features(), Settings(dim=16, batch=16), np.random.default_rng(0))
    optimiser = torch.optim.Adam(network.parameters.values(), lr=0.01)
    for _ in range(60):
        for loss in network.losses():
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    best = rank(network.scorer(), np.arange(60), seen=(train,), k=1).items[:, 0]
    assert (best == (np.arange(60) + 6) % 30).mean() > 0.9
