import CFFmpegShim

/// FFmpeg's libraries, which are loaded when they are first needed.
public enum MediaLibraries {
  /// Loads them while the caller does something else: they take about 20 ms.
  public static func loadEarly() { ffs_load_early() }
}
