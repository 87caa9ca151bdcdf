import Inference
import TFLite

/// Damages a file in a few places, then reads, prepares and, if that is cheap, runs it.
///
/// Nothing is expected of the result; a crash or a hang is the failure.
func tryMutation(of original: [UInt8], _ numbers: inout SeededNumbers) {
  var bytes = original
  for _ in 0...Int.random(in: 0..<4, using: &numbers) { mutate(&bytes, &numbers) }
  guard let model = try? TFLiteModel(bytes: bytes) else { return }
  let summary = ModelSummary(model)
  var options = InferenceOptions(kernels: numbers.next() % 2 == 0 ? .portable : .best)
  options.memoryLimit = 16 << 20
  guard let interpreter = try? Interpreter(model, options: options) else { return }
  // Shapes in the file need not be those that are computed; the memory shows that they are small.
  guard summary.multiplyAdds < 20_000_000, interpreter.memoryBytes < 4_000_000 else { return }
  for index in interpreter.inputs.indices {
    interpreter.withInput(index) { buffer in
      for i in buffer.indices { buffer[i] = UInt8(truncatingIfNeeded: i) }
    }
  }
  interpreter.run()
  for index in interpreter.outputs.indices { interpreter.withOutput(index) { _ = $0.last } }
}

/// One change: bits, bytes, or a whole aligned word as offsets, counts and sizes are.
///
/// Changes prefer the tables to the weights, whose values cannot do harm.
private func mutate(_ bytes: inout [UInt8], _ numbers: inout SeededNumbers) {
  guard bytes.count > 16 else { return }
  func position(_ alignment: Int) -> Int {
    Int.random(in: 0..<(bytes.count - 8) / alignment, using: &numbers) * alignment
  }
  func write(_ value: UInt32, at position: Int) {
    withUnsafeBytes(of: value) { for i in 0..<4 { bytes[position + i] = $0[i] } }
  }
  func word(at position: Int) -> UInt32 {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: UInt32.self) }
  }
  switch numbers.next() % 8 {
  case 0:
    bytes[position(1)] ^= UInt8(1) << UInt8(numbers.next() % 8)
  case 1:
    bytes[position(1)] = UInt8(truncatingIfNeeded: numbers.next())
  case 2:
    let ends: [UInt32] = [0, 1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7F80_0000, 65536]
    write(ends.randomElement(using: &numbers) ?? 0, at: position(4))
  case 3:
    let at = position(4)
    let step = Int.random(in: -64...64, using: &numbers)
    write(word(at: at) &+ UInt32(truncatingIfNeeded: step), at: at)
  case 4:
    write(word(at: position(4)), at: position(4))
  case 5:
    bytes.removeLast(Int.random(in: 1...min(bytes.count - 9, 4096), using: &numbers))
  case 6:
    // A small positive number changed to another: sizes, strides, indices.
    for _ in 0..<200 {
      let at = position(4)
      if (1...512).contains(word(at: at)) {
        write(UInt32.random(in: 0...600, using: &numbers), at: at)
        return
      }
    }
  default:
    let at = position(2)
    bytes[at] = UInt8(truncatingIfNeeded: numbers.next() % 64)
    bytes[at + 1] = 0
  }
}
