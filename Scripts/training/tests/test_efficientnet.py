"""EfficientNet-Lite0's features: ImageNet's weights at their places, and the file that they are read from."""

import pathlib
import pickle
import struct
import tempfile
import unittest

import keras
import numpy as np

from training import configuration, efficientnet, network, rendered, training
from training.tests import fixtures

PREFIX = "lite_"


class FeaturesTests(unittest.TestCase):
    def test_weights_from_imagenet_fill_every_layer_and_see_what_they_were_learnt_on(self):
        pixels = keras.layers.Input((192, 320, 3))
        last, widened = efficientnet.features(pixels, network._normalised, PREFIX)
        model = keras.Model(pixels, last)
        self.assertEqual(model.output.shape, (None, 12, 20, 112))
        self.assertEqual(widened[8].shape, (None, 24, 40, 240))
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


    def test_a_finder_begins_with_them_and_sees_motion_as_grey(self):
        size = fixtures.CONFIGURATION["input"] | {"width": 96, "height": 64, "motion": True, "movingCameraAbove": 45}
        plan = fixtures.CONFIGURATION["network"] | {"backbone": "efficientnet-lite0", "wideBlocks": 1}
        config = configuration.checked(fixtures.CONFIGURATION | {"input": size, "network": plan}, "training.json")
        model = network.build(config)
        with tempfile.TemporaryDirectory() as folder:
            training.start(config, model, pathlib.Path(folder), pathlib.Path(folder) / "none")
        kernel = keras.ops.convert_to_numpy(model.get_layer("lite_Conv1").kernel)
        np.testing.assert_allclose(kernel[:, :, :3], efficientnet.imagenet()["Conv1/kernel"], rtol=1e-6)
        np.testing.assert_allclose(kernel[:, :, 3], kernel[:, :, :3].sum(axis=2), rtol=1e-4, atol=1e-6)
        scores, sizes = model(np.zeros((1, 64, 96, 4), np.float32))
        self.assertEqual((scores.shape, sizes.shape), ((1, 8, 12, 2), (1, 8, 12, 2)))

    def test_a_narrower_one_keeps_the_channels_that_say_something(self):
        size = fixtures.CONFIGURATION["input"] | {"width": 96, "height": 64}
        plan = fixtures.CONFIGURATION["network"] | {"backbone": "efficientnet-lite0"}
        config = fixtures.CONFIGURATION | {"input": size, "network": plan}
        wide, generator = network.build(config), np.random.default_rng(5)
        arrays = network.weights(wide)
        for name, array in arrays.items():
            if name.endswith("_BN/beta"):
                arrays[name] = generator.uniform(0, 1, array.shape).astype(np.float32)
        widths = [48, 72, 80, 120, 128, 240, 248]
        for number, width in enumerate(widths, 1):
            name = f"{network.LITE_PREFIX}block_{number}"
            silent = generator.permutation(len(arrays[f"{name}_depthwise_BN/gamma"]))[width:]
            for part in ("depthwise", "expand") if number == 5 else ("depthwise",):
                arrays[f"{name}_{part}_BN/gamma"][silent] = 0
        network.set_weights(wide, arrays)
        narrow = network.build(config | {"network": plan | {"widths": widths}})
        given = network.narrowed(arrays, {"network": plan | {"widths": widths}})
        self.assertEqual(network.set_weights(narrow, given), len(narrow.weights))
        self.assertLess(network.multiply_adds(narrow), 0.65 * network.multiply_adds(wide))
        pixels = generator.random((1, 64, 96, 3)).astype(np.float32)
        for one, other in zip(wide(pixels), narrow(pixels)):
            np.testing.assert_allclose(one, other, atol=1e-4)


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
