"""Biases of int8 files."""

import unittest

import keras
import numpy as np
import tensorflow as tf

from training import export, quantization


class BiasTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        generator = np.random.default_rng(5)
        keras.utils.set_random_seed(5)
        given = keras.Input((16, 16, 3))
        x = keras.layers.Conv2D(12, 3, padding="same", activation="relu6", name="first")(given)
        x = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu6", name="second")(x)
        x = keras.layers.Conv2D(6, 1, name="third")(x)
        cls.model = keras.Model(given, [keras.layers.Softmax()(x), keras.layers.Conv2D(2, 1)(x)])
        for layer in cls.model.layers:
            # A few large values among small ones, so that rounding is felt.
            layer.set_weights([generator.standard_t(2, w.shape) / 4 for w in layer.get_weights()])
        cls.pictures = generator.integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
        cls.exact = export.convert(cls.model)
        cls.rounded = export.convert(cls.model, cls.pictures)
        cls.corrected = quantization.corrected(cls.exact, cls.rounded, cls.pictures)

    def means(self, file):
        """By output, the means by channel, in order of channels' number."""
        interpreter = tf.lite.Interpreter(model_content=file)
        interpreter.allocate_tensors()
        made = [export.answers(interpreter, picture) for picture in self.pictures]
        grids = [np.concatenate(parts).mean(axis=(0, 1)) for parts in zip(*made)]
        return sorted(grids, key=len)

    def test_means_come_near_to_those_of_the_float_file(self):
        exact, rounded, corrected = map(self.means, (self.exact, self.rounded, self.corrected))
        for wanted, before, after in zip(exact, rounded, corrected):
            self.assertLess(abs(after - wanted).mean(), 0.5 * abs(before - wanted).mean())

    def test_nothing_but_biases_changes(self):
        tensors = {}
        for name, file in (("rounded", self.rounded), ("corrected", self.corrected)):
            interpreter = tf.lite.Interpreter(model_content=file)
            interpreter.allocate_tensors()
            tensors[name] = {
                part["index"]: (part["name"], part["dtype"], tuple(part["shape"]), part["quantization"])
                for part in interpreter.get_tensor_details()
            }
        self.assertEqual(tensors["rounded"], tensors["corrected"])
        self.assertNotEqual(self.rounded, self.corrected)
        self.assertLess(abs(len(self.rounded) - len(self.corrected)), 2048)
