import Inference
import TFLite
import TestSupport
import Testing

/// Shapes below, at and above the kernels' tiles (6 or 12 pixels, 8 or 16 channels), and every
/// setting at least once.
private let convolutionCases: [ConvolutionCase] = {
  var cases: [ConvolutionCase] = []
  for channels in [1, 2, 7, 8, 9, 15, 16, 17, 24, 33] {
    cases.append(ConvolutionCase(outputChannels: channels))
    cases.append(
      ConvolutionCase(width: 13, inputChannels: channels, outputChannels: 18, kernel: (1, 1)))
    cases.append(
      ConvolutionCase(
        isDepthwise: true, inputChannels: channels, outputChannels: channels, activation: 3))
  }
  for width in [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 18, 97] {
    cases.append(
      ConvolutionCase(
        height: 2, width: width, inputChannels: 8, outputChannels: 5, kernel: (1, 1)))
    cases.append(
      ConvolutionCase(
        height: 2, width: width, inputChannels: 2, outputChannels: 16, kernel: (3, 1)))
    cases.append(
      ConvolutionCase(
        isDepthwise: true, height: 3, width: width, inputChannels: 20, outputChannels: 20,
        hasBias: false))
  }
  for isDepthwise in [false, true] {
    let base = ConvolutionCase(
      isDepthwise: isDepthwise, height: 11, width: 10, inputChannels: 6, outputChannels: 6)
    func with(_ change: (inout ConvolutionCase) -> Void) {
      var changed = base
      change(&changed)
      cases.append(changed)
    }
    for stride in [(2, 2), (1, 3), (3, 1), (12, 12)] { with { $0.stride = stride } }
    for dilation in [(2, 2), (1, 3), (4, 1)] { with { $0.dilation = dilation } }
    for kernel in [(1, 1), (2, 2), (5, 3), (4, 7), (11, 10)] {
      with { $0.kernel = kernel }
      with { ($0.kernel, $0.isSame) = (kernel, false) }
    }
    for activation: Int8 in [1, 2, 3] { with { $0.activation = activation } }
    with { ($0.inputZero, $0.outputZero) = (-128, 127) }
    with { ($0.inputZero, $0.outputZero, $0.weightZero) = (127, -128, 127) }
    with { ($0.inputZero, $0.weightZero) = (-128, -128) }
    with { ($0.batch, $0.stride) = (3, (2, 1)) }
    with { ($0.pad, $0.isSame, $0.stride) = ([0, 1, 0, 1], false, (2, 2)) }
    with { $0.pad = [3, 1, 2, 4] }
    // A border wider than all that windows see.
    with {
      ($0.pad, $0.isSame, $0.kernel, $0.stride) = ([0, 0, 300, 0], false, (1, 1), (1, 400))
    }
    with { ($0.hasBias, $0.weightZero) = (false, 9) }
  }
  // Depth multipliers, for which one input channel is a case of its own.
  for (input, output) in [(1, 8), (1, 1), (3, 6), (5, 20)] {
    cases.append(
      ConvolutionCase(
        isDepthwise: true, inputChannels: input, outputChannels: output, stride: (2, 2)))
  }
  // Long sums, where the inner dimension is odd and even.
  cases.append(ConvolutionCase(inputChannels: 96, outputChannels: 32))
  cases.append(ConvolutionCase(width: 20, inputChannels: 255, outputChannels: 3, kernel: (1, 1)))
  return cases
}()

@Suite("Convolutions")
struct ConvolutionTests {
  @Test("Portable kernels give what the definition says", arguments: Precision.allCases)
  func definition(_ precision: Precision) throws {
    for (seed, test) in convolutionCases.enumerated() {
      var numbers = SeededNumbers(UInt64(seed))
      let model = try TFLiteModel(bytes: test.model(precision, &numbers).build())
      let naive = NaiveConvolution(test, model)
      if precision.isFloat {
        let input = numbers.floats(test.inputCount)
        let result = try run(model, on: littleEndian(input))
        let difference = largestDifference(floats(result), naive.run(input))
        #expect(difference < 1e-4, "\(test), seed \(seed): \(difference)")
      } else {
        let input = numbers.bytes(test.inputCount)
        let isEqual = try run(model, on: input) == naive.run(input)
        #expect(isEqual, "\(test), seed \(seed)")
      }
    }
  }

  @Test("Fast kernels give what the portable ones give", arguments: fastVariants)
  func fast(_ variant: KernelVariant) throws {
    for precision in Precision.allCases {
      for (seed, test) in convolutionCases.enumerated() {
        var numbers = SeededNumbers(UInt64(seed))
        let model = try TFLiteModel(bytes: test.model(precision, &numbers).build())
        if precision.isFloat {
          let input = littleEndian(numbers.floats(test.inputCount))
          let difference = largestDifference(
            floats(try run(model, on: input, variant)), floats(try run(model, on: input)))
          #expect(difference < 1e-4, "\(test), seed \(seed): \(difference)")
        } else {
          let input = numbers.bytes(test.inputCount)
          let isEqual = try run(model, on: input, variant) == run(model, on: input)
          #expect(isEqual, "\(precision) \(test), seed \(seed)")
        }
      }
    }
  }

  @Test("Requantising rounds as the reference does, over the whole range", arguments: fastVariants)
  func requantising(_ variant: KernelVariant) throws {
    // A 1x1 convolution with weight 0 or 1 passes its bias through requantisation.
    var numbers = SeededNumbers(77)
    for scale: Float in [1e-9, 3e-6, 0.001, 0.25, 0.499999, 0.5, 0.75, 1, 1.5, 200, 1e6] {
      let biases =
        numbers.ints(64, in: Int32.min / 2...Int32.max / 2)
        + numbers.ints(128, in: -300...300) + [0, 1, -1, .max, .min, 64, -64, 192, -192]
        + (0..<63).map { Int32(1) << ($0 % 31) }
      var test = ConvolutionCase(
        height: 1, width: 1, inputChannels: 1, outputChannels: biases.count, kernel: (1, 1))
      test.inputZero = 0
      var model = test.model(.int8, &numbers)
      model.tensors[1].data = Array(repeating: 0, count: biases.count)
      model.tensors[1].scales = Array(repeating: 1, count: biases.count)
      model.tensors[2].data = littleEndian(biases)
      model.tensors[0].scales = [scale]
      model.tensors[3].scales = [1]
      let read = try TFLiteModel(bytes: model.build())
      let isEqual = try run(read, on: [0] as [UInt8], variant) == run(read, on: [0] as [UInt8])
      #expect(isEqual, "scale \(scale)")
    }
  }

  @Test("uint8 scales are multiplied in single precision, as the reference does")
  func singlePrecision() throws {
    // Sums so large that the last bits of the factor decide, around the points where results change.
    let (input, weight, output): (Float, Float, Float) = (0.0123, 0.0000061, 1)
    let step = 1 / (Double(input * weight) / Double(output))
    let biases = (0..<50).flatMap { n in
      (-9...9).map { Int32((Double(n) + 0.5) * step) + Int32($0) }
    }
    var numbers = SeededNumbers(1)
    let test = ConvolutionCase(
      height: 1, width: 1, inputChannels: 1, outputChannels: biases.count, kernel: (1, 1),
      inputZero: 0)
    var model = test.model(.uint8, &numbers)
    model.tensors[2].data = littleEndian(biases)
    model.tensors[0].scales = [input]
    model.tensors[1].scales = [weight]
    model.tensors[3].scales = [output]
    let read = try TFLiteModel(bytes: model.build())
    let expected = NaiveConvolution(test, read).run([128] as [UInt8])
    for variant in KernelVariant.available {
      let result: [UInt8] = try run(read, on: [128] as [UInt8], variant)
      let isEqual = result == expected
      #expect(isEqual, "\(variant)")
    }
  }

  @Test("A border before a convolution costs no memory of its own")
  func borderIsFolded() throws {
    var numbers = SeededNumbers(1)
    var test = ConvolutionCase(height: 64, width: 64, inputChannels: 16, outputChannels: 1)
    test.isSame = false
    let plain = try TFLiteModel(bytes: test.model(.float32, &numbers).build())
    test.pad = [0, 1, 0, 1]
    let padded = try TFLiteModel(bytes: test.model(.float32, &numbers).build())
    let extra = try Interpreter(padded).arenaBytes - Interpreter(plain).arenaBytes
    #expect(extra < 4096)
  }
}
