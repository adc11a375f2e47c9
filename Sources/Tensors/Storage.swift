import CMachine
import Synchronization

/// A block of floats, aligned to 64 bytes, that returns to the cache when nobody needs it.
public final class Storage: @unchecked Sendable {
    // @unchecked: written only while a single owner holds it; the tape and the parameters keep
    // that rule (see `ParameterUpdate`).

    /// The first element.
    public let pointer: UnsafeMutablePointer<Float>
    /// Number of elements that were asked for.
    public let count: Int
    private let capacity: Int

    /// Takes a block from the cache, its contents undefined.
    ///
    /// - Parameter count: Number of elements.
    public init(count: Int) {
        self.count = count
        (pointer, capacity) = StorageCache.shared.take(count)
    }

    deinit { StorageCache.shared.give(pointer, capacity) }
}

/// Blocks that were used before, by size class, and the counters that logs and benchmarks print.
public final class StorageCache: Sendable {
    /// The cache of this process.
    public static let shared = StorageCache()

    /// An unused block; nobody else knows its address.
    private struct Block: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Float>
    }

    private struct State: ~Copyable {
        var free: [Int: [Block]] = [:]
        var liveBytes = 0
        var peakBytes = 0
    }

    private let state = Mutex(State())
    private static let largeCount = 1 << 18

    /// The most bytes in use at once since the start.
    public var peakBytes: Int { state.withLock { $0.peakBytes } }

    /// Gives all unused blocks back to the system.
    public func releaseUnused() {
        state.withLock { state in
            for blocks in state.free.values { blocks.forEach { $0.pointer.deallocate() } }
            state.free = [:]
        }
    }

    /// Size classes are an eighth of a power of two apart, so that at most 12 % is wasted.
    private static func capacity(for count: Int) -> Int {
        let count = max(count, 64)
        let step = max(16, 1 << max(0, Int.bitWidth - 1 - count.leadingZeroBitCount - 3))
        // 16 floats more, so that kernels may read a whole vector past the last element.
        return (count + step - 1) / step * step + 16
    }

    fileprivate func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
        let capacity = Self.capacity(for: count)
        let bytes = capacity * MemoryLayout<Float>.stride
        let cached: (block: Block, capacity: Int)? = state.withLock { state in
            let cached = Self.popBlock(capacity, from: &state.free)
            state.liveBytes += (cached?.capacity ?? capacity) * MemoryLayout<Float>.stride
            state.peakBytes = max(state.peakBytes, state.liveBytes)
            return cached
        }
        if let cached { return (cached.block.pointer, cached.capacity) }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        let pointer = raw.bindMemory(to: Float.self, capacity: capacity)
        // Large blocks stay untouched, so that a network of which only names and shapes are wanted
        // takes no memory: the system gives pages to what is written.
        if capacity < Self.largeCount {
            pointer.initialize(repeating: 0, count: capacity)
        } else {
            cm_prefer_large_pages(raw, bytes)
        }
        return (pointer, capacity)
    }

    /// An unused block of this capacity, or of one of the next size classes up to its double.
    ///
    /// Larger ones serve where inputs change their size from step to step: otherwise each size
    /// would keep blocks of its own, and memory would grow to the sum of all sizes.
    private static func popBlock(
        _ capacity: Int, from free: inout [Int: [Block]]
    ) -> (block: Block, capacity: Int)? {
        var candidate = capacity
        while candidate <= 2 * capacity {
            if let block = free[candidate]?.popLast() { return (block, candidate) }
            candidate = Self.capacity(for: candidate - 15)
        }
        return nil
    }

    fileprivate func give(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
        let bytes = capacity * MemoryLayout<Float>.stride
        let block = Block(pointer: pointer)
        state.withLock { state in
            state.liveBytes -= bytes
            state.free[capacity, default: []].append(block)
        }
    }
}
