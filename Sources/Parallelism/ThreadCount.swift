import CMachine

/// How many threads this process may use, from its affinity mask and its control groups' quotas.
public enum ThreadCount {
    /// Processors allowed by the affinity mask, lowered to the quota of the control groups.
    public static let available: Int = {
        let allowed = Int(cm_affinity_count())
        guard let quota = ControlGroups.current.quota else { return allowed }
        return max(1, min(allowed, Int(quota.rounded(.up))))
    }()
}
