import Foundation

/// A file that appears as a whole or not at all.
public enum AtomicFile {
    /// Why a file could not be written.
    public struct Failure: Error, Equatable {
        /// What went wrong.
        public let what: String
        /// What the user can do.
        public let fix: String
    }

    /// Writes bytes under a temporary name beside the goal, syncs and renames.
    ///
    /// - Parameters:
    ///   - path: The goal; a file that is there is replaced.
    ///   - chunks: The content, piece by piece.
    /// - Throws: `Failure` with the system's reason; the temporary file is removed.
    public static func write(to path: String, chunks: [Data]) throws(Failure) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot be created") }
        do throws(Failure) {
            for chunk in chunks { try writeAll(chunk, to: descriptor) }
            guard fsync(descriptor) == 0 else { throw failure("cannot be synced to the disk") }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        close(descriptor)
        guard rename(temporary, path) == 0 else {
            let reason = failure("cannot be put in its place")
            unlink(temporary)
            throw reason
        }
        syncFolder(of: path)
    }

    private static func writeAll(_ chunk: Data, to descriptor: Int32) throws(Failure) {
        var done = 0
        while done < chunk.count {
            let count = chunk.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    Foundation.write(descriptor, $0 + done, bytes.count - done)
                }
                    ?? 0
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw failure("cannot be written after \(done) bytes")
            }
        }
    }

    /// The rename itself survives a power cut only once the folder is synced.
    private static func syncFolder(of path: String) {
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ event: String) -> Failure {
        let reason = String(cString: strerror(errno))
        return Failure(
            what: "the file \(event): \(reason)",
            fix: "check that the folder exists and can be written, and that the disk has room")
    }
}
