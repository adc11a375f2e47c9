import CMachine
import Foundation
import KernelInterface
import Kernels
import KernelsV4
import Parallelism

/// The kernels in use: the widest instruction set of this CPU, or the one that the environment
/// variable `CVSUITE_KERNELS` names.
public let kernels: KernelTable = KernelChoice.table

/// Chooses the copy of the kernels, once.
public enum KernelChoice {
    /// Why no kernels can be used on this machine, or nil when all is well; asked at the start.
    public static let problem: String? = {
        guard cm_supports_v3() else {
            return "this CPU lacks AVX2 and FMA (x86-64-v3), which cvsuite needs"
        }
        switch forced {
        case nil, "v3": return nil
        case "v4":
            return cm_supports_v4()
                ? nil : "CVSUITE_KERNELS=v4 asks for AVX-512 (x86-64-v4), which this CPU lacks"
        case .some(let other):
            return "CVSUITE_KERNELS is \"\(other)\"; it can be v3 or v4"
        }
    }()

    /// What the environment asks for; nil where the variable is empty, as where it is not set.
    private static var forced: String? {
        let value = ProcessInfo.processInfo.environment["CVSUITE_KERNELS"]
        return value == "" ? nil : value
    }

    /// Every table that this CPU can run, for tests.
    public static let runnable: [KernelTable] =
        cm_supports_v4()
        ? [Kernels.kernelTable(), KernelsV4.kernelTable()]
        : cm_supports_v3() ? [Kernels.kernelTable()] : []

    /// The instruction set in use, as reports name it.
    public static var name: String {
        switch kernels.instructionSet {
        case .v3: "v3"
        case .v4: "v4"
        }
    }

    fileprivate static let table: KernelTable = {
        let wide = forced == "v4" || (forced == nil && cm_supports_v4())
        return wide ? KernelsV4.kernelTable() : Kernels.kernelTable()
    }()
}

/// Cuts a run of elements into blocks for the threads; a short run stays on one thread.
///
/// - Parameters:
///   - count: Number of elements.
///   - block: Elements a block; the default keeps a block's operands in the first-level cache.
///   - body: The work of one block.
public func forEachBlock(_ count: Int, block: Int = 8192, _ body: (Range<Int>) -> Void) {
    if count <= 2 * block {
        if count > 0 { body(0..<count) }
        return
    }
    parallelBlocks(count, block: block, body)
}
