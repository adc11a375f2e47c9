#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension COCOImage {
    /// The image's file in a folder.
    ///
    /// A backslash is tried as a separator when the name as it stands is not there.
    ///
    /// - Parameter folder: the images folder.
    /// - Returns: the path, or `nil` if there is no such file.
    public func path(in folder: String) -> String? {
        let names = [fileName, String(fileName.map { $0 == "\\" ? "/" : $0 })]
        return names.map { folder + "/" + $0 }.first { path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }
}
