from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encoders import tiny
from workbench.encoders.tokens import kept, labels, special_ids

TOKENIZER = tiny._qwen_tokenizer()
END = TOKENIZER.convert_tokens_to_ids("<|endoftext|>")
START = TOKENIZER.convert_tokens_to_ids("<|im_start|>")


def ids_of(text: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(TOKENIZER(text)["input_ids"], np.int64)


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_labels_name_every_token_and_hold_the_text(text: str) -> None:
    ids = ids_of(text)
    found = labels(ids, TOKENIZER)
    assert len(found) == len(ids)
    assert set(text) <= set("".join(found))


def test_the_bytes_of_one_character_share_its_name() -> None:
    """The tiny vocabulary has no token for these, so that each takes a token a byte."""
    assert labels(ids_of("中é"), TOKENIZER) == ("中", "中", "中", "é", "é")
    assert labels(ids_of("中")[:2], TOKENIZER) == ("\ufffd", "\ufffd")


@pytest.mark.parametrize(
    ("text", "policy", "left"),
    [
        ("<|im_start|>total $<|endoftext|>" + "<|endoftext|>" * 9, "official", "<|im_start|>total $" + "E" * 10),
        ("<|im_start|>total $<|endoftext|>" + "<|endoftext|>" * 9, "no_augmentation", "<|im_start|>total $"),
        ("<|im_start|>total $<|endoftext|>" + "<|endoftext|>" * 9, "no_special", "total $"),
        ("total<|endoftext|>" + "<|endoftext|>" * 11, "no_augmentation", "totalEE"),
        ("total" + "<|endoftext|>" * 10 + "<|im_end|>", "no_augmentation", "total<|im_end|>"),
        ("<|endoftext|>total", "no_augmentation", "total"),
        ("<|endoftext|><|endoftext|>", "no_special", "EE"),
        ("total", "no_augmentation", "total"),
    ],
)
def test_what_a_policy_keeps(text: str, policy: str, left: str) -> None:
    ids = ids_of(text)
    keep = kept(policy, ids, TOKENIZER, END)
    assert TOKENIZER.decode(ids[keep].tolist()) == left.replace("E", "<|endoftext|>")


def test_a_family_without_augmentation_keeps_its_end_of_text() -> None:
    ids = ids_of("total<|endoftext|>")
    assert kept("no_augmentation", ids, TOKENIZER, None).all()


def test_ids_are_special_by_what_they_are_not_by_their_number() -> None:
    special = special_ids(TOKENIZER)
    assert {END, START} <= special
    exclamation = TOKENIZER.convert_tokens_to_ids("!")
    assert exclamation not in special
    assert kept("no_special", ids_of("!"), TOKENIZER, END).all()
