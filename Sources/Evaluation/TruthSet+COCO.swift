internal import Foundation

extension TruthSet {
  /// Reads COCO annotations.
  ///
  /// Images may also carry `video` or `clip`, `source`, and `labels`: `incomplete` where
  /// individuals without a box are known or suspected. Without a `source` the file's folder and the
  /// one above it name it. Boxes with `iscrowd` are regions in which nothing is judged.
  ///
  /// - Parameters:
  ///   - annotations: path of the JSON file.
  ///   - images: the folder of the pictures; `nil` is that of the file.
  /// - Throws: `EvaluationError`.
  public init(annotations: String, images: String? = nil) throws(EvaluationError) {
    let document = try TruthFile.decode(
      COCODocument.self, annotations,
      expected: "COCO: an object with images, annotations and categories")
    let folder = images ?? (annotations as NSString).deletingLastPathComponent
    let reader = COCOReader(file: annotations, folder: folder.isEmpty ? "." : folder)
    self = try reader.truth(document)
  }
}

/// A key of a COCO record: a number, or a text as in COCO Camera Traps.
private enum COCOKey: Decodable, Hashable, CustomStringConvertible {
  case number(Int)
  case text(String)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  var description: String {
    switch self {
    case .number(let number): String(number)
    case .text(let text): "“\(text)”"
    }
  }
}

private struct COCODocument: Decodable {
  struct Image: Decodable {
    var id: COCOKey, file_name: String
    var width: Double?, height: Double?
    var video: String?, clip: String?, source: String?, labels: String?
  }

  struct Annotation: Decodable {
    var id: COCOKey?, image_id: COCOKey, category_id: COCOKey
    var bbox: [Double]
    var isCrowd: Bool

    enum CodingKeys: String, CodingKey {
      case id, image_id, category_id, bbox, iscrowd
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      id = try values.decodeIfPresent(COCOKey.self, forKey: .id)
      image_id = try values.decode(COCOKey.self, forKey: .image_id)
      category_id = try values.decode(COCOKey.self, forKey: .category_id)
      bbox = try values.decode([Double].self, forKey: .bbox)
      if let flag = try? values.decodeIfPresent(Bool.self, forKey: .iscrowd) {
        isCrowd = flag
      } else {
        isCrowd = try values.decodeIfPresent(Int.self, forKey: .iscrowd) ?? 0 != 0
      }
    }
  }

  struct Category: Decodable {
    var id: COCOKey, name: String
  }

  var images: [Image], annotations: [Annotation], categories: [Category]
}

/// Turns a COCO document into a truth, and refuses what cannot be meant.
private struct COCOReader {
  var file: String
  var folder: String

  func truth(_ document: COCODocument) throws(EvaluationError) -> TruthSet {
    guard !document.images.isEmpty else {
      throw .notTruth(file: file, problem: "lists no images; there is nothing to measure on")
    }
    var truth = TruthSet(file: file, categories: [], videos: [])
    let categories = try categories(document, &truth)
    let (places, frames) = try frames(document)
    var filled = frames
    var annotationIDs: Set<COCOKey> = []
    for (index, annotation) in document.annotations.enumerated() {
      let place = "annotations[\(index)]" + (annotation.id.map { " (id \($0))" } ?? "")
      if let id = annotation.id, !annotationIDs.insert(id).inserted {
        throw .value(file: file, place: place, problem: "another annotation has this id")
      }
      guard let image = places[annotation.image_id] else {
        throw .value(
          file: file, place: place,
          problem: "image_id \(annotation.image_id) is not among the images")
      }
      guard let category = categories[annotation.category_id] else {
        throw .value(
          file: file, place: place,
          problem: "category_id \(annotation.category_id) is not among the categories")
      }
      let box = try box(annotation, category, in: filled[image].frame, place)
      if annotation.isCrowd {
        filled[image].frame.regions.append(box)
      } else if min(box.width, box.height) < TruthSet.leastSide {
        truth.droppedBoxes += 1
      } else {
        filled[image].frame.boxes.append(box)
      }
      let count = filled[image].frame.boxes.count + filled[image].frame.regions.count
      if count > TruthSet.mostBoxes {
        throw .value(
          file: file, place: place,
          problem: "more than \(TruthSet.mostBoxes) boxes in \(filled[image].frame.name)")
      }
    }
    try checkPictures(frames.map(\.frame))
    truth.videos = videos(filled)
    return truth
  }

  private typealias Placed = (source: String, video: String, frame: TruthSet.Frame)

  private func categories(_ document: COCODocument, _ truth: inout TruthSet)
    throws(EvaluationError) -> [COCOKey: Int]
  {
    var categories: [COCOKey: Int] = [:]
    for (index, category) in document.categories.enumerated() {
      guard categories[category.id] == nil else {
        throw .value(
          file: file, place: "categories[\(index)]",
          problem: "another category has the id \(category.id)")
      }
      // Exporters add a class named after the whole set; classes of one name are one class.
      if let known = truth.categories.firstIndex(of: category.name) {
        categories[category.id] = known
      } else {
        categories[category.id] = truth.categories.count
        truth.categories.append(category.name)
      }
    }
    return categories
  }

  private func frames(_ document: COCODocument) throws(EvaluationError) -> (
    places: [COCOKey: Int], frames: [Placed]
  ) {
    let whole = URL(filePath: file).standardizedFileURL.deletingLastPathComponent()
    let above = whole.deletingLastPathComponent().lastPathComponent
    let ownSource =
      above.isEmpty || above == "/"
      ? whole.lastPathComponent : above + "/" + whole.lastPathComponent
    var places: [COCOKey: Int] = [:]
    var names: Set<String> = []
    var frames: [Placed] = []
    for (index, image) in document.images.enumerated() {
      let place = "images[\(index)] (id \(image.id))"
      guard places[image.id] == nil else {
        throw .value(file: file, place: place, problem: "another image has this id")
      }
      guard !image.file_name.isEmpty, names.insert(image.file_name).inserted else {
        throw .value(
          file: file, place: place,
          problem: image.file_name.isEmpty
            ? "file_name is empty" : "another image has the file_name \(image.file_name)")
      }
      for side in [image.width, image.height].compactMap({ $0 }) {
        guard side >= 1, TruthSet.isSane(side) else {
          throw .value(
            file: file, place: place, problem: "width and height are numbers of pixels from 1 up")
        }
      }
      let hasSize = image.width != nil && image.height != nil
      places[image.id] = frames.count
      frames.append(
        (
          image.source ?? ownSource, image.video ?? image.clip ?? image.file_name,
          TruthSet.Frame(
            name: image.file_name, path: folder + "/" + image.file_name,
            width: hasSize ? image.width : nil, height: hasSize ? image.height : nil,
            isPhoto: image.video == nil, isComplete: image.labels != "incomplete")
        ))
    }
    return (places, frames)
  }

  private func box(
    _ annotation: COCODocument.Annotation, _ category: Int, in frame: TruthSet.Frame,
    _ place: String
  ) throws(EvaluationError) -> TruthSet.Box {
    let values = annotation.bbox
    guard values.count == 4, values.allSatisfy(TruthSet.isSane), values[2] >= 0, values[3] >= 0
    else {
      throw .value(
        file: file, place: place,
        problem: "bbox is \(values); it should be left, top, width and height in pixels")
    }
    if let width = frame.width, let height = frame.height {
      guard values[0] < width, values[1] < height, values[0] + values[2] > 0 || values[2] == 0,
        values[1] + values[3] > 0 || values[3] == 0
      else {
        throw .value(
          file: file, place: place,
          problem: "bbox \(values) lies outside its picture of \(Int(width)) × \(Int(height))")
      }
    }
    return TruthSet.Box(
      category: category, left: values[0], top: values[1], width: values[2], height: values[3])
  }

  private func checkPictures(_ frames: [TruthSet.Frame]) throws(EvaluationError) {
    let missing = frames.filter { !FileManager.default.fileExists(atPath: $0.path) }
    if let first = missing.first {
      throw .missingImages(folder: folder, first: first.name, count: missing.count)
    }
  }

  /// Groups frames by video, videos by source and name, frames by file name.
  private func videos(_ frames: [Placed]) -> [TruthSet.Video] {
    var videos: [[String]: [TruthSet.Frame]] = [:]
    for placed in frames {
      videos[[placed.source, placed.video], default: []].append(placed.frame)
    }
    return videos.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map { key, frames in
      var frames = frames.sorted { $0.name < $1.name }
      if frames.count > 1 {
        for index in frames.indices { frames[index].isPhoto = false }
      }
      return TruthSet.Video(name: key[1], source: key[0], frames: frames)
    }
  }
}
