"""Page models of published sizes with random weights: what they cost is what the real ones cost, and no hub is asked.

Each row is the shape that the model's own ``config.json`` and ``preprocessor_config.json`` give. Only the vocabulary's
words are ours: a tokenizer over bytes with the model's special tokens, so that a page's prompt has some tokens more
than by the real one, and queries say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.encoders.base import EncoderSpec
from workbench.encoders.checkpoints import Checkpoint
from workbench.encoders.device import Device, choose
from workbench.encoders.engine import Engine, model_class
from workbench.encoders.families import FAMILIES
from workbench.encoders.late_interaction import LateInteraction
from workbench.encoders.torchvision_cure import cure
from workbench.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class RealSize:
    """A published shape: ``text`` and ``vision`` as its configuration has them, ``more`` what stands beside them.

    ``weights`` are millions, those of a head for language left out, which no page needs; ``source`` says whose
    configuration it is.
    """

    id: str
    family: str
    config: str
    text: Mapping[str, Any]
    vision: Mapping[str, Any]
    more: Mapping[str, Any]
    weights: int
    source: str


_SIGLIP_BASE = {
    "model_type": "siglip_vision_model", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "image_size": 512, "patch_size": 16,
}  # fmt: skip

_ALL = (
    RealSize(
        "colpali",
        "colpali",
        "PaliGemmaConfig",
        {
            "model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18,
            "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 257216,
        },
        {
            "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
            "num_hidden_layers": 27, "num_attention_heads": 16, "image_size": 448, "patch_size": 14,
            "projection_dim": 2048,
        },
        {"projection_dim": 2048, "hidden_size": 2048},
        2920,
        "google/paligemma-3b-pt-448 (vidore/colpaligemma-3b-pt-448-base)",
    ),
    RealSize(
        "colqwen2.5",
        "colqwen2.5",
        "Qwen2_5_VLConfig",
        {
            "hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16,
            "num_key_value_heads": 2, "vocab_size": 151936,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        {
            "depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 2048,
            "patch_size": 14, "spatial_merge_size": 2, "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31],
        },
        {},
        3755,
        "Qwen/Qwen2.5-VL-3B-Instruct (vidore/colqwen2.5-base)",
    ),
    RealSize(
        "colsmol",
        "colidefics3",
        "Idefics3Config",
        {
            "model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
            "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49280, "rope_theta": 100000.0,
        },
        {name: value for name, value in _SIGLIP_BASE.items() if name != "model_type"},
        {"scale_factor": 4},
        228,
        "HuggingFaceTB/SmolVLM-256M-Instruct (vidore/ColSmolVLM-Instruct-256M-base)",
    ),
    RealSize(
        "colmodernvbert",
        "colmodernvbert",
        "ModernVBertConfig",
        {
            "model_type": "modernbert", "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
            "num_attention_heads": 12, "vocab_size": 50408,
        },
        _SIGLIP_BASE,
        {"pixel_shuffle_factor": 4},
        252,
        "ModernVBERT/colmodernvbert: jhu-clsp/ettin-encoder-150m under google/siglip2-base-patch16-512",
    ),
)  # fmt: skip

SIZES: dict[str, RealSize] = {size.id: size for size in _ALL}
"""By id."""


def size(size_id: str) -> RealSize:
    """A row by its id; `NotFoundError` names those there are."""
    if size_id not in SIZES:
        raise NotFoundError(f"There is no size '{size_id}'; there are: {', '.join(SIZES)}.")
    return SIZES[size_id]


def build(shape: RealSize, folder: Path) -> LateInteraction:
    """A model of that shape with random weights, on the device that settings choose; its processor is in ``folder``."""
    cure()
    import torch
    import transformers

    family, device = FAMILIES[shape.family], choose()
    processor = processor_of(shape)
    processor.save_pretrained(folder)
    config = getattr(transformers, shape.config)(
        text_config={**shape.text, "pad_token_id": 0}, vision_config=dict(shape.vision), **shape.more,
        **_ids(shape, processor),
    )  # fmt: skip
    before = torch.get_default_dtype()
    torch.set_default_dtype(device.dtype)
    try:
        with torch.device(device.name):
            model = model_class(family)(config)
    finally:
        torch.set_default_dtype(before)
    if device.attention:
        model.set_attn_implementation(device.attention)
    checkpoint = Checkpoint(folder, None, "random", "0" * 64)
    engine = Engine(family, checkpoint, device, model.to(device.name, device.dtype).eval(), processor)
    return LateInteraction(row_of(shape, device), engine)


def processor_of(shape: RealSize) -> Any:
    """The model's own processor, with a tokenizer over bytes."""
    cure()
    import colpali_engine.models as models

    family = FAMILIES[shape.family]
    return _PROCESSORS[family.cut](getattr(models, family.processor))


def image_token(shape: RealSize, processor: Any) -> int:
    """The number of the token that stands for a piece of a picture."""
    ids = _ids(shape, processor)
    return ids.get("image_token_id") or ids["image_token_index"]


def row_of(shape: RealSize, device: Device) -> EncoderSpec:
    """The row that a model of that shape would have in the table."""
    return EncoderSpec(
        id=f"{shape.id}-random",
        name=f"{shape.id} with random weights",
        family=shape.family,
        kind="patches",
        dim=128,
        licence="none",
        summary=f"A shape, not a model; on {device.name}.",
        loader="",
        get="",
        source=shape.source,
    )


def _ids(shape: RealSize, processor: Any) -> dict[str, int]:
    """The numbers of the tokens that a configuration names."""
    token = processor.tokenizer.convert_tokens_to_ids
    if shape.family == "colpali":
        return {"image_token_index": token("<image>")}
    if shape.family == "colqwen2.5":
        return {
            "image_token_id": token("<|image_pad|>"),
            "video_token_id": token("<|video_pad|>"),
            "vision_start_token_id": token("<|vision_start|>"),
            "vision_end_token_id": token("<|vision_end|>"),
        }
    return {"image_token_id": token("<image>")}


def _paligemma(processor: Any) -> Any:
    """448 x 448 pixels in patches of 14: 1,024 tokens."""
    from transformers import SiglipImageProcessor

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<image>"]
    tokenizer = _tokenizer(special, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>")
    images = SiglipImageProcessor(
        size={"height": 448, "width": 448}, image_mean=[0.5] * 3, image_std=[0.5] * 3, resample=3
    )
    images.image_seq_length = 1024
    return processor(image_processor=images, tokenizer=tokenizer)


def _qwen(processor: Any) -> Any:
    """At most 768 tokens of 28 x 28 pixels, as colpali-engine's models were trained."""
    from transformers import Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    names = ("vision_start", "vision_end", "image_pad", "video_pad", "vision_pad")
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|{name}|>" for name in names)]
    tokenizer = _tokenizer(special, pad_token="<|endoftext|>", eos_token="<|im_end|>")
    images = Qwen2VLImageProcessor(size={"shortest_edge": 4 * 28 * 28, "longest_edge": 768 * 28 * 28})
    return processor(image_processor=images, tokenizer=tokenizer, video_processor=Qwen2VLVideoProcessor())


def _idefics(processor: Any) -> Any:
    """At most 4 x 4 tiles of 512 x 512 pixels and the whole, 64 tokens each: 13 of an upright page."""
    from transformers import Idefics3ImageProcessor

    special = ["<|endoftext|>", "<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>"]
    tiles = [f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)]
    tokenizer = _tokenizer(
        [*special, "<global-img>", *tiles], pad_token="<|endoftext|>", eos_token="<end_of_utterance>"
    )
    images = Idefics3ImageProcessor(size={"longest_edge": 2048}, max_image_size={"longest_edge": 512})
    return processor(image_processor=images, tokenizer=tokenizer, image_seq_len=64)


_PROCESSORS: Mapping[str, Callable[[Any], Any]] = {"square": _paligemma, "dynamic": _qwen, "tiles": _idefics}


def _tokenizer(special: list[str], **named: str) -> Any:
    """A tokenizer whose words are single bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=len(special) + 256, special_tokens=special, initial_alphabet=alphabet)
    raw.train_from_iterator(["Describe the image. User: Assistant:"], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, **named)
