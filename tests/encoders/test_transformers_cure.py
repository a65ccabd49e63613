"""The list that transformers makes of all tokens to see whether there are any, and the first number in its place."""

import numpy as np
import pytest
from transformers import tokenization_utils_base as library

from workbench.encoders import transformers_cure
from workbench.encoders.transformers_cure import cure


@pytest.fixture
def uncured(monkeypatch):
    def flatten(arr):
        res = []
        for sub_arr in arr:
            res.extend(flatten(sub_arr) if isinstance(arr[0], list | tuple) else [sub_arr])
        return res

    monkeypatch.setattr(library, "flatten", flatten)
    monkeypatch.setattr(transformers_cure.inspect, "getsource", lambda of: "" if of is flatten else SOURCE)
    return flatten


SOURCE = "if len(flatten(value)) == 0 and dtype is None:"


@pytest.mark.parametrize("value", [[], [[]], [[], []], [[], [1]], [[1, 2], [3]], [1], [[[], [[]]]], [0], [[0]]])
def test_it_says_whether_there_is_a_number_as_the_library_does(uncured, value):
    plain = len(uncured(value)) == 0
    assert cure() and cure()
    assert (len(library.flatten(value)) == 0) is plain


def test_it_is_done_in_the_transformers_installed_here():
    assert cure()
    made = library.BatchEncoding({"input_ids": [[1, 2], [3, 4]], "none": []}, tensor_type="pt")
    np.testing.assert_array_equal(made["input_ids"].numpy(), [[1, 2], [3, 4]])
    assert made["none"].shape == (0,) and str(made["none"].dtype) == "torch.int64"


def test_a_release_that_uses_the_list_otherwise_is_left_alone(uncured, monkeypatch):
    monkeypatch.setattr(
        transformers_cure.inspect, "getsource", lambda of: "" if of is uncured else f"{SOURCE} flatten(x)[1]"
    )
    assert not cure()
    assert library.flatten is uncured
    monkeypatch.delattr(library, "flatten")
    assert not cure()


def test_where_the_source_is_not_there_the_library_is_left_alone(uncured, monkeypatch):
    def missing(of):
        raise OSError("could not get source code")

    monkeypatch.setattr(transformers_cure.inspect, "getsource", missing)
    assert not cure()
    assert library.flatten is uncured
