import Foundation
import JSONText
import Testing

private struct DataSettings: Configuration {
    var root = "data"
    var sizes = [640, 640]
    func validate() throws {}
}

private struct Training: Configuration {
    var epochs = 10
    var rate = 0.01
    func validate() throws {}
}

private struct Whole: Configuration {
    var data = DataSettings()
    var train = Training()
    func validate() throws {}
}

/// A folder of configuration files that lives as long as the test.
private final class Folder {
    let path: String

    init(_ files: [String: String]) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        path = url.path
        for (name, text) in files {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func load(_ name: String, _ overrides: [String] = []) throws -> ConfigurationTree {
        try ConfigurationTree.load(path: path + "/" + name, overrides: overrides)
    }

    /// The error of loading and decoding, with the folder's path taken out.
    func refusal(_ name: String, _ overrides: [String] = []) -> String {
        do {
            _ = try load(name, overrides).decode(Whole.self, defaults: Whole())
            return "accepted"
        } catch {
            return "\(error)".replacingOccurrences(of: path + "/", with: "")
        }
    }
}

@Test func basesMergeInOrderAndTheFileWins() throws {
    let folder = try Folder([
        "a.json": #"{"data": {"root": "a", "sizes": [1, 1]}, "train": {"epochs": 1, "rate": 1}}"#,
        "b/b.json": #"{"_base_": "../a.json", "train": {"epochs": 2, "rate": 2}}"#,
        "c.json":
            #"{"_base_": ["a.json", "b/b.json"], "data": {"sizes": [3]}, "train": {"rate": 3}}"#,
    ])
    let whole = try folder.load("c.json").decode(Whole.self, defaults: Whole())
    #expect(whole.data.root == "a")
    #expect(whole.data.sizes == [3])
    #expect(whole.train.epochs == 2)
    #expect(whole.train.rate == 3)
}

@Test func aBaseThatManyFilesNameIsMergedOnce() throws {
    var files = ["0.json": #"{"train": {"epochs": 7}}"#]
    for level in 1...40 {
        files["\(level).json"] = #"{"_base_": ["\#(level - 1).json", "\#(level - 1).json"]}"#
    }
    let whole = try Folder(files).load("40.json").decode(Whole.self, defaults: Whole())
    #expect(whole.train.epochs == 7)
}

@Test func replaceDropsWhatLiesBelow() throws {
    let folder = try Folder([
        "a.json": #"{"data": {"root": "a"}, "train": {"epochs": 1}}"#,
        "b.json": #"{"_base_": "a.json", "train": {"_replace_": true, "rate": 3}}"#,
    ])
    let tree = try folder.load("b.json")
    #expect(tree.value == ["data": ["root": "a"], "train": ["rate": 3]])
}

@Test func overridesAreJSONOrText() throws {
    let folder = try Folder(["a.json": "{}"])
    let tree = try folder.load(
        "a.json",
        ["train.epochs=3", "data.root=/some/where=x", "data.sizes=[1,2]", "data.sizes[1]=7"])
    #expect(
        tree.value == [
            "train": ["epochs": 3], "data": ["root": "/some/where=x", "sizes": [1, 7]],
        ])
}

@Test func everySettingHasItsOrigin() throws {
    let folder = try Folder([
        "a.json": "{\n\"train\": {\"epochs\": 1}}",
        "b.json": "{\"_base_\": \"a.json\",\n\n \"data\": {\"root\": \"b\"}}",
    ])
    let tree = try folder.load("b.json", ["train.rate=0.5"])
    let settings = try tree.settings(of: tree.decode(Whole.self, defaults: Whole()))
    let lines = settings.map { setting in
        let origin = setting.origin.replacingOccurrences(of: folder.path + "/", with: "")
        return "\(setting.path) = \(setting.value.text()) # \(origin)"
    }
    #expect(
        lines == [
            "data.root = \"b\" # b.json:3", "data.sizes = [640, 640] # default",
            "train.epochs = 1 # a.json:2", "train.rate = 0.5 # --set train.rate=0.5",
        ])
}

@Test(
    arguments: [
        (
            ["data.rooot=x"],
            """
            error: unknown key "rooot"
              in --set data.rooot=x, data.rooot
              fix: use "root"; known keys: root, sizes
            """
        ),
        (
            ["train.epochs=many"],
            """
            error: expected an integer, found the text "many"
              in --set train.epochs=many, train.epochs
              fix: write an integer; the default is 10
            """
        ),
        (
            ["train"],
            """
            error: "train" is no setting
              in --set train
              fix: write --set path=value, as in --set training.epochs=3
            """
        ),
        (
            ["train.epochs.x=1"],
            """
            error: "train.epochs.x" leads nowhere: train.epochs is a number
              in --set train.epochs.x=1
              fix: set train.epochs to an object, or another path
            """
        ),
        (
            ["data.sizes=[1]", "data.sizes[1]=1"],
            """
            error: "data.sizes[1]" leads nowhere: data.sizes is a list of 1
              in --set data.sizes[1]=1
              fix: set the whole of data.sizes, or an index that it has
            """
        ),
    ] as [([String], String)])
func wrongOverrideIsRefused(overrides: [String], error: String) throws {
    let folder = try Folder(["a.json": "{\"train\": {\"epochs\": 1}}"])
    #expect(folder.refusal("a.json", overrides) == error)
}

@Test(
    arguments: [
        (
            ["c.json": "{\"_base_\": [\"a.json\"]}", "a.json": "{\n\"train\": {\"epoch\": 1}}"],
            """
            error: unknown key "epoch"
              in a.json:2:11, train.epoch
              fix: use "epochs"; known keys: epochs, rate
            """
        ),
        (
            ["c.json": "{\"_base_\": \"a.json\"}", "a.json": "{\"_base_\": \"c.json\"}"],
            """
            error: files name each other as "_base_" in a circle: c.json -> a.json -> c.json
              in a.json:1:12, _base_
              fix: remove one of them from "_base_"
            """
        ),
        (
            ["c.json": "{\"_base_\": \"none.json\"}"],
            """
            error: cannot read the file: No such file or directory
              in none.json
              fix: check the path; the file does not exist
            """
        ),
        (
            ["c.json": "{\"_base_\": [1]}"],
            """
            error: expected a file name, found a number
              in c.json:1:13, _base_
              fix: write a file name, or a list of file names
            """
        ),
        (
            ["c.json": "{\"data\": {\"_replace_\": 1}}"],
            """
            error: expected true or false, found a number
              in c.json:1:24, _replace_
              fix: write true, or remove the key
            """
        ),
        (
            ["c.json": "[]"],
            """
            error: expected an object, found a list
              in c.json:1:1
              fix: put the settings into {...}
            """
        ),
    ] as [([String: String], String)])
func wrongFilesAreRefused(files: [String: String], error: String) throws {
    #expect(try Folder(files).refusal("c.json") == error)
}
