"""Every file below a folder of odd and hostile files through ``pagelens ingest``: what goes in, what fails, what falls.

The command is a black box. Files go through it in batches; a batch that comes to no good end is taken apart until the
file is found that does it alone, and the others go on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.files.command import DONE, REFUSED, CommandLimits, Ended, ingest
from benchmarks.files.gathering import batches, files_below, name_key
from benchmarks.files.report import FAILED, FileOutcome, FilesReport, Run, outcome
from workbench.timing import Stopwatch

__all__ = ["CommandLimits", "FilesReport", "try_files"]


def try_files(
    folder: Path,
    limits: CommandLimits,
    size: int,
    most: int | None = None,
    options: Sequence[str] = (),
    progress: Callable[[str], None] = lambda what: None,
    command: Callable[[Sequence[Path], Sequence[str], CommandLimits], Ended] = ingest,
) -> FilesReport:
    """Ingest every file below ``folder`` (the first ``most`` by path), ``size`` at a time, with ``options``.

    `InputError` when the folder holds no file.
    """
    clock = Stopwatch()
    folder = folder.resolve()
    files = files_below(folder)[:most]
    groups = batches(files, size)
    trial = _Trial(folder, limits, options, command, progress)
    for number, batch in enumerate(groups, 1):
        progress(f"Batch {number} of {len(groups)}: {len(batch)} files from {trial.name(batch[0])}")
        trial.examine(batch)
    done = tuple(trial.outcomes[path] for path in files)
    return FilesReport(
        str(folder), done, tuple(trial.runs), tuple(trial.loose), limits.quiet, limits.memory, clock.lap() / 1000
    )


class _Trial:
    """The runs so far, and what they said of the files."""

    def __init__(
        self,
        folder: Path,
        limits: CommandLimits,
        options: Sequence[str],
        command: Callable[[Sequence[Path], Sequence[str], CommandLimits], Ended],
        progress: Callable[[str], None],
    ) -> None:
        self._folder, self._limits, self._options = folder, limits, options
        self._command, self._progress = command, progress
        self.outcomes: dict[Path, FileOutcome] = {}
        self.runs: list[Run] = []
        self.loose: list[Run] = []

    def name(self, path: Path) -> str:
        """A file's path below the folder, as text that can be stored."""
        return path.relative_to(self._folder).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def examine(self, files: Sequence[Path]) -> bool:
        """Get an outcome of every file, taking the batch apart where need be; whether a file was found at fault."""
        ended = self._command(files, self._options, self._limits)
        run = Run(self.name(files[0]), len(files), ended.how, ended.why, ended.seconds, ended.processes)
        self.runs.append(run)
        if ended.how == DONE:
            said = {name_key(document["name"]): document for document in ended.documents}
            for path in files:
                self.outcomes[path] = outcome(self.name(path), path.stat().st_size, said.get(name_key(path.name)))
            return False
        self._progress(f"{ended.how.capitalize()} ({ended.why}): {len(files)} files from {run.first}")
        if len(files) == 1:
            state = FAILED if ended.how == REFUSED else ended.how
            self.outcomes[files[0]] = FileOutcome(self.name(files[0]), files[0].stat().st_size, state, reason=ended.why)
            return True
        guilty = [self.examine(part) for part in parts(files, ended.finished)]
        if not any(guilty):
            self.loose.append(run)
        return any(guilty)


def parts(files: Sequence[Path], finished: Sequence[str]) -> list[list[Path]]:
    """A batch that came to no good end, in smaller ones.

    Where the command was through with some files, the next is the one to suspect, and is tried by itself; else halves.
    """
    names = {name_key(name) for name in finished}
    done = [path for path in files if name_key(path.name) in names]
    rest = [path for path in files if name_key(path.name) not in names]
    if not done or not rest:
        half = len(files) // 2
        return [list(files[:half]), list(files[half:])]
    rest.sort(key=lambda path: path.name)  # the order in which the command takes them
    return [part for part in (rest[:1], rest[1:], done) if part]
