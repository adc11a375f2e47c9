import Foundation
import Parallelism

/// How much memory the process may have.
public enum MemoryLimit {
    /// Bytes of the machine, or fewer where the control group or the shell sets a limit.
    public static var bytes: Double {
        var space = rlimit()
        let hasLimit =
            getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0
            && space.rlim_cur != rlim_t.max
        let groups = ControlGroups.current.memory.map { [$0] } ?? []
        let machine = Double(ProcessInfo.processInfo.physicalMemory)
        return ([machine] + groups + (hasLimit ? [Double(space.rlim_cur)] : [])).min() ?? machine
    }
}
