internal import CKernels
internal import TFLite

/// TFLite_Detection_PostProcess: boxes of a single-shot detector.
///
/// Outputs are boxes [1, n, 4] as top, left, bottom, right in parts of the image, classes [1, n],
/// scores [1, n] and their number [1]; places that are not filled are zero.
@Sendable func prepareDetectionPostProcess(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 3...3, outputs: 4)
  guard case .custom(let bytes) = context.op.options, let map = FlexMap(bytes) else {
    throw context.failure(.option("options", value: "missing"))
  }
  var parameters = fk_detection()
  try read(map, into: &parameters, context)
  let boxes = try context.input(0)
  let scores = try context.input(1)
  let anchors = try context.input(2)
  let shapes = [boxes, scores, anchors].map { context.value($0).shape }
  guard shapes[0].count == 3, shapes[0][0] == 1, shapes[0][1] > 0, shapes[0][2] >= 4 else {
    throw context.failure(.shape(shapes[0], of: "boxes"))
  }
  let count = shapes[0][1]
  guard shapes[1].count == 3, shapes[1][0] == 1, shapes[1][1] == count,
    (0...1).contains(shapes[1][2] - Int(parameters.classes))
  else { throw context.failure(.shape(shapes[1], of: "scores")) }
  guard shapes[2] == [count, 4] else { throw context.failure(.shape(shapes[2], of: "anchors")) }
  guard count <= Int(Int32.max) else { throw context.failure(.shape(shapes[0], of: "boxes")) }
  parameters.count = Int64(count)
  parameters.box_stride = Int64(shapes[0][2])
  parameters.label_offset = Int32(shapes[1][2]) - parameters.classes
  (parameters.box_scale, parameters.box_zero, parameters.box_flip) = try reals(context, boxes)
  (parameters.score_scale, parameters.score_zero, parameters.score_flip) = try reals(
    context, scores)
  (parameters.anchor_scale, parameters.anchor_zero, parameters.anchor_flip) = try reals(
    context, anchors)

  let places = Int(parameters.limit) * Int(parameters.per_anchor)
  let outputs = context.op.outputs
  guard outputs.allSatisfy({ context.value($0).elementType == .float32 }),
    Set(outputs).count == 4
  else { throw context.failure(context.types(outputs)) }
  for (output, shape) in zip(outputs, [[1, places, 4], [1, places], [1, places], [1]]) {
    try context.preparation.define(output, shape: shape, .arena)
  }
  try context.append(
    context.kernel(FK_OP_DETECTION), reads: [boxes, scores, anchors], writes: outputs, units: 1,
    scratchBytes: Int(fk_detection_scratch(&parameters))
  ) { [parameters] addresses in
    var bound = parameters
    bound.boxes = UnsafeRawPointer(addresses(boxes, UInt8.self))
    bound.scores = UnsafeRawPointer(addresses(scores, UInt8.self))
    bound.anchors = UnsafeRawPointer(addresses(anchors, UInt8.self))
    bound.out_boxes = addresses(outputs[0])
    bound.out_classes = addresses(outputs[1])
    bound.out_scores = addresses(outputs[2])
    bound.out_count = addresses(outputs[3])
    return addresses.store(bound)
  }
}

/// Scale, zero point and domain; a scale of 0 for floats.
private func reals(
  _ context: OperatorContext, _ id: Int
) throws(InferenceError) -> (Float, Int32, UInt8) {
  if context.value(id).elementType == .float32 { return (0, 0, 0) }
  let quantization = try context.byteQuantization(id, "input")
  return (quantization.scale, quantization.zero, quantization.domain.flip)
}

private func read(
  _ map: FlexMap, into parameters: inout fk_detection, _ context: OperatorContext
) throws(InferenceError) {
  func number(_ name: String, default value: Double? = nil) throws(InferenceError) -> Double {
    guard let number = map.numbers[name] ?? value, number.isFinite else {
      throw context.failure(.option(name, value: "missing"))
    }
    return number
  }
  func count(_ name: String, default value: Double? = nil) throws(InferenceError) -> Int32 {
    let number = try number(name, default: value)
    guard (1...100_000).contains(number) else {
      throw context.failure(.option(name, value: "\(number)"))
    }
    return Int32(number)
  }
  func divisor(_ name: String) throws(InferenceError) -> Float {
    let number = Float(try number(name))
    guard number != 0, number.isFinite else {
      throw context.failure(.option(name, value: "\(number)"))
    }
    return number
  }
  parameters.limit = try count("max_detections")
  parameters.per_anchor = try count("max_classes_per_detection")
  parameters.per_class = try count("detections_per_class", default: 100)
  parameters.classes = try count("num_classes")
  parameters.is_regular = try number("use_regular_nms", default: 0) == 0 ? 0 : 1
  parameters.score_threshold = Float(try number("nms_score_threshold"))
  parameters.iou_threshold = Float(try number("nms_iou_threshold"))
  parameters.y_scale = try divisor("y_scale")
  parameters.x_scale = try divisor("x_scale")
  parameters.h_scale = try divisor("h_scale")
  parameters.w_scale = try divisor("w_scale")
  guard parameters.iou_threshold > 0, parameters.iou_threshold <= 1 else {
    throw context.failure(.option("nms_iou_threshold", value: "\(parameters.iou_threshold)"))
  }
}
