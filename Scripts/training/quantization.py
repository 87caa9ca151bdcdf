"""What rounding to int8 takes, given back where it costs nothing: in the biases of convolutions.

Rounded weights and sums move the mean of a channel. Each bias is changed by what its channel's mean is
away from the float32 file's, on the same pictures, from the first convolution to the last, so that
each is corrected for what those before it have left (Nagel et al. 2019, "Data-Free Quantization Through
Weight Equalization and Bias Correction", section 4.2).
"""

import os

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

CONVOLUTIONS = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)


def corrected(exact, rounded, pictures):
    """The int8 file `rounded` with its convolutions' means as those of the float32 file `exact`; both as bytes.

    `pictures` are uint8 (count, rows, columns, channels). Tensors of both files have the same names, and
    each convolution has a bias of its own.
    """
    wanted = _means(exact, pictures, _convolutions(flatbuffer_utils.convert_bytearray_to_object(exact)))
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(rounded))
    graph = model.subgraphs[0]
    for name, operator in _convolutions(model).items():
        if name not in wanted:
            continue
        found = _means(_until(model, operator), pictures, {name: operator})[name]
        bias = graph.tensors[operator.inputs[2]]
        values = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32)
        change = np.round((wanted[name] - found) / bias.quantization.scale)
        changed = np.clip(values + change, -(2**31), 2**31 - 1).astype(np.int32)
        model.buffers[bias.buffer].data = np.frombuffer(changed.tobytes(), np.uint8)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _convolutions(model):
    """By the name of its output, each convolution in order."""
    graph = model.subgraphs[0]
    return {
        graph.tensors[operator.outputs[0]].name: operator
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode in CONVOLUTIONS
    }


def _until(model, operator):
    """The file of `model` up to and with an operator, whose output is its own."""
    graph = model.subgraphs[0]
    operators, outputs, signatures = graph.operators, graph.outputs, model.signatureDefs
    try:
        graph.operators = operators[: operators.index(operator) + 1]
        graph.outputs, model.signatureDefs = operator.outputs, None
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    finally:
        graph.operators, graph.outputs, model.signatureDefs = operators, outputs, signatures


def _means(file, pictures, operators):
    """By name the means by channel of the outputs of `operators`, in the file's own units.

    Where these are not the file's only outputs every tensor is kept, which is slow.
    """
    resolver = tf.lite.experimental.OpResolverType
    inner = len(operators) > 1
    interpreter = tf.lite.Interpreter(
        model_content=bytes(file),
        experimental_op_resolver_type=resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES if inner else resolver.AUTO,
        experimental_preserve_all_tensors=inner,
        num_threads=os.cpu_count(),
    )
    interpreter.allocate_tensors()
    given, sums = interpreter.get_input_details()[0], {}
    found = interpreter.get_tensor_details() if inner else interpreter.get_output_details()
    details = {part["index"]: part for part in found}
    for picture in pictures:
        interpreter.set_tensor(given["index"], as_input(picture, given))
        interpreter.invoke()
        for name, operator in operators.items():
            part = details[operator.outputs[0]]
            made = interpreter.get_tensor(part["index"])
            mean = made.reshape(-1, made.shape[-1]).mean(axis=0, dtype=np.float64)
            if part["dtype"] == np.int8:
                scale, zero = part["quantization"]
                mean = (mean - zero) * scale
            sums[name] = sums.get(name, 0) + mean / len(pictures)
    return sums


def as_input(picture, given):
    """A uint8 picture (rows, columns, channels) as an interpreter's input `given` takes it."""
    values = picture[np.newaxis].astype(np.float32) / 255
    if given["dtype"] != np.int8:
        return values
    scale, zero = given["quantization"]
    return np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
