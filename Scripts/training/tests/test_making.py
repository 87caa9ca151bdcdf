"""What other processes make: all of it, in order, and their errors."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from training import composed, making


def _square(number):
    return number * number, os.getpid()


def _refused(number):
    raise ValueError(f"not {number}")


class EachTests(unittest.TestCase):
    def test_all_is_made_in_order_by_other_processes_where_there_are_several_processors(self):
        with mock.patch.object(os, "sched_getaffinity", lambda _: {0, 1}):
            made = making.each(_square, range(9))
        self.assertEqual([value for value, _ in made], [number * number for number in range(9)])
        self.assertNotIn(os.getpid(), {process for _, process in made})

    def test_one_processor_makes_it_here(self):
        with mock.patch.object(os, "sched_getaffinity", lambda _: {0}):
            self.assertEqual(making.each(_square, range(3)), [(n * n, os.getpid()) for n in range(3)])
        self.assertEqual(making.each(_square, []), [])

    def test_what_goes_wrong_is_raised(self):
        with mock.patch.object(os, "sched_getaffinity", lambda _: {0, 1}):
            with self.assertRaisesRegex(ValueError, r"not \d"):
                making.each(_refused, range(4))

    def test_fish_are_the_same_however_many_processes_draw_them(self):
        drawn = []
        for processors in ({0}, {0, 1}):
            with tempfile.TemporaryDirectory() as folder, mock.patch.object(os, "sched_getaffinity", lambda _: processors):
                drawn.append(composed.kept("Dascyllus carneus", 3, 4, Path(folder)))
        self.assertTrue(all(np.array_equal(one, other) for one, other in zip(*drawn, strict=True)))


if __name__ == "__main__":
    unittest.main()
