"""Signals that ask a command to end, as a keyboard interrupt."""

import signal
from contextlib import contextmanager
from typing import Iterator, Optional

SIGNALS = ('SIGINT', 'SIGTERM', 'SIGHUP')  # Ctrl-C, kill, window closed


class Interruption:
    """Raises ``KeyboardInterrupt`` at the first signal, in the main thread.

    Further ones do not disturb what is tidied up behind the first.

    Attributes:
        number: Of the signal; None: there was none.
    """

    def __init__(self) -> None:
        self.number: Optional[int] = None

    def __call__(self, number: int, _) -> None:
        """As ``signal.signal`` calls it."""
        if self.number is None:
            self.number = number
            raise KeyboardInterrupt

    def check(self, is_recorded: bool = False) -> None:
        """Raise again what somebody has swallowed.

        Args:
            is_recorded: Ctrl-C has only ended a recording.
        """
        if is_recorded and self.number == signal.SIGINT:
            self.number = None
        if self.number is not None:
            raise KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """As shells do; without a signal that of SIGINT."""
        return 128 + (self.number or signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Heed the signals within a block, except those that are ignored.

    A shell lets its background jobs ignore SIGINT, ``nohup`` SIGHUP.
    """
    interruption, before = Interruption(), {}
    try:
        for name in SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is None or signal.getsignal(number) is signal.SIG_IGN:
                continue
            before[number] = signal.signal(number, interruption)
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
