// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func c(_ name: String, _ pkgConfig: String, _ debian: String) -> Target {
  .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([debian])])
}

func room(
  _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
  name: "djankiserv",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "djankiserv", targets: ["djankiserv"]),
    .library(name: "SyncCore", targets: ["SyncCore"]),
    .library(name: "StorageConformance", targets: ["StorageConformance"]),
    .library(name: "Server", targets: ["Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    c("CSQLite", "sqlite3", "libsqlite3-dev"),
    c("CZstd", "libzstd", "libzstd-dev"),
    c("CZlib", "zlib", "zlib1g-dev"),
    c("CArgon2", "libargon2", "libargon2-dev"),
    c("CZip", "libzip", "libzip-dev"),
    c("CPostgres", "libpq", "libpq-dev"),
    c("CMariaDB", "libmariadb", "libmariadb-dev"),
    .systemLibrary(name: "CDisk", path: "Sources/C/CDisk"),

    room("SyncCore", [crypto]),
    room("SQLiteFile", ["SyncCore", "CSQLite"]),
    room(
      "AnkiFormats", ["SyncCore", "SQLiteFile", "CZstd", "CZlib", "CZip", protobuf],
      // The source of collection.pb.swift.
      exclude: ["Protobuf/collection.proto"]),
    room("SQLBackend", ["SyncCore"], path: "Sources/Backends/SQL"),
    room("SQLiteBackend", ["SyncCore", "SQLBackend", "SQLiteFile"], path: "Sources/Backends/SQLite"),
    room("PostgresBackend", ["SyncCore", "SQLBackend", "CPostgres"], path: "Sources/Backends/Postgres"),
    room("MariaDBBackend", ["SyncCore", "SQLBackend", "CMariaDB"], path: "Sources/Backends/MariaDB"),
    room("InMemoryBackend", ["SyncCore"], path: "Sources/Backends/InMemory"),
    room(
      "Server",
      [
        "SyncCore", "AnkiFormats", "SQLiteBackend", "PostgresBackend", "MariaDBBackend", "InMemoryBackend", "CArgon2",
        "CDisk", crypto, cryptoExtras,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "X509", package: "swift-certificates"),
      ]),
    .executableTarget(name: "djankiserv", dependencies: ["Server"], path: "Sources/djankiserv", swiftSettings: strict),

    room("StorageConformance", ["SyncCore"], path: "Tests/Conformance"),
    tests(
      "BackendTests",
      [
        "SyncCore", "StorageConformance", "SQLBackend", "SQLiteFile", "InMemoryBackend", "SQLiteBackend",
        "PostgresBackend", "MariaDBBackend",
      ]),
    tests("SyncCoreTests", ["SyncCore", "InMemoryBackend"]),
    tests("AnkiFormatsTests", ["SyncCore", "SQLiteFile", "AnkiFormats", "InMemoryBackend", "CZlib"]),
    tests(
      "ServerTests",
      [
        "SyncCore", "SQLiteFile", "AnkiFormats", "InMemoryBackend", "SQLiteBackend", "Server", "CZlib",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    tests("HouseTests", []),
  ]
)
