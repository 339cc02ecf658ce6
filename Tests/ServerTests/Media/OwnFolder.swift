import Foundation
import Testing

/// Gives each test a folder that goes with it, also where it fails: nothing waits for what the test holds to be freed.
struct OwnFolder: SuiteTrait, TestTrait, TestScoping {
  @TaskLocal static var path = NSTemporaryDirectory() + "djankiserv-media"

  let isRecursive = true

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let path = NSTemporaryDirectory() + "djankiserv-media-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await Self.$path.withValue(path) { try await function() }
  }
}

extension Trait where Self == OwnFolder {
  /// Each test has a folder of its own.
  static var ownFolder: OwnFolder { OwnFolder() }
}
