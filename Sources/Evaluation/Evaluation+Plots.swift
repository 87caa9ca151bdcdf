extension Evaluation {
  /// Plots as SVG, by file name.
  public var plots: [(file: String, svg: String)] { [] }
}
