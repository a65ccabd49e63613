"""Page models with a few thousand random weights, one of every family, saved in the layout of the published ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.encoders.engine import model_class
from workbench.encoders.families import FAMILIES
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
    *("<|video_pad|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>", "<|vision_pad|>"),
]
LAYERS = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
TILED_VISION = {**LAYERS, "image_size": 64, "patch_size": 8}


def _tokenizer(special: list[str], **named: Any) -> Any:
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


def _paligemma(model: Any, processor: Any, folder: Path) -> None:
    """112 x 112 pixels in patches of 14, so 8 x 8 tokens."""
    from transformers import PaliGemmaConfig, SiglipImageProcessor

    tokenizer = _tokenizer(
        ["<pad>", "<eos>", "<bos>", "<unk>", "<image>"], pad_token="<pad>", eos_token="<eos>", bos_token="<bos>"
    )
    images = SiglipImageProcessor(size={"height": 112, "width": 112})
    images.image_seq_length = 64
    made = processor(image_processor=images, tokenizer=tokenizer)
    config = PaliGemmaConfig(
        text_config={
            **LAYERS,
            "model_type": "gemma",
            "vocab_size": len(made.tokenizer),
            "num_key_value_heads": 1,
            "head_dim": 16,
            "pad_token_id": 0,
        },
        vision_config={
            **LAYERS,
            "model_type": "siglip_vision_model",
            "image_size": 112,
            "patch_size": 14,
            "projection_dim": 32,
        },
        image_token_index=made.image_token_id,
        projection_dim=32,
        hidden_size=32,
    )
    _save(model(config), made, folder)


def _gemma3(model: Any, processor: Any, folder: Path) -> None:
    """64 x 64 pixels in patches of 8, pooled two by two, so 4 x 4 tokens."""
    from transformers import Gemma3Config, Gemma3ImageProcessor

    special = ["<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"]
    pictures = {"boi_token": "<start_of_image>", "image_token": "<image_soft_token>", "eoi_token": "<end_of_image>"}
    tokenizer = _tokenizer(
        [*special, *pictures.values()],
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        extra_special_tokens=pictures,
    )
    tokenizer.chat_template = (
        "{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message.role }}\n"
        "{% for item in message.content %}{% if item.type == 'image' %}<start_of_image>"
        "{% else %}{{ item.text }}{% endif %}{% endfor %}<end_of_turn>\n{% endfor %}"
    )
    images = Gemma3ImageProcessor(size={"height": 64, "width": 64})
    made = processor(image_processor=images, tokenizer=tokenizer, image_seq_length=16)
    config = Gemma3Config(
        text_config={
            **LAYERS,
            "vocab_size": len(tokenizer),
            "num_key_value_heads": 1,
            "head_dim": 16,
            "pad_token_id": 0,
            "sliding_window": 64,
        },
        vision_config={**LAYERS, "model_type": "siglip_vision_model", "image_size": 64, "patch_size": 8},
        image_token_index=tokenizer.convert_tokens_to_ids("<image_soft_token>"),
        boi_token_index=tokenizer.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=tokenizer.convert_tokens_to_ids("<end_of_image>"),
        mm_tokens_per_image=16,
    )
    made_model = model(config)
    made_model.multi_modal_projector.mm_input_projection_weight.data.normal_(0, 0.2)  # it starts at zero: blind
    _save(made_model, made, folder)


def _idefics3(model: Any, processor: Any, folder: Path) -> None:
    """Tiles of 64 x 64 pixels, of 4 x 4 tokens each (patches of 8, two by two merged); longest edge 256."""
    from transformers import Idefics3Config

    made = _idefics_processor(processor)
    text = {
        **LAYERS,
        "model_type": "llama",
        "vocab_size": len(made.tokenizer),
        "num_key_value_heads": 1,
        "pad_token_id": 0,
    }
    token = made.image_token_id
    config = Idefics3Config(
        text_config=text, vision_config=TILED_VISION, scale_factor=2, image_token_id=token, pad_token_id=0
    )
    _save(model(config), made, folder)


def _modernvbert(model: Any, processor: Any, folder: Path) -> None:
    """A bidirectional text model under the same tiles."""
    from transformers import ModernVBertConfig

    made = _idefics_processor(processor)
    text = {**LAYERS, "model_type": "modernbert", "vocab_size": len(made.tokenizer), "pad_token_id": 0}
    config = ModernVBertConfig(
        text_config=text,
        vision_config={**TILED_VISION, "model_type": "siglip_vision_model"},
        pixel_shuffle_factor=2,
        image_token_id=made.image_token_id,
    )
    _save(model(config), made, folder)


def _idefics_processor(processor: Any) -> Any:
    from transformers import Idefics3ImageProcessor

    tokenizer = _tokenizer(
        ["<|endoftext|>", *IDEFICS_TOKENS], pad_token="<|endoftext|>", eos_token="<end_of_utterance>"
    )
    images = Idefics3ImageProcessor(size={"longest_edge": 256}, max_image_size={"longest_edge": 64})
    return processor(image_processor=images, tokenizer=tokenizer, image_seq_len=16)


def _qwen_tokenizer() -> Any:
    return _tokenizer(QWEN_TOKENS, pad_token="<|endoftext|>", eos_token="<|im_end|>")


def _qwen_pictures(patch: int) -> Any:
    """At most 48 tokens of two by two patches."""
    from transformers import Qwen2VLImageProcessor

    side = 2 * patch
    size = {"shortest_edge": 4 * side * side, "longest_edge": 48 * side * side}
    return Qwen2VLImageProcessor(patch_size=patch, merge_size=2, size=size)


def _qwen_text(tokenizer: Any, **more: Any) -> dict[str, Any]:
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]}
    return {**LAYERS, "vocab_size": len(tokenizer), "num_key_value_heads": 1, "rope_parameters": rope, **more}


def _qwen(
    config: str, videos: str, vision: dict[str, Any], patch: int = 14, **text: Any
) -> Callable[[Any, Any, Path], None]:
    def build(model: Any, processor: Any, folder: Path) -> None:
        import transformers

        tokenizer = _qwen_tokenizer()
        made = processor(
            image_processor=_qwen_pictures(patch),
            tokenizer=tokenizer,
            video_processor=getattr(transformers, videos)(),
        )
        token = tokenizer.convert_tokens_to_ids
        common = {"depth": 2, "num_heads": 2, "patch_size": patch, "spatial_merge_size": 2, "in_channels": 3}
        ids = {"image_token_id": token("<|image_pad|>"), "video_token_id": token("<|video_pad|>")}
        ids |= {"vision_start_token_id": token("<|vision_start|>"), "vision_end_token_id": token("<|vision_end|>")}
        made_config = getattr(transformers, config)(
            text_config=_qwen_text(tokenizer, **text), vision_config={**common, **vision}, **ids
        )
        _save(model(made_config), made, folder)

    return build


_WINDOWED = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 32, "fullatt_block_indexes": [1]}
_NEWER = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 32, "num_position_embeddings": 64}
_HYBRID = {
    "layer_types": ["linear_attention", "full_attention"],
    "head_dim": 32,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
_qwen2 = _qwen("Qwen2VLConfig", "Qwen2VLVideoProcessor", {"embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2})
_qwen2_5 = _qwen("Qwen2_5_VLConfig", "Qwen2VLVideoProcessor", _WINDOWED)
_qwen3 = _qwen(
    "Qwen3VLConfig", "Qwen3VLVideoProcessor", {**_NEWER, "deepstack_visual_indexes": [0]}, patch=16, head_dim=16
)
_qwen3_5 = _qwen("Qwen3_5Config", "Qwen3VLVideoProcessor", _NEWER, patch=16, **_HYBRID)


def _omni(model: Any, processor: Any, folder: Path) -> None:
    """The part of Qwen2.5-Omni that listens and sees, with one layer of ears."""
    from transformers import Qwen2_5OmniThinkerConfig, Qwen2VLVideoProcessor, WhisperFeatureExtractor

    named = {"image_token": "<|image_pad|>", "video_token": "<|video_pad|>", "audio_token": "<|AUDIO|>"}
    named |= {"vision_bos_token": "<|vision_start|>", "vision_eos_token": "<|vision_end|>"}
    named |= {"audio_bos_token": "<|audio_bos|>", "audio_eos_token": "<|audio_eos|>"}
    tokenizer = _tokenizer(QWEN_TOKENS, pad_token="<|endoftext|>", eos_token="<|im_end|>", extra_special_tokens=named)
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n"
        "{% for item in message.content %}{% if item.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        "{% else %}{{ item.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    made = processor(
        image_processor=_qwen_pictures(14),
        video_processor=Qwen2VLVideoProcessor(),
        feature_extractor=WhisperFeatureExtractor(feature_size=16),
        tokenizer=tokenizer,
        chat_template=tokenizer.chat_template,
    )
    token = tokenizer.convert_tokens_to_ids
    vision = {"depth": 2, "num_heads": 2, "patch_size": 14, "spatial_merge_size": 2, "in_channels": 3, **_WINDOWED}
    audio = {"num_mel_bins": 16, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32}
    audio |= {"d_model": 32, "output_dim": 32}
    config = Qwen2_5OmniThinkerConfig(
        text_config=_qwen_text(tokenizer),
        vision_config=vision,
        audio_config=audio,
        image_token_index=token("<|image_pad|>"),
        video_token_index=token("<|video_pad|>"),
        audio_token_index=token("<|AUDIO|>"),
        audio_start_token_id=token("<|audio_bos|>"),
        audio_end_token_id=token("<|audio_eos|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
    )
    _save(model(config), made, folder)


_BACKBONES: dict[str, Callable[[Any, Any, Path], None]] = {
    "pali": _paligemma,
    "pali-proj": _paligemma,
    "qwen2": _qwen2,
    "qwen2.5": _qwen2_5,
    "qwen3": _qwen3,
    "qwen3.5": _qwen3_5,
    "qwen-omni": _omni,
    "idefics3": _idefics3,
    "modernvbert": _modernvbert,
    "gemma3": _gemma3,
}


def family(family_id: str) -> Callable[[Path], None]:
    """The builder of a family's tiny checkpoint."""

    def build(folder: Path) -> None:
        import colpali_engine.models as models

        classes = FAMILIES[family_id]
        backbone = _BACKBONES[family_id.removeprefix("col").removeprefix("bi")]
        backbone(model_class(classes), getattr(models, classes.processor), folder)

    return build


def adapter(base: Path, model: str, targets: str) -> Callable[[Path], None]:
    """A LoRA adapter over a base model in another folder, as ColQwen2 and ColSmol are published."""

    def build(folder: Path) -> None:
        import colpali_engine.models as models
        from peft import LoraConfig, get_peft_model

        loaded = getattr(models, model).from_pretrained(base)
        wrapped = get_peft_model(loaded, LoraConfig(r=2, target_modules=targets, init_lora_weights=False))
        wrapped.peft_config["default"].base_model_name_or_path = str(base)
        wrapped.save_pretrained(folder)
        for file in base.iterdir():
            if file.name not in ("config.json", "model.safetensors"):
                shutil.copyfile(file, folder / file.name)

    return build


def clip(vision: dict[str, Any], text: dict[str, Any], **more: Any) -> Callable[[Path], None]:
    """An open_clip model over small pictures, with its weights under the names open_clip publishes."""

    def build(folder: Path) -> None:
        import open_clip
        from safetensors.torch import save_file

        config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text, **more}
        custom = config.pop("custom_text", False)
        tower = {key: value for key, value in text.items() if not key.startswith("hf_tokenizer")}
        model = (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**{**config, "text_cfg": tower})
        folder.mkdir(parents=True)
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / CLIP_WEIGHTS)
        preprocess = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
        written = {**config, "custom_text": custom}
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": written, "preprocess_cfg": preprocess}))
        if "hf_tokenizer_name" in text:
            _tokenizer(["<pad>", "</s>"], pad_token="<pad>", eos_token="</s>").save_pretrained(folder)

    return build


CLIP_WEIGHTS = "open_clip_model.safetensors"
CLIP_TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
VIT = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
SIGLIP_TEXT = CLIP_TEXT | {"context_length": 64, "vocab_size": 600}
SIGLIP_TEXT |= {"hf_tokenizer_name": "local", "no_causal_mask": True, "pool_type": "last", "proj_bias": True}

CLIPS: dict[str, Callable[[Path], None]] = {
    "vit": clip(VIT, CLIP_TEXT),
    "vit-avg": clip({**VIT, "pool_type": "avg"}, CLIP_TEXT),
    "vit-wide": clip({**VIT, "image_size": (32, 48)}, CLIP_TEXT),
    "coca-pool": clip({**VIT, "attentional_pool": True, "attn_pooler_heads": 2}, CLIP_TEXT),
    "siglip": clip(
        {"image_size": 160, "timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "none"},
        SIGLIP_TEXT,
        custom_text=True,
        embed_dim=64,
    ),
    "siglip2": clip(
        {"image_size": 160, "timm_model_name": "test_vit2", "timm_pool": "map", "timm_proj": "none"},
        SIGLIP_TEXT | {"tokenizer_kwargs": {"clean": "canonicalize"}, "act_kwargs": {"approximate": "tanh"}},
        custom_text=True,
        embed_dim=64,
        init_logit_bias=-10,
    ),
    "mobileclip2": clip(
        {"image_size": 128, "timm_model_name": "fastvit_mci0", "timm_pool": "avg", "timm_proj": None},
        CLIP_TEXT | {"no_causal_mask": True},
        custom_text=True,
    ),
    "pe-core": clip(
        {"image_size": 384, "timm_model_name": "vit_pe_core_tiny_patch16_384", "timm_pool": "map", "timm_proj": None},
        CLIP_TEXT | {"context_length": 32},
        custom_text=True,
    ),
    "convnext": clip(
        {"image_size": 160, "timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear"}, CLIP_TEXT
    ),
}
"""open_clip towers of every kind that has patches; MobileCLIP2 and PE-Core have the trunks of their smallest."""


MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def _text_tokenizer(*more: str, **special: str) -> Any:
    """Word pieces between [CLS] and [SEP]."""
    from tokenizers.processors import TemplateProcessing

    made = _tokenizer(
        [*MARKS, *more], pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )
    marks = [(name, made.convert_tokens_to_ids(name)) for name in ("[CLS]", "[SEP]")]
    made._tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=marks
    )
    return made


def _bert(tokenizer: Any) -> Any:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(**LAYERS, vocab_size=len(tokenizer), max_position_embeddings=64, pad_token_id=0))


def _modern_bert(tokenizer: Any) -> Any:
    from transformers import ModernBertConfig, ModernBertModel

    ends = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    return ModernBertModel(ModernBertConfig(**LAYERS, vocab_size=len(tokenizer), max_position_embeddings=64, **ends))


def _modules(backbone: Path, dim: int, **named: Any) -> list[Any]:
    import string

    import torch
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    dense = Dense(32, dim, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings")
    mask = MultiVectorMask(skiplist_words=list(string.punctuation))
    return [Transformer(str(backbone), **named), dense, mask, Normalize(module_input_name="token_embeddings")]


def multi_vector_text(folder: Path) -> None:
    """A text model as sentence-transformers saves it: documents of 48 tokens, queries filled up to 16."""
    from sentence_transformers import MultiVectorEncoder

    tokenizer = _text_tokenizer("[Q] ", "[D] ")
    backbone = folder.with_name(f"{folder.name}-backbone")
    _save(_modern_bert(tokenizer), tokenizer, backbone)
    filled = {"strategy": "fixed", "attend": False, "length": 16}
    modules = _modules(backbone, 16, document_length=48, query_expansion=filled)
    MultiVectorEncoder(modules=modules, prompts={"query": "[Q] ", "document": "[D] "}, device="cpu").save(str(folder))
    shutil.rmtree(backbone)


def pylate(folder: Path) -> None:
    """The same as PyLate 3 saved it (mxbai-edge-colbert, GTE-ModernColBERT): two modules, the rest in its own words."""
    multi_vector_text(folder)
    shutil.rmtree(folder / "2_MultiVectorMask")
    shutil.rmtree(folder / "3_Normalize")
    modules = json.loads((folder / "modules.json").read_text())[:2]
    modules[1]["type"] = "pylate.models.Dense.Dense"
    (folder / "modules.json").write_text(json.dumps(modules))
    said = {"model_type": "ColBERT", "query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 16}
    said |= {"document_length": 48, "do_query_expansion": False, "attend_to_expansion_tokens": False}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(said))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 47, "do_lower_case": False}))


def colbert(folder: Path) -> None:
    """A model as the authors of ColBERT save theirs (ColBERTv2, answerai-colbert-small)."""
    import torch
    from safetensors.torch import load_file, save_file

    tokenizer = _text_tokenizer("[unused0]", "[unused1]")
    _save(_bert(tokenizer), tokenizer, folder)
    weights = {f"bert.{name}": value for name, value in load_file(folder / "model.safetensors").items()}
    weights["linear.weight"] = torch.randn(16, 32) * 0.2
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | {"architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config))
    said = {"query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_maxlen": 16, "doc_maxlen": 48}
    (folder / "artifact.metadata").write_text(json.dumps(said | {"dim": 16, "mask_punctuation": True}))


def retrieval(kind: str) -> Callable[[Path], None]:
    """One of transformers' own late-interaction classes (``-hf``)."""

    def build(folder: Path) -> None:
        import transformers

        name = {"colpali": "ColPali", "colqwen2": "ColQwen2", "colmodernvbert": "ColModernVBert"}[kind]
        parts: dict[str, Any] = {}
        backbone = _BACKBONES[kind.removeprefix("col")]
        backbone(_Keeping(parts), getattr(transformers, f"{name}Processor"), folder)
        config = getattr(transformers, f"{name}Config")(vlm_config=parts["config"], embedding_dim=16)
        _save(getattr(transformers, f"{name}ForRetrieval")(config), parts["processor"], folder)

    return build


class _Keeping:
    """In place of a model's class: keeps what a builder would have made of it."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts

    def __call__(self, config: Any) -> _Keeping:
        self.parts["config"] = config
        return self

    def eval(self) -> _Keeping:
        return self

    def save_pretrained(self, folder: Path) -> None:
        """Nothing: another class will have this configuration."""

    def keep(self, processor: Any) -> None:
        self.parts["processor"] = processor


def multi_vector(folder: Path) -> None:
    """A page model as sentence-transformers saves it, over a plain vision-language model with a chat template."""
    import transformers
    from sentence_transformers import MultiVectorEncoder

    backbone = folder.with_name(f"{folder.name}-backbone")
    _qwen2_5(transformers.Qwen2_5_VLModel, _chatting(transformers.Qwen2_5_VLProcessor), backbone)
    MultiVectorEncoder(modules=_modules(backbone, 16), device="cpu").save(str(folder))
    shutil.rmtree(backbone)


def _chatting(processor: Any) -> Callable[..., Any]:
    template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for item in message.content %}"
        "{% if item.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ item.text }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}"
    )
    return lambda **parts: processor(**parts, chat_template=template)


SENTENCE: dict[str, Callable[[Path], None]] = {
    "multi-vector": multi_vector,
    "colpali-hf": retrieval("colpali"),
    "colqwen2-hf": retrieval("colqwen2"),
    "colmodernvbert-hf": retrieval("colmodernvbert"),
    "multi-vector-text": multi_vector_text,
    "pylate": pylate,
    "colbert": colbert,
}
"""Checkpoints that sentence-transformers reads, by the layout they are published in."""


def cross_encoder(folder: Path) -> None:
    """A reranker of texts as sentence-transformers saves it: a classifier of one class over pairs of 64 tokens."""
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = _text_tokenizer()
    backbone = folder.with_name(f"{folder.name}-backbone")
    spread = {"initializer_range": 0.5, "pad_token_id": 0}  # wide, so that texts score differently
    config = BertConfig(**LAYERS, vocab_size=len(tokenizer), max_position_embeddings=64, num_labels=1, **spread)
    _save(BertForSequenceClassification(config), tokenizer, backbone)
    CrossEncoder(str(backbone), device="cpu", local_files_only=True).save_pretrained(str(folder))
    shutil.rmtree(backbone)


def classifier(folder: Path) -> None:
    """The same as transformers saves it, as most are published."""
    cross_encoder(folder)
    for file in ("modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"):
        (folder / file).unlink(missing_ok=True)


def visual_reranker(folder: Path) -> None:
    """A reranker that sees: a vision-language model whose logits of two answers are compared, as Qwen3-VL-Reranker."""
    import transformers
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.cross_encoder.modules import LogitScore

    backbone = folder.with_name(f"{folder.name}-backbone")
    _qwen2_5(transformers.Qwen2_5_VLForConditionalGeneration, _chatting(transformers.Qwen2_5_VLProcessor), backbone)
    reading = Transformer(str(backbone), transformer_task="any-to-any")
    answers = reading.tokenizer.convert_tokens_to_ids(["y", "n"])
    modules = [reading, LogitScore(true_token_id=answers[0], false_token_id=answers[1])]
    CrossEncoder(modules=modules, device="cpu").save_pretrained(str(folder))
    shutil.rmtree(backbone)


RERANKERS: dict[str, Callable[[Path], None]] = {
    "cross-encoder": cross_encoder,
    "classifier": classifier,
    "visual-reranker": visual_reranker,
}
"""Rerankers, by the layout they are published in."""


def _save(model: Any, processor: Any, folder: Path) -> None:
    if isinstance(model, _Keeping):
        model.keep(processor)
        return
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
