/// Where tensors lie in one block of memory, such that those alive at the same time do not overlap.
struct ArenaPlan {
  /// A tensor's need: bytes, and the steps from the one that writes it to the last that reads it.
  struct Request {
    var id: Int
    var byteCount: Int
    var lifetime: ClosedRange<Int>
  }

  private(set) var offsets: [Int: Int] = [:]
  private(set) var byteCount = 0

  /// Largest first, each at the lowest offset where it fits.
  ///
  /// Quadratic in the number of requests.
  init(_ requests: [Request]) {
    var placed: [(range: Range<Int>, lifetime: ClosedRange<Int>)] = []
    let order = requests.sorted { ($1.byteCount, $0.id) < ($0.byteCount, $1.id) }
    for request in order {
      let size = (request.byteCount + 63) / 64 * 64
      var offset = 0
      // `placed` is in order of offsets, so the first gap that is wide enough is the lowest.
      for other in placed where other.lifetime.overlaps(request.lifetime) {
        if offset + size <= other.range.lowerBound { break }
        offset = max(offset, other.range.upperBound)
      }
      offsets[request.id] = offset
      byteCount = max(byteCount, offset + size)
      let place = (range: offset..<offset + size, lifetime: request.lifetime)
      let index = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.count
      placed.insert(place, at: index)
    }
  }
}
