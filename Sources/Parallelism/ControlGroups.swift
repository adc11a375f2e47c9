import Foundation

/// The control groups of a process, and what they grant it.
///
/// A service of systemd, a batch job and a container each sit in a group of their own; the
/// narrowest limit from there up to the root holds.
public struct ControlGroups {
    /// Lines `number:controllers:path`, as in `/proc/self/cgroup`.
    let membership: String
    /// Where the hierarchies are mounted.
    let root: String

    /// Those of this process.
    public static var current: ControlGroups {
        let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
        return ControlGroups(membership: text ?? "", root: "/sys/fs/cgroup")
    }

    /// Processors' worth of time that the groups grant, or nil without a limit.
    public var quota: Double? { folders("cpu").compactMap(Self.quota).min() }

    /// Bytes of memory that the groups grant, or nil without a limit.
    public var memory: Double? {
        folders("memory").flatMap {
            Self.numbers("memory.max", in: $0) + Self.numbers("memory.limit_in_bytes", in: $0)
        }.compactMap(\.self).min()
    }

    private func folders(_ controller: String) -> [String] {
        membership.split(separator: "\n").flatMap { folders(controller, line: $0) }
            + Self.upwards("/", below: root) + Self.upwards("/", below: "\(root)/\(controller)")
    }

    /// The folders of a line of `membership`, if it concerns a controller.
    ///
    /// Version 2 has a line without controllers and one hierarchy, which may be mounted beside
    /// those of version 1; version 1 has a hierarchy named after its controllers.
    private func folders(_ controller: String, line: Substring) -> [String] {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let (controllers, path) = (parts[1], String(parts[2]))
        if controllers.isEmpty {
            return Self.upwards(path, below: root)
                + Self.upwards(path, below: root + "/unified")
        }
        guard controllers.split(separator: ",").contains(controller[...]) else { return [] }
        return Self.upwards(path, below: "\(root)/\(controllers)")
            + Self.upwards(path, below: "\(root)/\(controller)")
    }

    /// The folder of a group and of all groups above it.
    ///
    /// A container sees its own group as the root, though its path may be that of the host: folders
    /// that do not exist have no quota.
    private static func upwards(_ path: String, below root: String) -> [String] {
        var parts = path.split(separator: "/")[...]
        var folders = [([root[...]] + parts).joined(separator: "/")]
        while parts.popLast() != nil {
            folders.append(([root[...]] + parts).joined(separator: "/"))
        }
        return folders
    }

    /// Version 2 keeps `quota period` in `cpu.max`, version 1 two files with microseconds.
    private static func quota(_ folder: String) -> Double? {
        let found = [
            numbers("cpu.max", in: folder),
            numbers("cpu.cfs_quota_us", in: folder) + numbers("cpu.cfs_period_us", in: folder),
        ]
        for case let pair in found where pair.count == 2 {
            if let quota = pair[0], let period = pair[1], quota > 0, period > 0 {
                return quota / period
            }
        }
        return nil
    }

    /// The words of a file of a group; nil for what is no number, nothing for a missing file.
    private static func numbers(_ name: String, in folder: String) -> [Double?] {
        let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).map { Double($0) } ?? []
    }
}
