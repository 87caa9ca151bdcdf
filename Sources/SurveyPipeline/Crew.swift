internal import Detection
internal import Foundation
internal import SurveyStore
internal import Synchronization

/// One content that is to be looked at.
struct PassOrder: Sendable {
  /// Its number among the orders.
  var number = 0
  /// A file that holds it.
  var path: String
  /// Its row id.
  var media: Int64
  /// Its stated duration.
  var seconds: Double
}

/// What a pass over a content has brought.
struct PassResult: Sendable {
  var outcome: RecordingOutcome
  var figures: PassFigures
}

/// What was stored by one pass, or by several.
struct PassFigures: Sendable {
  var frames = 0
  var detections = 0
  var detectionsCounted = 0
  var stretchesWithMovingCamera = 0
  /// Seconds of video from the first frame that was looked at to the end.
  var videoSeconds = 0.0

  static func += (sum: inout PassFigures, other: PassFigures) {
    sum.frames += other.frames
    sum.detections += other.detections
    sum.detectionsCounted += other.detectionsCounted
    sum.stretchesWithMovingCamera += other.stretchesWithMovingCamera
    sum.videoSeconds += other.videoSeconds
  }
}

/// Works through contents: several threads read, each one content at a time; as many as the job
/// allows look at the frames of all of them; one writes.
///
/// Queues between them are bounded, so that memory does not grow with the length or the number of
/// contents, and a thread that waits sleeps.
final class Crew: Sendable {
  private let job: SurveyJob
  private let run: StoredRun
  private let writer: Writer
  private let next = Mutex(0)
  /// A detector that is prepared already, for the first thread that needs one.
  private let prepared: Mutex<Detector?>

  /// Bytes of decoded keyframes that all readers together may keep: 25 of 2704 × 1520, or 25 of
  /// 1920 × 1080 for two readers.
  private static let keyframeRoom = 160 << 20

  init(job: SurveyJob, run: StoredRun, space: DiskSpace, prepared: sending Detector) {
    self.job = job
    self.prepared = Mutex(prepared)
    self.run = run
    writer = Writer(job: job, run: run, space: space)
  }

  /// What was stored of passes that were stopped.
  var unfinished: PassFigures { writer.unfinished }

  /// Works until all is done, someone asks to stop, or the survey cannot be written.
  ///
  /// - Returns: in step with the orders; `nil` where one was not finished.
  /// - Throws: `SurveyStoreError`, `DetectionError`: the first that any thread met.
  func work(_ orders: [PassOrder]) throws -> [PassResult?] {
    guard !orders.isEmpty else { return [] }
    let readerCount = max(1, min(job.options.jobs, orders.count))
    let threads = max(1, job.options.jobs / readerCount)
    let queue = BoundedQueue<LookTask>(limit: job.options.jobs + 1)
    let (readers, lookers, writing) = (DispatchGroup(), DispatchGroup(), DispatchGroup())
    start(1, in: writing) { [writer] in writer.work() }
    start(job.options.jobs, in: lookers) { [self] in
      // A model is prepared by those threads alone that get something to look at.
      guard let first = queue.pop() else { return }
      do {
        let looker = Looker(try detector())
        looker.look(at: first)
        while let task = queue.pop() { looker.look(at: task) }
      } catch {
        writer.fail(error)
        first.sink.put(nil, number: first.number)
        // Readers must not wait for room that nobody makes.
        while let task = queue.pop() { task.sink.put(nil, number: task.number) }
      }
    }
    start(readerCount, in: readers) { [self] in
      do {
        let detector = try detector()
        while let order = take(of: orders) {
          try read(
            order, detector, queue, threads: threads, keyframeRoom: Self.keyframeRoom / readerCount)
        }
      } catch {
        writer.fail(error)
      }
    }
    readers.wait()
    queue.close()
    lookers.wait()
    writer.close()
    writing.wait()
    if let failure = writer.failure { throw failure }
    return orders.map { writer.results[$0.number] }
  }

  private func detector() throws -> Detector {
    let ready = prepared.withLock { prepared in
      let taken = prepared
      prepared = nil
      return taken
    }
    return try ready ?? Detector(job.model, options: job.detectorOptions)
  }

  private func start(_ count: Int, in group: DispatchGroup, _ body: @escaping @Sendable () -> Void)
  {
    for _ in 0..<count {
      group.enter()
      let thread = Thread {
        defer { group.leave() }
        body()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  private func take(of orders: [PassOrder]) -> PassOrder? {
    next.withLock { next in
      guard next < orders.count, writer.failure == nil, !job.cancellation.isCancelled else {
        return nil
      }
      defer { next += 1 }
      return orders[next]
    }
  }

  private func read(
    _ order: PassOrder, _ detector: Detector, _ queue: BoundedQueue<LookTask>, threads: Int,
    keyframeRoom: Int
  ) throws {
    let pass = try job.store.beginPass(
      run: run.id, media: order.media, programVersion: job.options.programVersion,
      machine: Machine.description)
    job.report(.begun(path: order.path, resumes: pass.lastPTS != nil))
    // Photos are their own evidence.
    let most =
      try job.store.isVideo(media: order.media)
      ? try job.store.mostCounted(in: pass, of: run, thresholds: detector.thresholds) : nil
    let sink = PassSink(
      order, pass, writer: writer, thresholds: detector.thresholds, most: most,
      room: 4 * job.options.jobs + 16)
    var recording = RecordingPass(
      sink, job: job, run: run, detector: detector, lookers: queue,
      keyframeRoom: keyframeRoom)
    try recording.work(threads: threads, goesOn: { writer.failure == nil })
  }
}
