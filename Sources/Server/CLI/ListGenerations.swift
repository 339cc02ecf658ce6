import ArgumentParser
import Foundation
import SyncCore

struct ListGenerations: Command {
  static let configuration = CommandConfiguration(
    commandName: "generations",
    abstract: "List the states of a user's collection that can be had back.",
    discussion: databaseDiscussion)

  @Argument(help: "The user's name.")
  var user: String

  @Flag(help: "Write JSON; times in milliseconds since 1970, sizes in bytes.")
  var json = false

  private struct Line: Encodable {
    let number: Int64
    let state: String
    let created: Int64
    let replaced: Int64?
    let origin: String
    let notes: Int64
    let cards: Int64
    let reviews: Int64
    let size: Int64

    init(_ generation: Generation) {
      (number, state, created) = (generation.number, "\(generation.state)", generation.created)
      replaced = generation.replaced == 0 ? nil : generation.replaced
      (origin, size) = (generation.origin.string, generation.size)
      (notes, cards, reviews) = (generation.notes, generation.cards, generation.reviews)
    }

    var text: String {
      "\(number)  \(state)  \(time(created))  \(notes) notes, \(cards) cards, \(reviews) reviews  \(origin)"
    }

    private func time(_ milliseconds: Int64) -> String {
      Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    }
  }

  func run(in surroundings: Surroundings) async throws {
    let generations = try await surroundings.withInstallation([.mainDB, .userDB]) { installation in
      let account = try await installation.accounts.find(user)
      return try await surroundings.operations.generations(of: account, in: installation)
    }
    let lines = generations.map(Line.init)
    if json {
      surroundings.console.say(try jsonText(lines))
    } else {
      for line in lines { surroundings.console.say(line.text) }
    }
  }
}
