import CMachine
import Foundation

/// How many threads this process may use, from its affinity mask and its control group's quota.
public enum ThreadCount {
    /// Processors allowed by the affinity mask, lowered to the quota of the control group.
    public static let available: Int = {
        let allowed = Int(cm_affinity_count())
        guard let quota = controlGroupQuota() else { return allowed }
        return max(1, min(allowed, Int(quota.rounded(.up))))
    }()

    /// Processors' worth of time that the control group grants, or nil without a limit.
    ///
    /// Version 2 keeps `quota period` in `cpu.max`, version 1 two files with microseconds.
    private static func controlGroupQuota() -> Double? {
        if let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) {
            let parts = text.split(whereSeparator: \.isWhitespace)
            return ratio(parts.first.map(String.init), parts.dropFirst().first.map(String.init))
        }
        let folder = "/sys/fs/cgroup/cpu/"
        let quota = try? String(contentsOfFile: folder + "cpu.cfs_quota_us", encoding: .utf8)
        let period = try? String(contentsOfFile: folder + "cpu.cfs_period_us", encoding: .utf8)
        return ratio(quota, period)
    }

    private static func ratio(_ quota: String?, _ period: String?) -> Double? {
        let numbers = [quota, period].map { text in
            text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        guard let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
            return nil
        }
        return quota / period
    }
}
