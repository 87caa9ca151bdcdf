import Foundation

/// How much this program lets others go first, as `nice` does.
enum Niceness {
  /// Adds to the niceness of every thread; threads that begin later have that of the one that
  /// begins them.
  static func add(_ steps: Int) {
    guard steps > 0 else { return }
    #if os(Linux)
      // Here niceness belongs to threads. One may begin meanwhile, so that the list is read again
      // until it holds no new one.
      let which = Int32(PRIO_PROCESS.rawValue)
      var changed: Set<String> = []
      while true {
        let threads =
          (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let others = threads.filter { changed.insert($0).inserted }
        if others.isEmpty { return }
        for thread in others.compactMap(UInt32.init) {
          let now = getpriority(which, thread)
          setpriority(which, thread, min(19, now + Int32(steps)))
        }
      }
    #else
      setpriority(PRIO_PROCESS, 0, min(19, getpriority(PRIO_PROCESS, 0) + Int32(steps)))
    #endif
  }
}
