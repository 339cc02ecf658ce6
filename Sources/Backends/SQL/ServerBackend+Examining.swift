public import SyncCore

extension ServerBackend: Examinable {
  public func examine(now wall: @escaping @Sendable () -> Int64) async throws -> [Finding] {
    try await run { [self] connection, _ in
      let facts = try facts(connection)
      let (latency, skew) = try measure(connection, wall)
      return server.findings(facts) + [pace(latency), clock(skew), room(facts)]
    }
  }

  public func examine(_ schema: Schema, wholly: Bool) async throws -> [Finding] {
    try await run { [self] connection, _ in
      do {
        let version = try version(of: schema, connection)
        let age = migrations.finding(schema, version: version)
        return try (age.map { [$0] } ?? []) + oddities(schema, connection)
      } catch let error as StorageError where error.code == .notFound { return [] }
    }
  }

  // MARK: The server

  private func facts(_ connection: Server.Connection) throws -> ServerFacts {
    var facts: [String: String] = [:]
    try connection.query(server.questions.facts, Server.Connection.Values()) { answer in
      var (name, value) = (Text(), Text())
      try answer.text("name", &name)
      try answer.text("value", &value)
      facts[name.string.lowercased()] = value.string
    }
    return ServerFacts(facts)
  }

  /// The shortest of a few round trips, and how far the server's clock was ahead of ours in it, in milliseconds.
  private func measure(
    _ connection: Server.Connection, _ wall: @Sendable () -> Int64
  ) throws -> (latency: Duration, skew: Int64) {
    var best = (latency: Duration.seconds(3600), skew: Int64(0))
    for _ in 0..<5 {
      let (began, ours) = (now(), wall())
      let theirs = try facts(connection).number("clock") ?? 0
      let latency = began.duration(to: now())
      if latency < best.latency { best = (latency, Int64(theirs) &- ours) }
    }
    return best
  }

  private func pace(_ latency: Duration) -> Finding {
    let text = "\((latency / .milliseconds(1) * 10).rounded() / 10) ms to the database and back"
    guard latency > .milliseconds(20) else { return .ok("round trip", text) }
    return Finding(
      .warn, "round trip", text + ", and every request waits for several",
      advice: "run djankiserv and its database in one place")
  }

  private func clock(_ skew: Int64) -> Finding {
    guard skew.magnitude > 5_000 else { return .ok("clock", "the database's agrees with ours") }
    let side = skew > 0 ? "ahead of" : "behind"
    return Finding(
      .warn, "clock", "the database's is \(skew.magnitude / 1000) s \(side) ours", advice: "run NTP on both machines")
  }

  private func room(_ facts: ServerFacts) -> Finding {
    guard let most = facts.number("connections") else { return .ok("connections", "\(threads), as far as we know") }
    guard most < threads else { return .ok("connections", "\(threads) of the \(most) that we may have") }
    return Finding(
      .warn, "connections", "the pool may have \(threads), and the database gives us \(most)",
      advice: "lower DJANKISERV_POOL_SIZE, or raise max_connections of the database")
  }

  // MARK: A schema

  private func oddities(_ schema: Schema, _ connection: Server.Connection) throws -> [Finding] {
    var (values, name, odd) = (Server.Connection.Values(), Text(dialect.name(schema)), [String]())
    try values.text("schema", &name)
    try connection.query(server.questions.oddTables, values) { answer in
      var table = Text()
      try answer.text("table", &table)
      odd.append(table.string)
    }
    guard !odd.isEmpty else { return [] }
    let oddity = server.questions.oddity
    return [
      Finding(
        .fail, "\(schema)", "\(oddity.message): \(odd.sorted().joined(separator: ", "))", advice: oddity.advice)
    ]
  }
}

extension Migrations {
  /// What a schema's version means to this server; nil where there is nothing to say.
  public func finding(_ schema: Schema, version: Int64) -> Finding? {
    let newest = newest(schema.kind)
    if version == newest { return nil }
    if version > newest {
      return Finding(
        .fail, "\(schema)", "a newer server has written it: version \(version), known are \(newest)",
        advice: "start that server again, or a newer one")
    }
    return .ok("\(schema)", "version \(version) of \(newest); it is brought up to date when it is used")
  }
}
