import Foundation
import Synchronization

/// Whether the user pressed Ctrl-C; a trainer asks between steps.
public enum Interruption {
    private static let flag = Atomic<Bool>(false)

    /// Whether an interrupt came.
    public static var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Takes interrupts and termination requests from now on; a second one ends the process.
    public static func watch() {
        // A parent may have left them blocked; children inherit that.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGINT)
        sigaddset(&mask, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { received in
                Interruption.flag.store(true, ordering: .relaxed)
                signal(received, SIG_DFL)
            }
        }
    }
}
