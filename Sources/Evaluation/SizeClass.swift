/// How large an individual looks in the picture.
///
/// It is the square root of its box's area in pixels as annotated; the classes are COCO's.
public enum SizeClass: String, Sendable, CaseIterable {
  /// Under 32 pixels.
  case small
  /// From 32 to under 96 pixels.
  case medium
  /// 96 pixels and more.
  case large

  /// The class of a box.
  init(_ box: TruthSet.Box) {
    let area = box.width * box.height
    self = area < 32 * 32 ? .small : area < 96 * 96 ? .medium : .large
  }
}

/// Individuals counted by size.
struct BySize: Sendable, Equatable {
  private var counts = SIMD3<Int>()

  /// None.
  init() {}

  /// Counts boxes.
  init(_ boxes: [TruthSet.Box]) {
    for box in boxes { counts[SizeClass(box).place] += 1 }
  }

  /// Those of a size.
  subscript(_ size: SizeClass) -> Int { counts[size.place] }

  /// Adds others, some times over.
  mutating func add(_ other: BySize, times: Int = 1) { counts &+= other.counts &* times }
}

extension SizeClass {
  fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
