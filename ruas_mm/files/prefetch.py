"""Make the next items while the last one is still being worked on."""

from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Iterable, Iterator, TypeVar

from ruas_mm.arguments import check_whole_number

Item = TypeVar('Item')


def prefetched(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """The same items in the same order, made ahead by a thread of their own.

    What the source raises, a keyboard interrupt too, is raised here, behind
    the items before it. Closing the generator, also by an exception, ends
    the thread, and waits for the item that is just being made.

    Args:
        items: Iterated in the thread from the first item asked for on;
            longer than that nobody else may touch what it reads from.
        depth: Items at most that are made, or being made, and not asked for
            yet.

    Raises:
        ValueError: ``depth`` is no positive whole number.
    """
    check_whole_number('depth', depth, 1)
    return _prefetched(items, depth)


def _prefetched(items: Iterable[Item], depth: int) -> Iterator[Item]:
    made, room, is_closed = SimpleQueue(), Semaphore(depth), False

    def make() -> None:
        try:
            source = iter(items)
            while room.acquire() and not is_closed:
                made.put((next(source), None))
        except BaseException as error:  # StopIteration, too
            made.put((None, error))

    thread = Thread(target=make, name='prefetched', daemon=True)
    thread.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            room.release()
            yield item
            del item  # not kept while waiting for the next one
    finally:
        is_closed = True
        room.release()
        thread.join()
