import Foundation
import TestSupport
import Testing

@testable import Parallelism

/// Quotas in folders that look like `/sys/fs/cgroup`.
@Suite struct ControlGroupsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to path: String) throws {
        let file = URL(fileURLWithPath: folder.path(path))
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((text + "\n").utf8).write(to: file)
    }

    private func quota(_ membership: String) -> Double? {
        ControlGroups(membership: membership + "\n", root: folder.path("")).quota
    }

    @Test func theNarrowestQuotaOnTheWayToTheRootHolds() throws {
        try write("max 100000", to: "system.slice/job.service/cpu.max")
        try write("150000 100000", to: "system.slice/cpu.max")
        try write("400000 100000", to: "cpu.max")
        #expect(quota("0::/system.slice/job.service") == 1.5)
        #expect(quota("0::/user.slice") == 4)
    }

    @Test(arguments: ["cpu", "cpu,cpuacct"])
    func theFirstVersionHasAHierarchyOfItsOwn(controllers: String) throws {
        try write("-1", to: "\(controllers)/cpu.cfs_quota_us")
        try write("100000", to: "\(controllers)/cpu.cfs_period_us")
        try write("50000", to: "\(controllers)/batch/job/cpu.cfs_quota_us")
        try write("100000", to: "\(controllers)/batch/job/cpu.cfs_period_us")
        let lines = "9:cpuset:/\n1:\(controllers):/batch/job\n0::/"
        #expect(quota(lines) == 0.5)
        #expect(quota("1:\(controllers):/batch") == nil)
    }

    @Test func aContainerSeesItsGroupAsTheRoot() throws {
        try write("200000 100000", to: "cpu.max")
        #expect(quota("0::/docker/0123abcd") == 2)
        #expect(quota("0::/../..") == 2)
    }

    @Test(arguments: [
        "", "max", "max 100000", "100000", "x y", "0 100000", "100000 0", "-5 100000",
    ])
    func whatIsNoQuotaLimitsNothing(text: String) throws {
        try write(text, to: "cpu.max")
        #expect(quota("0::/") == nil)
        #expect(quota("") == nil)
    }

    @Test func theNarrowestMemoryHolds() throws {
        try write("max", to: "a/b/memory.max")
        try write("5000", to: "a/memory.max")
        try write("9223372036854771712", to: "memory/memory.limit_in_bytes")
        try write("3000", to: "memory/c/memory.limit_in_bytes")
        let membership = "4:memory:/c\n0::/a/b\n"
        #expect(ControlGroups(membership: membership, root: folder.path("")).memory == 3000)
        #expect(ControlGroups(membership: "0::/a/b", root: folder.path("")).memory == 5000)
    }

    @Test func groupsThatAreNotMountedLimitNothing() {
        #expect(quota("4:cpu:/a:b/c\nnonsense\n::") == nil)
    }
}
