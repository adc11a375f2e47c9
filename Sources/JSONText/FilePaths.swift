#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Paths of configuration files that name each other.
enum FilePaths {
    /// A path as a file means it: relative to the folder of that file.
    static func resolve(_ name: String, relativeTo file: String) -> String {
        guard !name.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return name }
        return String(file[...slash]) + name
    }

    /// The one path of a file, without links and dots; the path itself if there is no such file.
    static func canonical(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
