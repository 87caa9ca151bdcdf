"""What other processes make: batches ahead of the network that learns from them, and what is drawn before."""

import functools
import multiprocessing
import os
import signal
import threading

AHEAD = 3
"""Batches that may wait for the network, for each process that makes them."""

_loop = None
"""The loop whose batches a process makes; as it was when the process began."""


def each(make, arguments):
    """`make` of each of `arguments`, in their order, by a process for each processor.

    Raises what `make` raises.
    """
    arguments = list(arguments)
    count = min(len(os.sched_getaffinity(0)), len(arguments))
    if count < 2:
        return [make(argument) for argument in arguments]
    with multiprocessing.get_context("fork").Pool(count, _uninterrupted) as pool:
        return pool.map(make, arguments, chunksize=1)


class Makers:
    """`count` processes that make batches of `loop`, which they see as it is now.

    What a batch is depends on its round and number alone, not on who makes it.
    """

    def __init__(self, loop, count):
        self.free = threading.Semaphore(AHEAD * count)
        self.pool = multiprocessing.get_context("fork").Pool(count, _begin, (loop,))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.terminate()

    def batches(self, number, steps):
        """The `steps` batches of round `number`, in their order."""

        def wanted():
            for step in range(steps):
                self.free.acquire()
                yield number, step

        for batch in self.pool.imap(_make, wanted()):
            self.free.release()
            yield batch


def _uninterrupted():
    """Ctrl-C is for the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _begin(loop):
    global _loop
    _uninterrupted()
    _loop = loop


@functools.lru_cache(1)
def _order(number):
    return _loop.order(number)


def _make(wanted):
    number, step = wanted
    return _loop.batch(_order(number), number, step)
