import ArgumentParser

struct Serve: Command {
  static let configuration = CommandConfiguration(
    abstract: "Serve until told to end.",
    discussion: """
      What is not given here comes from the environment: DJANKISERV_LISTEN_ADDRESS, DJANKISERV_LISTEN_PORT, \
      DJANKISERV_DATA_ROOT, DJANKISERV_USERDB_ENGINE and others; see `djankiserv config`.
      """)

  @Option(help: "The address to listen on.")
  var host: String?

  @Option(help: "The port to listen on; 0 lets the system choose one.")
  var port: String?

  func run(in surroundings: Surroundings) async throws {
    var overrides: [Setting: String] = [:]
    overrides[.host] = host
    overrides[.port] = port
    try await surroundings.operations.serve(try surroundings.configuration(overrides))
  }
}
