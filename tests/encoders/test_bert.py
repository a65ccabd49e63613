from __future__ import annotations

from pathlib import Path

import pytest
import torch

from workbench.encoders.bert import Bert, Linear
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError

LENGTHS = torch.tensor([9, 4, 1])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of three layers, and transformers' states for some ids, padded."""
    cure()
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=50,
        hidden_size=24,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=16,
    )
    model = BertModel(config).eval()
    for parameter in model.parameters():  # biases start at zero, which would hide a forgotten one
        torch.nn.init.normal_(parameter, std=0.3)
    folder = tmp_path_factory.mktemp("bert")
    model.save_pretrained(folder)
    ids = torch.randint(1, 50, (3, 9))
    mask = (torch.arange(9) < LENGTHS[:, None]).long()
    with torch.inference_mode():
        torch.save((ids, model(input_ids=ids, attention_mask=mask).last_hidden_state), folder / "expected.pt")
    return folder


def agrees(folder: Path) -> None:
    ids, expected = torch.load(folder / "expected.pt")
    bert = Bert.load(folder / "model.safetensors", heads=4, eps=1e-12)
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(bert(ids[row, :length]), expected[row, :length], atol=2e-5, rtol=1e-4)


def test_it_computes_what_transformers_computes(saved: Path) -> None:
    agrees(saved)


def test_so_it_does_without_onednn(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def absent(weight: torch.Tensor) -> torch.Tensor:
        asked.append(weight)
        raise NotImplementedError

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", absent)
    agrees(saved)
    assert asked


def test_a_packed_product_that_differs_is_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *rest: object) -> torch.Tensor:
        return torch.zeros(*x.shape[:-1], len(bias))

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", wrong)
    weight, bias, x = torch.randn(5, 7), torch.randn(5), torch.randn(2, 7)
    torch.testing.assert_close(Linear(weight, bias)(x), x @ weight.T + bias)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_with_gelu_is_that_of_both(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    weight, bias, x = torch.randn(48, 24), torch.randn(48), torch.randn(7, 24)
    expected = torch.nn.functional.gelu(x @ weight.T + bias)
    found = Linear(weight, bias, gelu=True, dtype=dtype)(x).float()
    assert float((found - expected).norm() / expected.norm()) < (1e-5 if dtype == torch.float32 else 1e-2)


def test_in_bfloat16_states_hardly_turn(saved: Path) -> None:
    ids, expected = torch.load(saved / "expected.pt")
    states = Bert.load(saved / "model.safetensors", 4, 1e-12, torch.bfloat16)(ids[0])
    assert states.dtype == torch.float32
    assert float(torch.nn.functional.cosine_similarity(states, expected[0]).min()) > 0.999


def test_a_file_that_is_no_bert_is_an_error_in_words(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"something": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(EncoderError, match=r"model\.safetensors does not hold the weights of a BERT"):
        Bert.load(tmp_path / "model.safetensors", 4, 1e-12)
