import Foundation

/// How many files and connections the process may have open.
enum OpenFiles {
  /// Asks for as many as the system lets this process have. Services often start with 1,024.
  static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }

  static var limit: Int { Int(clamping: limits.rlim_cur) }

  /// What ``raiseLimit()`` would reach.
  static var largestLimit: Int { Int(clamping: limits.rlim_max) }

  private static var limits: rlimit {
    var limit = rlimit()
    return getrlimit(resource, &limit) == 0 ? limit : rlimit(rlim_cur: 1_024, rlim_max: 1_024)
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif
}
