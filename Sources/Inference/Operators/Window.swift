internal import CKernels
internal import TFLite

/// Extra rows and columns around an image.
struct Border: Hashable {
  var top = 0
  var bottom = 0
  var left = 0
  var right = 0
}

/// Geometry that convolutions and pooling share.
struct WindowSettings {
  var filter: (height: Int, width: Int)
  var stride: (height: Int, width: Int)
  var dilation: (height: Int, width: Int) = (1, 1)
  var padding: OperatorOptions.Padding?
}

extension OperatorContext {
  /// The image that an operator reads, NHWC, and a deferred border around it that the operator takes
  /// along instead of having it computed.
  func image(_ number: Int) throws(InferenceError) -> (id: Int, border: Border) {
    let id = try deferredInput(number)
    if case .padded(let padded) = value(id).source, padded.before.count == 4,
      padded.before[0] == 0, padded.after[0] == 0, padded.before[3] == 0, padded.after[3] == 0
    {
      return (
        padded.source,
        Border(
          top: padded.before[1], bottom: padded.after[1], left: padded.before[2],
          right: padded.after[2])
      )
    }
    try preparation.materialize(id)
    return (id, Border())
  }

  /// Shape of an image: four dimensions, none of them empty.
  func imageShape(_ id: Int, _ what: String) throws(InferenceError) -> [Int] {
    let shape = value(id).shape
    guard shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw failure(.shape(shape, of: what))
    }
    return shape
  }

  /// The kernel's geometry.
  ///
  /// Source of output sizes and offsets: TensorFlow's SAME and VALID.
  func window(
    _ image: [Int], _ border: Border, _ settings: WindowSettings, outputChannels: Int
  ) throws(InferenceError) -> fk_window {
    guard let padding = settings.padding else {
      throw failure(.option("padding", value: "of unknown number"))
    }
    let rows = try along(
      image[1] + border.top + border.bottom, settings.filter.height, settings.stride.height,
      settings.dilation.height, padding)
    let columns = try along(
      image[2] + border.left + border.right, settings.filter.width, settings.stride.width,
      settings.dilation.width, padding)
    let sizes = [
      image[0], image[1], image[2], image[3], rows.output, columns.output, outputChannels,
      settings.filter.height, settings.filter.width, settings.stride.height,
      settings.stride.width, settings.dilation.height, settings.dilation.width,
      rows.before + border.top, columns.before + border.left,
    ].compactMap(Int32.init(exactly:))
    guard sizes.count == 15 else { throw failure(.shape(image, of: "input")) }
    return fk_window(
      batch: sizes[0], in_h: sizes[1], in_w: sizes[2], in_c: sizes[3], out_h: sizes[4],
      out_w: sizes[5], out_c: sizes[6], k_h: sizes[7], k_w: sizes[8], stride_h: sizes[9],
      stride_w: sizes[10], dilation_h: sizes[11], dilation_w: sizes[12], pad_top: sizes[13],
      pad_left: sizes[14])
  }

  private func along(
    _ size: Int, _ filter: Int, _ stride: Int, _ dilation: Int, _ padding: OperatorOptions.Padding
  ) throws(InferenceError) -> (output: Int, before: Int) {
    guard filter >= 1 else { throw failure(.option("filter size", value: "\(filter)")) }
    guard stride >= 1 else { throw failure(.option("stride", value: "\(stride)")) }
    guard dilation >= 1 else { throw failure(.option("dilation", value: "\(dilation)")) }
    let reach = (filter - 1) * dilation + 1
    switch padding {
    case .same:
      let output = (size + stride - 1) / stride
      return (output, max(0, (output - 1) * stride + reach - size) / 2)
    case .valid:
      guard size >= reach else { throw failure(.option("filter size", value: "\(filter)")) }
      return ((size - reach) / stride + 1, 0)
    }
  }
}

extension fk_window {
  var outputShape: [Int] { [Int(batch), Int(out_h), Int(out_w), Int(out_c)] }
  var outputRows: Int { Int(batch) * Int(out_h) }
}
