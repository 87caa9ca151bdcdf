import CFFmpegShim

/// FFmpeg's libraries, which are loaded when they are first needed.
public enum MediaLibraries {
  /// Loads them while the caller does something else: they take about 20 ms.
  public static func loadEarly() { ffs_load_early() }

  /// Waits until they are loaded, if that has begun: to be called before the program ends, which would take
  /// them down meanwhile.
  public static func awaitLoading() { ffs_await_loading() }
}
