"""Trees as plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.answering.selectors.trained import Trees


def two_trees() -> Trees:
    """First: column 0 at most 1.5 gives -1, else by column 1 at most 0 gives 2, else 3. Second: always 0.5."""
    return Trees(
        baseline=0.25,
        depth=2,
        roots=np.array([0, 5], np.int32),
        feature=np.array([0, 0, 1, 0, 0, 0], np.int16),
        threshold=np.array([1.5, 0, 0, 0, 0, 0], np.float64),
        missing_left=np.array([True, False, False, False, False, False]),
        left=np.array([1, 1, 3, 3, 4, 5], np.int32),
        right=np.array([2, 1, 4, 3, 4, 5], np.int32),
        value=np.array([0, -1, 0, 2, 3, 0.5], np.float64),
    )


def test_every_row_gets_the_sum_of_one_leaf_of_every_tree() -> None:
    table = np.array([[1.5, 9], [2, 0], [2, 1], [np.nan, 0], [2, np.nan]], np.float32)

    found = two_trees().log_odds(table)

    assert found.tolist() == [-0.25, 2.75, 3.75, -0.25, 3.75]


def test_a_row_scores_the_same_whatever_stands_beside_it() -> None:
    table = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)

    alone = [float(two_trees().probability(row[np.newaxis])[0]) for row in table]

    assert two_trees().probability(table).tolist() == alone


def test_stored_and_read_again_they_say_the_same() -> None:
    trees = two_trees()
    table = np.random.default_rng(1).normal(size=(9, 2)).astype(np.float32)

    again = Trees.from_arrays(trees.arrays("some"), "some")

    assert again.log_odds(table).tolist() == trees.log_odds(table).tolist()


def test_they_say_what_the_library_says_that_trained_them() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    from training.selector import plain

    chance = np.random.default_rng(2)
    table = chance.normal(size=(400, 5)).astype(np.float32)
    table[chance.random(table.shape) < 0.1] = np.nan
    right = np.nan_to_num(table[:, 0]) + np.nan_to_num(table[:, 1]) ** 2 > 0.8
    model = ensemble.HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(table, right)

    found = plain(model).probability(table)

    np.testing.assert_allclose(found, model.predict_proba(table)[:, 1], atol=1e-9)
