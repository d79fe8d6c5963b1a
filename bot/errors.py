"""What the Discord front end raises on purpose.

RapporteurError (retrieval.errors)
├── LimitedError            too many questions from one member or server (`seconds`, `whole_server`)
├── BusyError               the queue of questions is full
├── ClosingError            the bot is shutting down
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
