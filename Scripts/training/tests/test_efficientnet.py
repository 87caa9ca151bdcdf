"""EfficientNet-Lite0's features: ImageNet's weights at their places, and the file that they are read from."""

import pathlib
import pickle
import struct
import tempfile
import unittest

import keras
import numpy as np

from training import efficientnet, network, rendered

PREFIX = "lite_"


class FeaturesTests(unittest.TestCase):
    def test_weights_from_imagenet_fill_every_layer_and_see_what_they_were_learnt_on(self):
        pixels = keras.layers.Input((192, 320, 3))
        model = keras.Model(pixels, efficientnet.features(pixels, network._normalised, PREFIX))
        self.assertEqual(model.output.shape, (None, 12, 20, 112))
        self.assertEqual(network.set_weights(model, efficientnet.imagenet(PREFIX)), len(model.weights))
        # Each convolution's means by channel are about what its normalisation expects; those of the widening ones
        # are near zero, whatever the picture.
        pictures = np.array([frame for frame, *_ in rendered.scene([3, 1])])[:4, :192, :320]
        for layer in model.layers:
            if not isinstance(layer, network.BatchNormalization) or "expand" in layer.name:
                continue
            before = keras.Model(pixels, layer.input)(np.float32(pictures) / 255)
            seen = keras.ops.convert_to_numpy(before).mean(axis=(0, 1, 2))
            expected = keras.ops.convert_to_numpy(layer.moving_mean)
            self.assertGreater(np.corrcoef(seen, expected)[0, 1], 0.7, layer.name)


class FileTests(unittest.TestCase):
    def read(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "weights.pth"
            path.write_bytes(content)
            return efficientnet.tensors(path)

    def test_a_tensor_is_its_view_of_a_storage(self):
        arrays = self.read(state_dictionary(offset=1, shape=(2, 2), strides=(1, 3)))
        self.assertEqual(arrays["one"].tolist(), [[1.0, 4.0], [2.0, 5.0]])

    def test_nothing_but_tensors_is_made(self):
        content = state_dictionary(function=b"cos\nsystem\n")
        self.assertRaisesRegex(pickle.UnpicklingError, "os.system", self.read, content)
        content = b"\x80\x02cos\nsystem\n." + state_dictionary()
        self.assertRaisesRegex(pickle.UnpicklingError, "os.system", self.read, content)


def state_dictionary(offset=0, shape=(6,), strides=(1,), function=b"ctorch._utils\n_rebuild_tensor_v2\n"):
    """A file with the tensor "one" of a storage of the numbers 0 to 5, as PyTorch wrote it."""

    def text(word):
        return b"X" + struct.pack("<I", len(word)) + word

    def numbers(values):
        return b"(" + b"".join(b"K" + bytes([value]) for value in values) + b"t"

    storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"7") + text(b"cpu") + b"K\x06NtQ"
    tensor = function + b"(" + storage + b"K" + bytes([offset]) + numbers(shape) + numbers(strides) + b"\x89tR"
    views = b"\x80\x02ccollections\nOrderedDict\n)R" + text(b"one") + tensor + b"s."
    before = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}))
    values = struct.pack("<q6f", 6, *range(6))
    return before + views + pickle.dumps(["7"], 2) + values
