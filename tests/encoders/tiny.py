"""Page models with a few thousand random weights, saved in the layout that the real ones are published in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.encoders.torchvision_cure import cure

CORPUS = ["The annual report shows revenue by region.", "Describe the image. User: Assistant: What is the total?"]
IDEFICS_TOKENS = [
    *(
        "<|im_start|>",
        "<|begin_of_text|>",
        "<end_of_utterance>",
        "<fake_token_around_image>",
        "<image>",
        "<global-img>",
    ),
    *(f"<row_{i}_col_{j}>" for i in range(1, 7) for j in range(1, 7)),
]
QWEN_TOKENS = [
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"),
    "<|video_pad|>",
]


def _tokenizer(special: list[str], **named: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=raw, **named)


def colpali(folder: Path) -> None:
    """PaliGemma: 112 x 112 pixels in patches of 14, so 8 x 8 tokens."""
    from colpali_engine.models import ColPali, ColPaliProcessor
    from transformers import PaliGemmaConfig, SiglipImageProcessor

    tokenizer = _tokenizer(
        ["<pad>", "<eos>", "<bos>", "<unk>", "<image>"], pad_token="<pad>", eos_token="<eos>", bos_token="<bos>"
    )
    images = SiglipImageProcessor(size={"height": 112, "width": 112})
    images.image_seq_length = 64
    processor = ColPaliProcessor(image_processor=images, tokenizer=tokenizer)
    config = PaliGemmaConfig(
        text_config={
            "model_type": "gemma",
            "vocab_size": len(processor.tokenizer),
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "pad_token_id": 0,
        },
        vision_config={
            "model_type": "siglip_vision_model",
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 112,
            "patch_size": 14,
            "projection_dim": 32,
        },
        image_token_index=processor.image_token_id,
        projection_dim=32,
        hidden_size=32,
    )
    _save(ColPali(config), processor, folder)


def _qwen(folder: Path, model: Any, processor: Any, config: Any, window: bool) -> None:
    from transformers import Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    tokenizer = _tokenizer(QWEN_TOKENS, pad_token="<|endoftext|>", eos_token="<|im_end|>")
    made = processor(
        image_processor=Qwen2VLImageProcessor(
            patch_size=14, merge_size=2, size={"shortest_edge": 56 * 56, "longest_edge": 48 * 28 * 28}
        ),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
    )
    vision: dict[str, Any] = {"depth": 2, "num_heads": 2, "patch_size": 14, "spatial_merge_size": 2, "in_channels": 3}
    if window:
        vision |= {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 32, "fullatt_block_indexes": [1]}
    else:
        vision |= {"embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2}
    token = tokenizer.convert_tokens_to_ids
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
    }
    ids = {"image_token_id": token("<|image_pad|>"), "video_token_id": token("<|video_pad|>")}
    ids |= {"vision_start_token_id": token("<|vision_start|>"), "vision_end_token_id": token("<|vision_end|>")}
    _save(model(config(text_config=text, vision_config=vision, **ids)), made, folder)


def colqwen2(folder: Path) -> None:
    """Qwen2-VL: at most 48 tokens of 28 x 28 pixels."""
    from colpali_engine.models import ColQwen2, ColQwen2Processor
    from transformers import Qwen2VLConfig

    _qwen(folder, ColQwen2, ColQwen2Processor, Qwen2VLConfig, window=False)


def colqwen2_5(folder: Path) -> None:
    """Qwen2.5-VL: at most 48 tokens of 28 x 28 pixels."""
    from colpali_engine.models import ColQwen2_5, ColQwen2_5_Processor
    from transformers import Qwen2_5_VLConfig

    _qwen(folder, ColQwen2_5, ColQwen2_5_Processor, Qwen2_5_VLConfig, window=True)


VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 64,
    "patch_size": 8,
}


def _idefics_processor(processor: Any) -> Any:
    """Tiles of 64 x 64 pixels, of 4 x 4 tokens each (patches of 8, two by two merged); longest edge 256."""
    from transformers import Idefics3ImageProcessor

    tokenizer = _tokenizer(
        ["<|endoftext|>", *IDEFICS_TOKENS], pad_token="<|endoftext|>", eos_token="<end_of_utterance>"
    )
    images = Idefics3ImageProcessor(size={"longest_edge": 256}, max_image_size={"longest_edge": 64})
    return processor(image_processor=images, tokenizer=tokenizer, image_seq_len=16)


def colidefics3(folder: Path) -> None:
    """Idefics3, as ColSmol is."""
    from colpali_engine.models import ColIdefics3, ColIdefics3Processor
    from transformers import Idefics3Config

    processor = _idefics_processor(ColIdefics3Processor)
    text = {
        "model_type": "llama",
        "vocab_size": len(processor.tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "pad_token_id": 0,
    }
    config = Idefics3Config(
        text_config=text, vision_config=VISION, scale_factor=2, image_token_id=processor.image_token_id, pad_token_id=0
    )
    _save(ColIdefics3(config), processor, folder)


def colmodernvbert(folder: Path) -> None:
    """ModernVBERT: a bidirectional text model under the same tiles."""
    from colpali_engine.models import ColModernVBert, ColModernVBertProcessor
    from transformers import ModernVBertConfig

    processor = _idefics_processor(ColModernVBertProcessor)
    text = {
        "model_type": "modernbert",
        "vocab_size": len(processor.tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "pad_token_id": 0,
    }
    config = ModernVBertConfig(
        text_config=text,
        vision_config={**VISION, "model_type": "siglip_vision_model"},
        pixel_shuffle_factor=2,
        image_token_id=processor.image_token_id,
    )
    _save(ColModernVBert(config), processor, folder)


def clip(folder: Path) -> None:
    """CLIP over 32 x 32 pixels, with its weights under the names open_clip publishes."""
    import json

    import open_clip
    from safetensors.torch import save_file

    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}
    model = open_clip.CLIP(**config)
    folder.mkdir(parents=True)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    preprocess = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))


def adapted(folder: Path) -> None:
    """A LoRA adapter over a base model in another folder, as ColQwen2 and ColSmol are published."""
    from colpali_engine.models import ColQwen2, ColQwen2Processor
    from peft import LoraConfig, get_peft_model

    base = folder.parent / "base"
    colqwen2(base)
    model = ColQwen2.from_pretrained(base)
    lora = LoraConfig(r=2, target_modules=r".*(q_proj|custom_text_proj)$", init_lora_weights=False)
    wrapped = get_peft_model(model, lora)
    wrapped.peft_config["default"].base_model_name_or_path = str(base)
    wrapped.save_pretrained(folder)
    ColQwen2Processor.from_pretrained(base).save_pretrained(folder)


def _save(model: Any, processor: Any, folder: Path) -> None:
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)


def build(make: Callable[[Path], None], folder: Path) -> Path:
    """Write a tiny checkpoint, the same each time."""
    cure()
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(7)
        make(folder)
    return folder
