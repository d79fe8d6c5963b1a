"""Every error Rapporteur raises on purpose.

RapporteurError                  one sentence: what, where, what to do (`retry`: asking the same again may help)
├── UsageError                   the caller asked for something that cannot be done (exit status 2)
│   ├── QuestionError            empty, too long, or not text
│   ├── SettingsError            a setting that cannot be used
│   └── NotFoundError            no such readout or paragraph
├── SourceError                  a source that cannot become a readout (`source`, `line`)
│   └── FetchError               an address that brought nothing (`source` is the address)
│       └── AddressRefusedError  not one that is fetched: not public, not http(s), not well written
├── CorpusError                  the corpus folder is missing or unreadable
│   └── MissingFileError         a file or folder that was named is not there (exit status 2)
├── StoreError                   the store cannot be used; trying again may help
│   ├── StoreHeldError           another process owns it (`holder`)
│   ├── IngestBusyError          another ingest is running (`holder`)
│   ├── StoreUnwritableError     read-only, no permission, or no space left
│   ├── DamagedError             what was asked for is in the store not as it was ingested
│   ├── IndexMismatchError       built with another encoder, template or splitter
│   └── RowUnreadableError       another version wrote it, or it is damaged
├── ModelError                   a model's files are missing, damaged or unusable
└── LanguageModelError           no answer from a language model; the usual one is given instead
    ├── ModelUnavailableError    too slow, too busy, or not reached; trying again may help
    │   └── NoTurnError          other questions had the model's turns for too long: it was not asked
    ├── ModelRefusedError        a wrong key, an unknown model
    │   └── RequestRefusedError  this one request is not taken; others may be
    ├── ModelUnusableError       it replied, and nothing can be made of the reply
    └── BudgetSpentError         the day's tokens or money are spent
"""

from __future__ import annotations


class RapporteurError(Exception):
    """The base of the tree: its text is one sentence that says what, where and what to do.

    Attributes:
        retry: Whether asking the same again may help.
    """

    exit_status = 1
    retry = False


class UsageError(RapporteurError):
    """The caller asked for something that cannot be done; nothing was touched."""

    exit_status = 2


class QuestionError(UsageError):
    """The question is empty, too long or not text."""


class SettingsError(UsageError):
    """A setting has a value that cannot be used."""


class NotFoundError(UsageError):
    """There is no such readout or paragraph.

    Attributes:
        sentence: What is not there, without the command line's way out.
    """

    def __init__(self, sentence: str, way_out: str = "") -> None:
        super().__init__(f"{sentence} {way_out}".rstrip())
        self.sentence = sentence


class SourceError(RapporteurError):
    """A source could not become a readout.

    Attributes:
        source: The file or address as the caller named it.
        line: The line at fault, counted from 1, or None where no line can be named.
        problem: The sentence without the place, for reports that show the place apart.
    """

    def __init__(self, source: str, problem: str, line: int | None = None) -> None:
        problem = "".join(c if c.isprintable() else " " for c in problem)  # it may quote the source
        self.source = source
        self.line = line
        self.problem = problem
        place = source if line is None else f"{source}:{line}"
        super().__init__(f"{place}: {problem}")


class FetchError(SourceError):
    """An address brought nothing that can be read.

    Attributes:
        may_pass: Whether asking again later may bring something.
        retry_after_s: How many seconds the server wants to be left alone, where it says so.
    """

    may_pass = False
    retry_after_s: float | None = None


class AddressRefusedError(FetchError):
    """An address, or one it redirects to, that is not fetched."""


class CorpusError(RapporteurError):
    """The corpus folder is missing or cannot be read."""


class MissingFileError(CorpusError):
    """There is no such file or folder: as with a readout that is not there, nothing was touched."""

    exit_status = 2


class StoreError(RapporteurError):
    """The store cannot be used."""

    retry = True


class StoreHeldError(StoreError):
    """Another process owns the store.

    Attributes:
        holder: Who holds it, in words ("process 4711, since 10:32").
    """

    def __init__(self, message: str, holder: str) -> None:
        self.holder = holder
        super().__init__(message)


class IngestBusyError(StoreError):
    """Another ingest, rollback or removal is running, or took this one's turn.

    Attributes:
        holder: Who, in words ("ingest by command line").
    """

    def __init__(self, message: str, holder: str) -> None:
        self.holder = holder
        super().__init__(message)


class StoreUnwritableError(StoreError):
    """The store is read-only, forbidden, or its disk is full."""


class DamagedError(StoreError):
    """A readout is in the store not as it was ingested: nothing of it is shown."""

    retry = False


class IndexMismatchError(StoreError):
    """The index was built with another encoder, text template or splitter."""

    retry = False


class RowUnreadableError(StoreError):
    """What one row of the ledger holds is not what this version writes there."""

    retry = False


class ModelError(RapporteurError):
    """The encoder's files are missing, damaged or cannot be run here."""


class LanguageModelError(RapporteurError):
    """A language model, or an embedding model somewhere else, gave no answer.

    Its text never holds what the provider said: that may repeat the key or the question.
    """


class ModelUnavailableError(LanguageModelError):
    """The model is too slow, too busy, or cannot be reached."""

    retry = True


class ModelRefusedError(LanguageModelError):
    """The provider refuses whoever asks: a wrong key, an unknown model."""


class NoTurnError(ModelUnavailableError):
    """Too many other questions were with the model: it was never asked, so nothing is said of the provider."""

    retry = False


class RequestRefusedError(ModelRefusedError):
    """The provider does not take this one request: nothing is said of the next."""


class ModelUnusableError(LanguageModelError):
    """The model replied, and nothing can be made of the reply."""


class BudgetSpentError(LanguageModelError):
    """What may be spent in a day is spent."""
