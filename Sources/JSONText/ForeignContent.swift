/// What a file that is no JSON text looks like by its first bytes.
struct ForeignContent {
    /// The look, as in `a web page`.
    let look: String
    /// What to do about it.
    let fix: String
}

extension JSONSource {
    /// What the file is instead of JSON text; `nil` when its first bytes tell nothing.
    var foreignContent: ForeignContent? {
        let head = bytes(0, min(count, 64))
        if head.starts(with: [0x1F, 0x8B]) {
            return ForeignContent(look: "a gzip archive", fix: "unpack it with `gunzip`")
        }
        if head.starts(with: "PK".utf8) {
            return ForeignContent(look: "a zip archive", fix: "unpack it and name the file in it")
        }
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
            || head.count > 1 && (head[0] == 0) != (head[1] == 0)
        {
            return ForeignContent(look: "UTF-16 text", fix: "save the file as UTF-8")
        }
        if head.starts(with: "version https://git-lfs".utf8) {
            return ForeignContent(
                look: "a pointer of Git LFS", fix: "fetch the file itself with `git lfs pull`")
        }
        if head.drop(while: { $0 <= 0x20 }).first == UInt8(ascii: "<") {
            return ForeignContent(
                look: "a web page or XML",
                fix: "download the file again, or convert it to COCO JSON")
        }
        return nil
    }
}
