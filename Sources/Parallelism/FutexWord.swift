import CMachine
import Synchronization

/// A counter on which threads can sleep until it changes.
struct FutexWord: @unchecked Sendable {
    // @unchecked: the word is only touched by atomic operations and by the system.

    private let address: UnsafeMutablePointer<UInt32>
    private let word: UnsafePointer<Atomic<UInt32>>

    /// Makes a counter that lives as long as the process, in a cache line of its own.
    init() {
        address = .allocate(capacity: 16)
        address.initialize(repeating: 0, count: 16)
        word = UnsafePointer(
            UnsafeRawPointer(address).assumingMemoryBound(to: Atomic<UInt32>.self))
    }

    /// The count, and all that was written before it was advanced to that.
    var value: UInt32 { word.pointee.load(ordering: .acquiring) }

    /// Adds one.
    func advance() { word.pointee.add(1, ordering: .sequentiallyConsistent) }

    /// Wakes threads that sleep on the counter.
    ///
    /// - Parameter count: The most threads to wake.
    func wake(_ count: Int) { cm_futex_wake(address, Int32(clamping: count)) }

    /// Sleeps until the counter changes; may return earlier.
    ///
    /// - Parameter seen: The count that was seen; with another one, nobody sleeps.
    func wait(while seen: UInt32) { cm_futex_wait(address, seen) }
}
