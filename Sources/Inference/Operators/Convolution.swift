internal import CKernels
internal import TFLite

/// A convolution of either kind, checked, with its weights as the file has them.
struct Convolution {
  var context: OperatorContext
  /// The image that is read, and the tensor whose quantisation holds for it.
  var source: Int
  var input: Int
  var filter: Int
  var bias: Int?
  var window: fk_window
  var outputShape: [Int]
  var activation: OperatorOptions.Activation?
  var kind: Kind
  /// Whether float inputs that meet int8 weights get a zero point of their own.
  var quantizesAsymmetrically: Bool

  enum Kind { case convolution, depthwise, fullyConnected }

  var isDepthwise: Bool { kind == .depthwise }

  /// Weights of one output channel.
  var k: Int {
    Int(window.k_h) * Int(window.k_w) * (isDepthwise ? 1 : Int(window.in_c))
  }
  var outputChannels: Int { Int(window.out_c) }
}

/// CONV_2D.
///
/// Weights are [output channel, height, width, input channel].
@Sendable func prepareConvolution(_ context: OperatorContext) throws(InferenceError) {
  guard case .convolution(let options) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  try Convolution(context, options, depthMultiplier: nil).prepare()
}

/// DEPTHWISE_CONV_2D.
///
/// Weights are [1, height, width, output channel]; output channel c * multiplier + j reads input
/// channel c.
@Sendable func prepareDepthwise(_ context: OperatorContext) throws(InferenceError) {
  guard case .depthwise(let options, let depthMultiplier) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  try Convolution(context, options, depthMultiplier: depthMultiplier).prepare()
}

extension Convolution {
  /// Checks shapes.
  ///
  /// `depthMultiplier` is nil for CONV_2D.
  init(
    _ context: OperatorContext, _ options: OperatorOptions.ConvolutionOptions,
    depthMultiplier: Int?
  ) throws(InferenceError) {
    try context.expect(inputs: 2...3)
    let (source, border) = try context.image(0)
    let filter = try context.input(1)
    let image = try context.imageShape(source, "input")
    let shape = try context.imageShape(filter, "weights")
    let outputChannels: Int
    if let depthMultiplier {
      outputChannels = shape[3]
      guard shape[0] == 1, depthMultiplier >= 1, image[3] * depthMultiplier == outputChannels
      else { throw context.failure(.shape(shape, of: "weights")) }
    } else {
      outputChannels = shape[0]
      guard shape[3] == image[3] else { throw context.failure(.shape(shape, of: "weights")) }
    }
    let bias = try context.optionalInput(2)
    if let bias, context.value(bias).shape != [outputChannels] {
      throw context.failure(.shape(context.value(bias).shape, of: "bias"))
    }
    let settings = WindowSettings(
      filter: (shape[1], shape[2]), stride: options.stride, dilation: options.dilation,
      padding: options.padding)
    self.context = context
    self.source = source
    self.input = context.op.inputs[0]
    self.filter = filter
    self.bias = bias
    window = try context.window(image, border, settings, outputChannels: outputChannels)
    outputShape = window.outputShape
    activation = options.activation
    kind = depthMultiplier == nil ? .convolution : .depthwise
    // Weights with a scale for each channel came together with zero points of inputs.
    quantizesAsymmetrically =
      kind == .depthwise || (context.value(filter).quantization?.scales.count ?? 0) > 1
  }

  func prepare() throws(InferenceError) {
    let ids = [input, filter] + (bias.map { [$0] } ?? []) + [context.output]
    let types = ids.map { context.value($0).elementType }
    switch (types[0], types[1], bias.map { context.value($0).elementType }, types[types.count - 1])
    {
    case (.float32, .float32, nil, .float32), (.float32, .float32, .float32, .float32):
      try isDepthwise ? prepareFloatDepthwise() : prepareFloat()
    case (.int8, .int8, nil, .int8), (.int8, .int8, .int32, .int8),
      (.uint8, .uint8, nil, .uint8), (.uint8, .uint8, .int32, .uint8):
      try prepareQuantized()
    case (.float32, .int8, nil, .float32), (.float32, .int8, .float32, .float32):
      try prepareHybrid()
    default:
      throw context.failure(.types(types))
    }
  }

  func padded(_ count: Int, _ kernel: Kernel) -> Int {
    (count + kernel.nr - 1) / kernel.nr * kernel.nr
  }

  // MARK: float

  /// Vectors of sixteen channels would be half empty.
  private var narrow: fk_isa? { outputChannels <= 8 ? FK_ISA_AVX2 : nil }

  /// Whether `FK_OP_F32_CONV_NARROW` takes it.
  private var isNarrow: Bool {
    outputChannels <= 8 && window.in_c % 2 == 0 && window.k_h == 1 && window.k_w == 1
      && window.stride_h == 1 && window.stride_w == 1 && window.pad_top == 0
      && window.pad_left == 0 && window.in_h == window.out_h && window.in_w == window.out_w
  }

  func floatBias(_ kernel: Kernel) throws(InferenceError) -> UnsafePointer<Float> {
    let values = try bias.map { id throws(InferenceError) in
      try context.constant(id, as: Float.self, "bias")
    }
    return try context.preparation.memory.store(
      values ?? [], count: padded(outputChannels, kernel))
  }

  private func prepareFloat() throws(InferenceError) {
    let kernel =
      isNarrow
      ? try context.kernel(FK_OP_F32_CONV_NARROW)
      : try context.kernel(
        window.dilation_w == 1 || window.k_w == 1 ? FK_OP_F32_CONV : FK_OP_F32_CONV_DILATED,
        limit: narrow)
    let range = try context.range(activation)
    let weights = try context.constant(filter, as: Float.self, "weights")
    let size = fk_packed_conv_size(
      Int64(outputChannels), Int64(k), Int64(k), kernel.row.pointee.nr, kernel.row.pointee.kr)
    let packed = try context.preparation.memory.allocate(Float.self, count: Int(size))
    fk_pack_f32_conv(
      weights, Int64(outputChannels), Int64(k), kernel.row.pointee.nr, kernel.row.pointee.kr,
      kernel.overlaps, packed.baseAddress)
    let bias = try floatBias(kernel)
    var window = window
    let scratch = fk_f32_conv_scratch(&window, kernel.row)
    try context.append(
      kernel, reads: [source], outputShape: outputShape, units: window.outputRows,
      scratchBytes: Int(scratch), rows: RowAccess(window)
    ) { [window, source, output = context.output] addresses in
      addresses.store(
        fk_f32_conv(
          w: window, input: addresses(source), weights: packed.baseAddress, bias: bias,
          output: addresses(output), lo: range.lowerBound, hi: range.upperBound))
    }
  }

  private func prepareFloatDepthwise() throws(InferenceError) {
    let is3x3 =
      window.k_h == 3 && window.k_w == 3 && window.dilation_h == 1 && window.dilation_w == 1
      && window.in_c == window.out_c
    let kernel = try context.kernel(
      is3x3 ? FK_OP_F32_DEPTHWISE_3X3 : FK_OP_F32_DEPTHWISE,
      limit: window.in_c != window.out_c ? FK_ISA_PORTABLE : narrow)
    let range = try context.range(activation)
    let weights = try context.constant(filter, as: Float.self, "weights")
    let size = fk_packed_depthwise_size(Int64(outputChannels), Int64(k), kernel.row.pointee.nr, 1)
    let packed = try context.preparation.memory.allocate(Float.self, count: Int(size))
    fk_pack_f32_depthwise(
      weights, Int64(outputChannels), Int64(k), kernel.row.pointee.nr,
      is3x3 ? kernel.overlaps : 0, packed.baseAddress)
    let bias = try floatBias(kernel)
    let zeros = try context.preparation.memory.store([Float](), count: Int(window.in_c))
    var window = window
    let scratch = fk_depthwise_scratch(&window)
    try context.append(
      kernel, reads: [source], outputShape: outputShape, units: window.outputRows,
      scratchBytes: Int(scratch), rows: RowAccess(window)
    ) { [window, source, output = context.output] addresses in
      addresses.store(
        fk_f32_depthwise(
          w: window, input: addresses(source), weights: packed.baseAddress, bias: bias,
          zeros: zeros, output: addresses(output), lo: range.lowerBound, hi: range.upperBound))
    }
  }
}
