"""Every error a person can meet, as one tree; the message is the sentence that person reads.

PagelensError
  InputError            something given to us is wrong: say what, and what to do
    DocumentError         a file or page cannot be read
      ChangedError          it changed while it was read
      OverstepError         reading it took more time or memory than allowed, or ended the process that did
    QueryError            the query cannot be searched
    PipelineError         a pipeline text does not parse or does not fit the collection
    FilterError           a filter text does not parse
    DatasetError          an evaluation dataset is not usable
  NotFoundError         a collection, document or page that is not there
  NotAllowedError       the account of whoever asks may not do it
  StateError            what is asked for does not fit how things stand
  StoreError            the collection on disk cannot be used as asked
    CollectionBusyError   another process is writing to it
    MismatchError         it was made with other settings
    DiskFullError         no space left; what was committed is safe
  EncoderError          a model cannot be loaded or failed on its input
    NoEncoderError        there is no model of that name (a NotFoundError, too)
"""

from __future__ import annotations

from workbench.types.text import wellformed


class PagelensError(Exception):
    """Base of all foreseeable errors; ``str(error)`` is one clear sentence, which can be written down and sent."""

    def __init__(self, message: str) -> None:
        super().__init__(wellformed(message))


class InputError(PagelensError):
    """Something given to Pagelens is wrong."""


class DocumentError(InputError):
    """A file or page cannot be read."""


class ChangedError(DocumentError):
    """A file is not what it was when it was looked at."""


class OverstepError(DocumentError):
    """Reading took more than it may. ``what`` completes a sentence about the page or file: "took more than 60 s"."""

    def __init__(self, subject: str, what: str) -> None:
        super().__init__(f"{subject} {what}.")
        self.subject = subject
        self.what = what

    def __reduce__(self) -> tuple[type[OverstepError], tuple[str, str]]:
        return OverstepError, (self.subject, self.what)


class QueryError(InputError):
    """The query cannot be searched."""


class PipelineError(InputError):
    """A pipeline text does not parse, or does not fit the collection. ``position`` is the 0-based character, or -1."""

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.position = position


class FilterError(InputError):
    """A filter text does not parse. ``position`` is the 0-based character, or -1."""

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message)
        self.position = position


class DatasetError(InputError):
    """An evaluation dataset is not usable."""


class NotFoundError(PagelensError):
    """A collection, document or page that is not there."""


class NotAllowedError(PagelensError):
    """The account of whoever asks may not do it."""


class StateError(PagelensError):
    """What is asked for does not fit how things stand."""


class StoreError(PagelensError):
    """The collection on disk cannot be used as asked."""


class CollectionBusyError(StoreError):
    """Another process is writing to the collection."""


class MismatchError(StoreError):
    """The collection was made with other settings."""


class DiskFullError(StoreError):
    """No space left on the device; what was committed is safe."""


class EncoderError(PagelensError):
    """A model cannot be loaded, or failed on its input."""


class NoEncoderError(EncoderError, NotFoundError):
    """There is no model of that name."""


def brief(error: BaseException) -> str:
    """The first line of an error, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
