import SyncCore

/// One thing that is looked at. A new one is one more line in the list of its kind of patient.
struct Check<Patient: Sendable>: Sendable {
  /// What it is about, in a word or two, for what cannot even be looked at.
  let subject: String
  /// What is found; nothing where there is nothing to say.
  let look: @Sendable (Patient) async throws -> [Finding]

  init(_ subject: String, _ look: @escaping @Sendable (Patient) async throws -> [Finding]) {
    (self.subject, self.look) = (subject, look)
  }
}

extension Array {
  /// What all checks find, in order. One that throws has found that something fails.
  func findings<Patient>(in patient: Patient) async -> [Finding] where Element == Check<Patient> {
    var findings: [Finding] = []
    for check in self {
      do { findings += try await check.look(patient) } catch {
        findings.append(Finding(.fail, check.subject, "\(error)"))
      }
    }
    return findings
  }
}

extension [Finding] {
  /// The worst of them.
  var grade: Finding.Grade { map(\.grade).max() ?? .ok }

  /// The same about a part of something larger.
  func of(_ whole: String) -> [Finding] {
    map { Finding($0.grade, "\(whole): \($0.subject)", $0.message, advice: $0.advice) }
  }
}
