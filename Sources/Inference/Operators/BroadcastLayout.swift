internal import CKernels

/// How two shapes combine, element by element, with neighbouring dimensions merged where both inputs
/// walk through them in the same way.
struct BroadcastLayout {
  /// The result's shape.
  let shape: [Int]
  private var dims: [Int] = []
  private var aStrides: [Int] = []
  private var bStrides: [Int] = []

  /// Nil for shapes that do not broadcast to each other.
  init?(_ a: [Int], _ b: [Int]) {
    let rank = max(a.count, b.count)
    let a = Array(repeating: 1, count: rank - a.count) + a
    let b = Array(repeating: 1, count: rank - b.count) + b
    var shape: [Int] = []
    for (x, y) in zip(a, b) {
      guard x == y || x == 1 || y == 1 else { return nil }
      shape.append(x == 1 ? y : x)
    }
    self.shape = shape
    let aStrides = Self.strides(a)
    let bStrides = Self.strides(b)
    for d in 0..<rank where shape[d] != 1 {
      if let last = dims.indices.last, self.aStrides[last] == aStrides[d] * shape[d],
        self.bStrides[last] == bStrides[d] * shape[d]
      {
        dims[last] *= shape[d]
        self.aStrides[last] = aStrides[d]
        self.bStrides[last] = bStrides[d]
      } else {
        dims.append(shape[d])
        self.aStrides.append(aStrides[d])
        self.bStrides.append(bStrides[d])
      }
    }
    if dims.isEmpty {
      dims = [1]
      self.aStrides = [0]
      self.bStrides = [0]
    }
  }

  /// Elements between neighbours along each dimension, 0 where the only one is repeated.
  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var step = 1
    for d in shape.indices.reversed() {
      strides[d] = shape[d] == 1 ? 0 : step
      step *= shape[d]
    }
    return strides
  }

  /// What the kernels take, nil where there are too many dimensions.
  var kernelShape: fk_broadcast? {
    guard dims.count <= Int(FK_MAX_RANK) else { return nil }
    var result = fk_broadcast()
    result.rank = Int32(dims.count)
    withUnsafeMutableBytes(of: &result.dims) { fill($0, dims) }
    withUnsafeMutableBytes(of: &result.a_stride) { fill($0, aStrides) }
    withUnsafeMutableBytes(of: &result.b_stride) { fill($0, bStrides) }
    return result
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ values: [Int]) {
    let target = bytes.bindMemory(to: Int64.self)
    for (i, value) in values.enumerated() { target[i] = Int64(value) }
  }
}
