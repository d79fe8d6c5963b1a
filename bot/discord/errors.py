"""What the Discord front end raises on purpose.

RapporteurError (retrieval.errors)
├── LimitedError            too many questions from one member or server (`seconds`, `whole_server`)
├── BusyError               the queue of questions is full
├── ClosingError            the bot is shutting down
├── RefusedError            a sentence of the language files says why (`key`, `values`)
│   └── NotAllowedError       this person may not manage these readouts
└── QuestionError
    └── QuestionTooLongError  (`length`)
"""

from __future__ import annotations

from retrieval.errors import QuestionError, RapporteurError


class LimitedError(RapporteurError):
    """A member or a server asks faster than allowed.

    Attributes:
        seconds: Whole seconds until the next question is taken.
        whole_server: The server's limit was reached, not the member's.
    """

    def __init__(self, seconds: int, *, whole_server: bool = False) -> None:
        self.seconds = seconds
        self.whole_server = whole_server
        super().__init__(
            f"too many questions from one {'server' if whole_server else 'member'}; wait {seconds} s"
        )


class BusyError(RapporteurError):
    """As many questions wait as may wait."""


class ClosingError(RapporteurError):
    """The bot is shutting down and takes no more questions."""


class QuestionTooLongError(QuestionError):
    """The question has more characters than a question may have.

    Attributes:
        length: How many it has.
    """

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        super().__init__(f"the question has {length} characters; the limit is {limit}")


class RefusedError(RapporteurError):
    """Something that will not be done, and the person who asked is told why.

    Attributes:
        key: The sentence in the language files.
        values: What it names, as markdown.
    """

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(key)


class NotAllowedError(RefusedError):
    """This person may not manage these readouts."""
