"""Where page models run and how: device, precision, attention, and pages at a time.

Settings decide (``PAGELENS_DEVICE``, ``_DTYPE``, ``_ATTENTION``, ``_BATCH_SIZE``); ``auto`` looks at the machine.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from workbench.errors import EncoderError
from workbench.settings import Settings

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_GIB = 2**30
_MAX_BATCH = {"cpu": 4, "mps": 4, "cuda": 16}
"""Largest batch a kind of device is given unasked: beyond it speed no longer grows."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as torch names it, the dtype models compute in there, and the attention to ask transformers for.

    ``attention`` None leaves the choice to transformers, which takes sdpa where the model has it, else eager.
    """

    name: str
    dtype: Any
    attention: str | None

    @property
    def kind(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        return self.name.partition(":")[0]


def choose() -> Device:
    """The device that settings and machine give; `EncoderError` for one that is not there."""
    import torch

    settings = Settings()
    name = settings.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    dtype = _default_dtype(name) if settings.dtype == "auto" else getattr(torch, settings.dtype)
    try:
        torch.zeros(1, dtype=dtype, device=name)
    except (RuntimeError, AssertionError, TypeError) as error:  # torch raises any of them for a device it lacks
        raise EncoderError(
            f"Models cannot run on PAGELENS_DEVICE={settings.device} with PAGELENS_DTYPE={settings.dtype} here "
            f"({str(error).splitlines()[0][:120]}); set both to auto."
        ) from error
    return Device(name, dtype, _attention(settings.attention, name, dtype))


def _default_dtype(name: str) -> Any:
    import torch

    if name.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if name == "mps":
        try:
            torch.zeros(1, dtype=torch.bfloat16, device=name)
        except (RuntimeError, TypeError):  # before macOS 14
            return torch.float32
        return torch.bfloat16
    return torch.float32


def _attention(wanted: str, name: str, dtype: Any) -> str | None:
    import torch

    if wanted != "auto":
        return wanted
    flash = name.startswith("cuda") and dtype is not torch.float32 and importlib.util.find_spec("flash_attn")
    return "flash_attention_2" if flash else None


TOKENS = 1100
"""Tokens that a page is reckoned at where a batch is a number of pages; ColPali makes 1,031 of one, ColSmol 878."""


class Batches:
    """Pages at a time, by their tokens: as many as a few pages of `TOKENS` make, padding included.

    The size halves whenever memory runs out, and stays so: the next pages would fare no better. With ``most`` it
    is so many pages instead, however long they are.
    """

    def __init__(self, size: float, most: int = 0) -> None:
        self.size = size
        self.most = most

    @classmethod
    def fitting(cls, device: Device, parameters: int) -> Batches:
        """As many pages as settings say, or as the free memory takes; ``parameters`` is the model's count of weights.

        A page's activations are taken as a quarter GiB and an eighth more per billion weights at two bytes a number,
        a rough bound from above; should it be too low, halving puts it right.
        """
        import torch

        wanted = Settings().batch_size
        if wanted:
            return cls(wanted, wanted)
        a_page = (0.25 + parameters / 8e9) * _GIB * device.dtype.itemsize / 2
        if device.kind == "cuda":
            free, _ = torch.cuda.mem_get_info(device.name)
        else:  # a Mac's GPU shares the memory of its processor
            import psutil

            free = psutil.virtual_memory().available
        return cls(int(min(max(1, free * 0.5 // a_page), _MAX_BATCH.get(device.kind, 4))))

    def fit(self, tokens: Sequence[int]) -> int:
        """How many of the first pages with so many tokens each (0: not known) go at once, at least one."""
        if self.most:
            return min(self.most, len(tokens))
        longest = count = 0
        for length in tokens:
            longest = max(longest, length or TOKENS)
            if count and (count + 1) * longest > self.size * TOKENS:
                break
            count += 1
        return count

    def run(
        self,
        items: Sequence[Item],
        work: Callable[[Sequence[Item]], list[Outcome]],
        fail: Callable[[Item, Exception], Outcome],
        tokens: Callable[[Item], int] = lambda item: 0,
    ) -> list[Outcome]:
        """One outcome per item in order: ``work`` over batches, or what ``fail`` makes of an item that cannot be done.

        When a batch fails for want of memory it is tried again at half the size; when it fails otherwise, its items
        are tried one by one, so that only those to blame fail.
        """
        done: list[Outcome] = []
        while len(done) < len(items):
            ahead = items[len(done) : len(done) + (self.most or len(items))]
            lengths = [tokens(item) for item in ahead]
            batch = ahead[: self.fit(lengths)]
            found = _attempt(work, batch)
            if not isinstance(found, Exception):
                done += found
            elif len(batch) == 1:
                done.append(fail(batch[0], found))
            elif out_of_memory(found):
                longest = max(length or TOKENS for length in lengths[: len(batch)])
                self.size = len(batch) * longest / TOKENS / 2
                self.most = self.most and len(batch) // 2
            else:
                for item in batch:
                    alone = _attempt(work, [item])
                    done.append(fail(item, alone) if isinstance(alone, Exception) else alone[0])
        return done


def _attempt(work: Callable[[Sequence[Item]], list[Outcome]], batch: Sequence[Item]) -> list[Outcome] | Exception:
    try:
        return work(batch)
    except Exception as error:  # one bad page never fails a document
        if not out_of_memory(error):
            return error
        shortage = MemoryError(str(error))  # without the traceback, whose frames hold on to the memory
    _release()
    return shortage


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out: torch has a class for CUDA only, and a text elsewhere."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "allocate memory" in text)


def _release() -> None:
    """Give back what torch keeps for reuse, so that a smaller batch finds room."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
