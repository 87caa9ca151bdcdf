import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// A COCO document that can be spoiled.
private struct COCOFolder {
  let folder: TemporaryFolder
  var document: [String: Any] = [
    "categories": [["id": 1, "name": "fish"], ["id": 2, "name": "jelly"]],
    "images": [
      ["id": 1, "file_name": "b.jpg", "width": 200, "height": 100, "video": "v", "source": "s"],
      ["id": 2, "file_name": "a.jpg", "width": 200, "height": 100, "video": "v", "source": "s"],
      ["id": 3, "file_name": "c.jpg", "width": 200, "height": 100, "labels": "incomplete"],
    ],
    "annotations": [
      ["id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40]],
      ["id": 2, "image_id": 1, "category_id": 2, "bbox": [10, 20, 30, 40], "iscrowd": 1],
      ["id": 3, "image_id": 3, "category_id": 1, "bbox": [10, 20, 1.9, 40]],
      ["id": 4, "image_id": 3, "category_id": 1, "bbox": [10, 20, 2, 2], "iscrowd": 0],
    ],
  ]

  init() throws {
    folder = try TemporaryFolder()
    for name in ["a", "b", "c"] { try folder.write(Data([1]), to: "reef/val/\(name).jpg") }
  }

  func read(_ text: String? = nil) throws -> TruthSet {
    let data = try text.map { Data($0.utf8) } ?? JSONSerialization.data(withJSONObject: document)
    return try TruthSet(annotations: folder.write(data, to: "reef/val/coco.json"))
  }

  mutating func change(_ list: String, _ index: Int, _ key: String, _ value: Any?) {
    var items = document[list] as? [[String: Any]] ?? []
    items[index][key] = value
    document[list] = items
  }

  /// What reading it says.
  func complaint(_ text: String? = nil) -> String {
    do {
      _ = try read(text)
      return ""
    } catch {
      return "\(error)"
    }
  }
}

@Suite struct COCOTests {
  @Test func videosSourcesAndBoxes() throws {
    let truth = try COCOFolder().read()
    #expect(truth.categories == ["fish", "jelly"])
    #expect(truth.videos.map(\.name) == ["c.jpg", "v"])
    #expect(truth.videos.map(\.source) == ["reef/val", "s"])
    #expect(truth.videos[1].frames.map(\.name) == ["a.jpg", "b.jpg"])
    let frame = truth.videos[1].frames[1]
    #expect(frame.boxes == [.init(category: 0, left: 10, top: 20, width: 30, height: 40)])
    #expect(frame.regions.map(\.category) == [1])
    #expect(frame.isComplete && !truth.videos[0].frames[0].isComplete)
    #expect((truth.droppedBoxes, truth.videos[0].frames[0].boxes.count) == (1, 1))
  }

  @Test func keysMayBeTextsAndClipsAreVideos() throws {
    var files = try COCOFolder()
    files.document = [
      "categories": [["id": "f", "name": "fish"], ["id": "g", "name": "fish"]],
      "images": [["id": "x", "file_name": "a.jpg", "clip": "tank"]],
      "annotations": [
        ["image_id": "x", "category_id": "g", "bbox": [1, 2, 3, 4], "iscrowd": false]
      ],
    ]
    let truth = try files.read()
    #expect(truth.categories == ["fish"])
    #expect(truth.videos.map(\.name) == ["tank"])
    #expect(truth.videos[0].frames[0].width == nil)
    #expect(truth.videos[0].frames[0].boxes.count == 1)
  }

  @Test(
    arguments: [
      ("images", 1, "id", 1, "images[1] (id 1): another image has this id"),
      ("images", 1, "file_name", "b.jpg", "another image has the file_name b.jpg"),
      ("images", 1, "file_name", "lost.jpg", "/lost.jpg: there is no such picture"),
      ("images", 0, "width", 0, "width and height are numbers"),
      ("annotations", 1, "id", 1, "annotations[1] (id 1): another annotation has this id"),
      ("annotations", 0, "image_id", 9, "image_id 9 is not among the images"),
      ("annotations", 0, "category_id", 9, "category_id 9 is not among the categories"),
      ("annotations", 0, "bbox", [1, 2, 3], "should be left, top, width and height"),
      ("annotations", 0, "bbox", [1, 2, -3, 4], "should be left, top, width and height"),
      ("annotations", 0, "bbox", [500, 2, 30, 40], "lies outside its picture of 200 × 100"),
      ("annotations", 0, "bbox", [1e9, 2, 30, 40], "should be left, top, width and height"),
      ("annotations", 0, "bbox", "wide", "annotations[0].bbox is of another kind"),
      ("categories", 1, "id", 1, "another category has the id 1"),
    ] as [(String, Int, String, any Sendable, String)])
  func whatCannotBeMeant(
    _ list: String, _ index: Int, _ key: String, _ value: any Sendable, _ words: String
  ) throws {
    var files = try COCOFolder()
    files.change(list, index, key, value)
    let complaint = files.complaint()
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test func whatIsNoTruthAtAll() throws {
    var files = try COCOFolder()
    #expect(files.complaint("").contains("the file is empty"))
    #expect(files.complaint("Hello").contains("is not JSON"))
    #expect(files.complaint("[]").contains("expected COCO"))
    #expect(files.complaint("{\"images\": [], \"categories\": []}").contains("no “annotations”"))
    files.document["images"] = [Any]()
    #expect(files.complaint().contains("lists no images"))
    let complaint = files.complaint(
      """
      {"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "fish"}],
       "annotations": [{"id": 7, "image_id": 1, "category_id": 1, "bbox": [NaN, 1, 2, 3]}]}
      """)
    #expect(complaint.contains("annotations[0] (id 7): bbox is [nan"), "\(complaint)")
    let folder = files.folder.path
    #expect(
      throws: EvaluationError.unreadable(file: folder, reason: "this is a folder, not a file")
    ) {
      _ = try TruthSet(annotations: folder)
    }
    #expect(throws: EvaluationError.unreadable(file: "/no/such", reason: "there is no such file")) {
      _ = try TruthSet(annotations: "/no/such")
    }
  }

  @Test func tooManyBoxesAreRefused() throws {
    var files = try COCOFolder()
    files.document["annotations"] = (0...TruthSet.mostBoxes).map {
      ["id": $0, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]] as [String: Any]
    }
    #expect(files.complaint().contains("more than 2000 boxes in b.jpg"))
  }
}

@Suite struct ClassMapTests {
  private func truth(_ categories: [String]) -> TruthSet {
    TruthSet(file: "t.json", categories: categories, videos: [])
  }

  private func map(_ table: String, _ categories: [String] = ["fish", "shark", "jelly"]) throws
    -> ClassMap
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(Data(table.utf8), to: "map.csv")
    return try ClassMap(file: file, truth(categories), labels: ["fish", "ray"])
  }

  private func complaint(_ table: String) -> String {
    do {
      _ = try map(table)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func namesDecide() throws {
    let labels = { (categories: [String], names: [String]) throws in
      try ClassMap(truth(categories), labels: names).labels
    }
    #expect(try labels(["ray", "fish", "jelly"], ["fish", "ray"]) == [1, 0, nil])
    #expect(try labels(["Fish"], ["fish", "ray"]) == [0])
    #expect(try labels(["fish", "Fish"], ["fish"]) == [0, nil])
    #expect(try labels(["tang", "jack"], ["fish"]) == [0, 0])
    #expect(throws: EvaluationError.self) { _ = try labels(["tang", "jack"], ["fish", "ray"]) }
    #expect(throws: EvaluationError.self) { _ = try labels([], ["fish"]) }
    #expect(try ClassMap(truth(["tang"]), labels: ["fish"]).notes.count == 1)
  }

  @Test func aTableDecides() throws {
    #expect(try map("truth,label\r\nfish,fish\r\nshark,fish\r\n").labels == [0, 0, nil])
    #expect(try map("\u{FEFF}label;truth\nray;shark\n;fish\n\n").labels == [nil, 1, nil])
    let far = try map("truth,label\nfish,fish\nwhale,ray\n")
    #expect(far.labels == [0, nil, nil])
    #expect(far.notes.first?.contains("whale") == true)
  }

  @Test(arguments: [
    ("fish,fish\n", "columns truth,label"), ("truth,label\nfish,tuna\n", "row 2: the model has no"),
    ("truth,label\nfish\n", "row 2: expected a class"),
    ("truth,label\nfish,fish\nfish,ray\n", "row 3: the class “fish” stands there twice"),
    ("truth,label\nshark, whale,fish\n", "row 2 has more columns"),
    ("truth,label,truth\nfish,fish,shark\n", "names truth or label twice"),
    ("truth,label\nwhale,fish\n", "none of its classes"),
    ("truth,label\n\"fish,fish\n", "never closed"),
    ("", "empty"),
  ])
  func whatIsNoTable(_ table: String, _ words: String) {
    #expect(complaint(table).contains(words), "\(complaint(table))")
  }
}
