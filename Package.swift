// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A Swift module in `Sources/<name>`, with the settings that all of them share.
func module(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: strict)
}

/// The tests of one module, in `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

// On Linux FFmpeg is loaded when it is first called: Sources/CFFmpegShim/late_loading.c.
#if os(Linux)
  let linked = false
#else
  let linked = true
#endif

let package = Package(
  name: "fishcam",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "fishcam", targets: ["fishcam"]),
    .library(name: "Inference", targets: ["Inference", "TFLite"]),
    .library(name: "Media", targets: ["Media"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CFFmpeg", pkgConfig: linked ? "libavformat libavcodec libswscale libavutil" : nil,
      providers: [
        .apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libavutil-dev"]),
        .brew(["ffmpeg"]),
      ]),
    .target(
      name: "CFFmpegShim", dependencies: ["CFFmpeg"],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CFrameScale"),
    .target(
      name: "CKernels",
      // Debug builds of C are -O0, at which the kernels are about forty times slower.
      cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
    module("Survey", []),
    module("TFLite", []),
    module("Inference", ["TFLite", "CKernels"], exclude: ["README.md"]),
    module("Media", ["CFFmpeg", "CFFmpegShim", "CFrameScale", "CJPEG", "Survey", crypto]),
    module("SpeciesCatalog", ["Survey", crypto]),
    module("Detection", ["Inference", "TFLite", "SpeciesCatalog", "Survey"]),
    module(
      "Evaluation", ["Detection", "Media", "SpeciesCatalog", "Survey"], exclude: ["README.md"]),
    module("SurveyStore", ["Survey", grdb]),
    module("SurveyPipeline", ["Media", "Detection", "SurveyStore", "Survey", "SpeciesCatalog"]),
    module("SurveyExport", ["SurveyStore", "Survey"]),
    module(
      "ReviewServer",
      [
        "SurveyStore", "Media", "Survey",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      resources: [.embedInCode("Assets")]),
    .executableTarget(
      name: "fishcam",
      dependencies: [
        "SurveyPipeline", "SurveyExport", "ReviewServer", "Evaluation", "Detection", "Inference",
        "TFLite", "Media", "SurveyStore", "SpeciesCatalog", "Survey",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .target(name: "TestSupport", dependencies: ["Survey"], swiftSettings: strict),

    tests("SurveyTests", ["Survey"]),
    tests("TFLiteTests", ["TFLite"]),
    tests("InferenceTests", ["Inference", "TFLite", "CKernels"]),
    tests("MediaTests", ["Media", "Survey", "CFrameScale"]),
    tests("SpeciesCatalogTests", ["SpeciesCatalog"]),
    tests("DetectionTests", ["Detection", "Inference", "TFLite", "SpeciesCatalog", "Survey"]),
    tests("EvaluationTests", ["Evaluation", "Detection", "SpeciesCatalog", "Survey"]),
    tests("SurveyStoreTests", ["SurveyStore", "Survey", grdb]),
    tests(
      "SurveyPipelineTests",
      [
        "SurveyPipeline", "SurveyExport", "SurveyStore", "Detection", "SpeciesCatalog", "Survey",
      ]),
    tests("SurveyExportTests", ["SurveyExport", "SurveyStore", "Survey", grdb]),
    tests("CommandTests", ["fishcam", "Survey"]),
    tests("ReviewServerTests", ["ReviewServer", "SurveyStore", "Media", "Survey", grdb]),
  ]
)
