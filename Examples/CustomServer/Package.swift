// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "CustomServer",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "djankiserv", path: "../.."),
    .package(name: "CustomBackend", path: "../CustomBackend"),
  ],
  targets: [
    .executableTarget(
      name: "CustomServer",
      dependencies: [
        .product(name: "Server", package: "djankiserv"),
        .product(name: "LMDBBackend", package: "CustomBackend"),
      ])
  ]
)
