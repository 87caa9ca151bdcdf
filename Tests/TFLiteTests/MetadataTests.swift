import Foundation
import TFLite
import TestSupport
import Testing

/// A ZIP archive with one stored member (APPNOTE 6.3).
private func archive(_ name: String, _ content: String) -> [UInt8] {
  let (name, content) = (Array(name.utf8), Array(content.utf8))
  let sizes = littleEndian([UInt32(0), UInt32(content.count), UInt32(content.count)])
  let local =
    littleEndian([UInt32(0x0403_4B50)]) + littleEndian([UInt16(20), 0, 0, 0, 0]) + sizes
    + littleEndian([UInt16(name.count), 0]) + name + content
  let central =
    littleEndian([UInt32(0x0201_4B50)]) + littleEndian([UInt16(20), 20, 0, 0, 0, 0]) + sizes
    + littleEndian([UInt16(name.count), 0, 0, 0, 0]) + littleEndian([UInt32(0), 0]) + name
  return local + central + littleEndian([UInt32(0x0605_4B50)]) + littleEndian([UInt16(0), 0, 1, 1])
    + littleEndian([UInt32(central.count), UInt32(local.count)]) + littleEndian([UInt16(0)])
}

private func model(metadata: [UInt8]? = nil) -> [UInt8] {
  var builder = ModelBuilder()
  builder.tensors = [
    .init(name: "in", type: 0, shape: [1, 4]), .init(name: "out", type: 0, shape: [1, 4]),
  ]
  builder.operators = [.init(code: 19, inputs: [0], outputs: [1])]
  builder.inputs = [0]
  builder.outputs = [1]
  builder.metadata = metadata
  return builder.build()
}

@Suite struct MetadataTests {
  @Test func aPlainModelHasNone() throws {
    #expect(try TFLiteModel(bytes: model()).metadata() == ModelMetadata())
  }

  @Test func labelsOfTheArchiveBehindTheModel() throws {
    let bytes = model() + archive("labels.txt", "tang\r\nangelfish\n")
    let metadata = try TFLiteModel(bytes: bytes).metadata()
    #expect(metadata.labels == ["tang", "angelfish"])
    let other = model() + archive("notes.md", "tang\n")
    #expect(try TFLiteModel(bytes: other).metadata().labels.isEmpty)
  }

  @Test func normalisation() throws {
    let inner = ModelBuilder.metadata(name: "reef", mean: 127.5, deviation: 127.5)
    let metadata = try TFLiteModel(bytes: model(metadata: inner)).metadata()
    #expect(metadata.name == "reef")
    #expect(metadata.pixelRange == -1...1)
  }

  @Test func brokenMetadataIsAnErrorAndNoCrash() throws {
    let whole =
      model(metadata: ModelBuilder.metadata(name: "reef", mean: 0, deviation: 255))
      + archive("labels.txt", "tang\n")
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      do { _ = try TFLiteModel(bytes: bytes).metadata() } catch {}
    }
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func labelsOfAPublishedModel() throws {
    let model = try TFLiteModel(
      path: SharedMaterial.path("models/mobilenet_v1_0.25_128_quant.tflite"))
    let labels = try model.metadata().labels
    #expect(labels.count == 1001)
    #expect(labels.first == "background")
  }
}
