// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let core = Target.Dependency.product(name: "SyncCore", package: "djankiserv")
let conformance = Target.Dependency.product(name: "StorageConformance", package: "djankiserv")

let package = Package(
  name: "CustomBackend",
  platforms: [.macOS(.v15)],
  products: [.library(name: "LMDBBackend", targets: ["LMDBBackend"])],
  dependencies: [.package(name: "djankiserv", path: "../..")],
  targets: [
    .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .target(name: "LMDBBackend", dependencies: ["CLMDB", core], swiftSettings: strict),
    .testTarget(
      name: "LMDBBackendTests", dependencies: ["LMDBBackend", "CLMDB", core, conformance], swiftSettings: strict),
  ]
)
