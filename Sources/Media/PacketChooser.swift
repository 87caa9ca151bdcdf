internal import CFFmpeg
internal import CFFmpegShim
internal import Survey

/// Finds out from packets alone which frames a sampling period asks for, and what has to be decoded
/// to reach them.
///
/// A chosen frame is the one that is shown at a sampling instant, until its successor's time; times
/// of all frames stand in their packets. Packets are read up to the keyframe after the next. Behind
/// a group's last chosen frame nothing of it is decoded, and of what lies before, frames to which no
/// other refers may be left out.
final class PacketChooser {
  /// What the decoder is to do next.
  enum Step {
    /// Take a packet, which is the caller's to free; `isShown` is false where its frame may be left
    /// out if no other needs it.
    case take(UnsafeMutablePointer<AVPacket>, isShown: Bool)
    /// Give what it still holds, and forget all: what comes next does not follow.
    case drain
    /// There is nothing more.
    case end
  }

  private struct Packet {
    var packet: UnsafeMutablePointer<AVPacket>
    /// Time of its frame; `nil` where the frame is not shown.
    var pts: Int64?
  }

  /// A keyframe and what follows it in the file, or a part of such a group.
  private struct Segment {
    var packets: [Packet] = []
    var beginsWithKeyframe = false
    var forgetsAllBefore = false

    var times: [Int64] { packets.compactMap(\.pts) }
    /// Whether frames are shown before the keyframe that come after it in the file.
    var hasLeading: Bool {
      guard beginsWithKeyframe, let key = packets.first?.pts else { return false }
      return times.contains { $0 < key }
    }
  }

  /// Longer groups are decided in parts of so many packets, or bytes: two parts are in memory.
  private static let longestSegment = 600
  private static let largestSegment = 32 << 20

  /// The first and the last frame's time in seconds, and the last one's length.
  private(set) var startSeconds: Double?
  private(set) var endSeconds: Double?

  private let period: Int64
  private let secondsPerUnit: Double
  private let isForgetting: (UnsafeMutablePointer<AVPacket>) -> Bool
  private let read: () -> UnsafeMutablePointer<AVPacket>?
  private var clock: SampleClock?
  private var current = Segment()
  private var next = Segment()
  private var early: Packet?
  private var isAtEnd = false
  /// Times of read frames whose successor is not known yet, in order.
  private var undecided: [Int64] = []
  private var chosen: Set<Int64> = []
  private var queue: [Step] = []
  private var firstKey: Int64?
  private var hasSkipped = false

  /// A chooser.
  ///
  /// - Parameters:
  ///   - period: microseconds.
  ///   - isForgetting: whether a keyframe's packet is one behind which nothing refers to what lies
  ///     before it.
  ///   - read: the next packet of the stream, which becomes the chooser's; `nil` at the end.
  init(
    period: Int64, secondsPerUnit: Double,
    isForgetting: @escaping (UnsafeMutablePointer<AVPacket>) -> Bool,
    read: @escaping () -> UnsafeMutablePointer<AVPacket>?
  ) {
    self.period = period
    self.secondsPerUnit = secondsPerUnit
    self.isForgetting = isForgetting
    self.read = read
  }

  deinit { forget() }

  /// Whether a frame is one that the period asks for.
  func isChosen(_ pts: Int64) -> Bool { chosen.contains(pts) }

  /// Begins anew, at another place of the file; instants count from the same start.
  func restart() {
    forget()
    current = Segment()
    next = Segment()
    early = nil
    isAtEnd = false
    undecided = []
    queue = []
    hasSkipped = false
  }

  private func forget() {
    let steps = queue.compactMap { step in
      if case .take(let packet, _) = step { return packet }
      return nil
    }
    for packet in (current.packets + next.packets + (early.map { [$0] } ?? [])).map(\.packet)
      + steps
    {
      var doomed: UnsafeMutablePointer<AVPacket>? = packet
      av_packet_free(&doomed)
    }
  }

  /// What comes next.
  func step() -> Step {
    while queue.isEmpty {
      if current.packets.isEmpty, next.packets.isEmpty { next = segment() }
      current = next
      next = segment()
      if current.packets.isEmpty { return .end }
      decide()
    }
    return queue.removeFirst()
  }

  /// Reads a group, or a part of a long one.
  private func segment() -> Segment {
    var segment = Segment()
    var size = 0
    while !isAtEnd, let packet = early ?? taken() {
      early = nil
      let isKey = packet.packet.pointee.flags & AV_PKT_FLAG_KEY != 0
      if segment.packets.isEmpty {
        segment.beginsWithKeyframe = isKey
        segment.forgetsAllBefore = isKey && isForgetting(packet.packet)
      } else if isKey || segment.packets.count >= Self.longestSegment
        || size >= Self.largestSegment
      {
        early = packet
        break
      }
      segment.packets.append(packet)
      size += Int(packet.packet.pointee.size)
    }
    return segment
  }

  private func taken() -> Packet? {
    guard let packet = read() else {
      isAtEnd = true
      return nil
    }
    let time = packet.pointee.pts
    guard time != ffs_no_pts else { return Packet(packet: packet, pts: nil) }
    // What is shown before the first keyframe refers to what the file does not hold.
    let first = firstKey ?? time
    firstKey = first
    let isShown = packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 && time >= first
    return Packet(packet: packet, pts: isShown ? time : nil)
  }

  /// Chooses among the current segment's frames, and lines up what is to be decoded of it.
  private func decide() {
    undecided = (undecided + current.times).sorted()
    let horizon = next.times.min()
    if clock == nil, let first = undecided.first {
      startSeconds = seconds(first)
      clock = SampleClock(microseconds: period, start: seconds(first))
    }
    while let time = undecided.first, horizon.map({ time < $0 }) ?? true {
      undecided.removeFirst()
      guard let successor = undecided.first ?? horizon else {
        chooseLast(time)
        break
      }
      if clock?.shows(until: seconds(successor)) == true { chosen.insert(time) }
    }
    let open = Set(undecided)
    let needed = { [chosen] (packet: Packet) -> Bool in
      packet.pts.map { chosen.contains($0) || open.contains($0) } ?? false
    }
    var last = current.packets.lastIndex(where: needed)
    // Frames that come before their keyframe refer to what lies before it; what is cut in two goes on.
    if !next.packets.isEmpty, !next.beginsWithKeyframe || next.hasLeading {
      last = current.packets.count - 1
    }
    if current.beginsWithKeyframe, hasSkipped, last != nil {
      if !current.forgetsAllBefore { queue.append(.drain) }
      hasSkipped = false
    }
    let count = last.map { $0 + 1 } ?? 0
    for packet in current.packets[..<count] {
      queue.append(.take(packet.packet, isShown: needed(packet)))
    }
    for packet in current.packets[count...] {
      var doomed: UnsafeMutablePointer<AVPacket>? = packet.packet
      av_packet_free(&doomed)
      hasSkipped = true
    }
    current = Segment()
    if chosen.count > 4 * Self.longestSegment, let horizon {
      chosen = chosen.filter { $0 > horizon - Int64(30 / secondsPerUnit) }
    }
  }

  /// The last frame has no successor; it is shown for its own length.
  private func chooseLast(_ time: Int64) {
    let packet = current.packets.first { $0.pts == time }
    let length = packet.map { Double(max(0, $0.packet.pointee.duration)) * secondsPerUnit } ?? 0
    let end = seconds(time) + length
    endSeconds = end
    if clock?.shows(until: max(end, seconds(time) + 1e-3)) == true { chosen.insert(time) }
  }

  private func seconds(_ units: Int64) -> Double { Double(units) * secondsPerUnit }
}
