"""Items that a thread makes ahead: order, bound, errors and the end."""

import signal
import threading
import time
import weakref
from contextlib import closing

import pytest

from ruas_mm.files.prefetch import prefetched

PATIENCE = 20  # seconds, on a busy machine


class Item:
    """Something that can be followed."""


def threads():
    return [t for t in threading.enumerate() if t.name == 'prefetched']


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert not threads()
    yield
    assert not threads()


def wait_until(happened):
    deadline = time.time() + PATIENCE
    while not happened():
        assert time.time() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize('depth', [1, 2, 7])
@pytest.mark.parametrize('count', [0, 1, 20])
def test_the_same_items_in_the_same_order(depth, count):
    items = [None, *range(count)]
    assert list(prefetched(iter(items), depth)) == items
    twice = prefetched(prefetched(items, depth), depth)
    assert list(twice) == items


@pytest.mark.parametrize('depth', [1, 2, 7])
def test_made_ahead_up_to_the_depth(depth):
    made, makers = [], set()

    def source():
        for index in range(30):
            makers.add(threading.get_ident())
            made.append(index)
            yield index

    with closing(prefetched(source(), depth)) as items:
        assert not threads() and not made  # before it is asked for anything
        for taken in range(1, 6):
            next(items)
            wait_until(lambda: len(made) == taken + depth)  # noqa: B023
            time.sleep(0.02)
            assert len(made) == taken + depth
    assert threading.get_ident() not in makers and len(makers) == 1


@pytest.mark.parametrize('depth', [1, 3])
def test_long_sources_are_never_in_memory(depth):
    alive, most = weakref.WeakSet(), []

    def source():
        for _ in range(50):
            item = Item()
            alive.add(item)
            yield item
            del item

    for _ in prefetched(source(), depth):
        time.sleep(0.001)  # the thread is as far ahead as it may
        most.append(len(alive))
    assert len(most) == 50 and max(most) <= depth + 2


@pytest.mark.parametrize(
    'error', [ValueError('broken'), KeyboardInterrupt(), SystemExit(3)]
)
def test_errors_come_behind_the_items_before_them(error):
    def source():
        yield from range(5)
        raise error

    found = []
    with pytest.raises(type(error)) as raised:
        for item in prefetched(source(), 2):
            found.append(item)
    assert raised.value is error and found == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    'source, error', [(None, TypeError), ([1], ValueError)]
)
def test_arguments(source, error):
    with pytest.raises(error):
        list(prefetched(source, 0 if source else 2))


def consume(items, end):
    for item in items:
        if item == 3:
            if end == 'return':
                return
            raise RuntimeError('disk full')


@pytest.mark.parametrize('end', ['return', 'raise', 'close', 'forget'])
@pytest.mark.parametrize('layers', [1, 2])
def test_closed_early(end, layers):
    """The thread ends, whether it waits for room or makes an item."""
    first = items = prefetched(iter(range(10**9)), 2)
    if layers == 2:
        items = prefetched((i for i in first), 2)
    with closing(first):
        if end in ('return', 'raise'):
            with closing(items):
                try:
                    consume(items, end)
                except RuntimeError:
                    assert end == 'raise'
        else:
            next(items)
            if end == 'close':
                items.close()
            if layers == 1:
                first = None
            items = None
    if layers == 1 or end != 'forget':
        assert not threads()


def test_closing_waits_for_the_item_that_is_being_made():
    events, is_being_made = [], threading.Event()

    def source():
        yield 0
        is_being_made.set()
        time.sleep(0.05)
        events.append('made')
        yield 1

    with closing(prefetched(source(), 1)) as items:
        next(items)
        assert is_being_made.wait(PATIENCE)
    events.append('closed')
    assert events == ['made', 'closed']


@pytest.mark.usefixtures('heeds_interrupts')
def test_keyboard_interrupt():
    """Whether it comes while waiting for an item, or in between."""
    main = threading.main_thread()

    def source():
        yield 0
        signal.pthread_kill(main.ident, signal.SIGINT)
        while True:
            time.sleep(0.01)
            yield 1

    with pytest.raises(KeyboardInterrupt), closing(
        prefetched(source(), 1)
    ) as items:
        for _ in items:
            pass
    assert not threads()
