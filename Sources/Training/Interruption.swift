import Foundation
import Synchronization

/// What Ctrl-C, termination requests and a lost terminal do to a training.
public enum Interruption {
    private static let flag = Atomic<Bool>(false)
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
    /// The disposition of signals that `nohup` and the like want to be ignored.
    private static let ignored = 1
    private static let exitCode: Int32 = 130

    /// Whether an interrupt came; a trainer asks between steps.
    public static var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Lets interrupts end the process at once, with code 130, as long as nothing is written.
    public static func exitAtOnce() {
        unblock()
        take { _ in
            let line: StaticString = "interrupted before the first step; nothing was written\n"
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
            _exit(Interruption.exitCode)
        }
    }

    /// Takes interrupts from now on by setting `isRequested`; a second one ends the process.
    public static func watch() {
        unblock()
        take { received in
            Interruption.flag.store(true, ordering: .relaxed)
            signal(received, SIG_DFL)
        }
    }

    /// Installs a handler; a hang-up that the parent had ignored stays ignored.
    private static func take(_ handler: @escaping @convention(c) (Int32) -> Void) {
        for number in numbers {
            let earlier = unsafeBitCast(signal(number, handler), to: Int.self)
            if number == SIGHUP, earlier == ignored { signal(number, SIG_IGN) }
        }
    }

    /// A parent may have left them blocked; children inherit that.
    private static func unblock() {
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in numbers { sigaddset(&mask, number) }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }
}
