import Testing

@testable import JSONText

@Test(arguments: [
    ("embedDims", "embed_dims"), ("n_win", "n_win"), ("useURLCache", "use_url_cache"),
    ("meanIOU", "mean_iou"), ("URLPath", "url_path"), ("stage1Channels", "stage1_channels"),
    ("depth", "depth"), ("_base_", "_base_"),
])
func propertyHasOneKey(property: String, key: String) {
    #expect(KeyNames.snakeCase(property) == key)
}

@Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("rooot", "root", 1), ("embed_dim", "embed_dims", 1),
    ("recieve", "receive", 1), ("kitten", "sitting", 3), ("abc", "xyz", 3),
])
func distanceCountsEdits(left: String, right: String, edits: Int) {
    #expect(KeyNames.distance(left, right) == edits)
    #expect(KeyNames.distance(right, left) == edits)
}

@Test func farNamesAreNotOffered() {
    #expect(KeyNames.nearest(to: "optimizer", among: ["data", "train"]) == nil)
    #expect(KeyNames.nearest(to: "trian", among: ["data", "train"]) == "train")
}
