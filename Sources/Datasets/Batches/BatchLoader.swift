/// Makes the batches of a run ahead of their steps, in order.
///
/// The batches are the same for any number of threads. Loader threads work alone and leave the
/// pool of the training threads in peace.
public final class BatchLoader: Sendable {
    /// Makes the batches.
    public let source: BatchSource
    private let prefetcher: OrderedPrefetcher<Batch, DatasetError>

    /// Starts loading.
    ///
    /// - Parameters:
    ///   - source: Makes the batches.
    ///   - steps: The steps of the run that are to come.
    ///   - workers: Threads that work ahead; 0 makes each batch when it is asked for.
    public init(_ source: BatchSource, steps: Range<Int>, workers: Int) {
        self.source = source
        prefetcher = OrderedPrefetcher(steps, threadCount: workers, depth: 2 * workers) {
            step throws(DatasetError) in try source.batch(at: step)
        }
    }

    /// Seconds that steps waited for their batches so far.
    public var waitedSeconds: Double { prefetcher.waitedSeconds }

    /// The batch of the next step, or nil after the last one.
    ///
    /// - Returns: The batch.
    /// - Throws: `DatasetError` of making it.
    public func next() throws(DatasetError) -> Batch? { try prefetcher.next() }

    /// Ends the threads; `next` gives nil from then on.
    public func stop() { prefetcher.stop() }
}
