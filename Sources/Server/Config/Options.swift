import Foundation

/// Every setting, by section, in the order of the documentation.
enum Options {
  static let sections: [(title: String, settings: [Setting])] = [
    ("Where it listens", [.host, .port, .tlsCertificate, .tlsKey, .trustedProxies, .allowedHosts]),
    ("Where things are kept", [.dataRoot] + DatabaseSettings.userDB.all + DatabaseSettings.mainDB.all),
    ("Kept generations", [.keepGenerations, .keepDays]),
    ("Media", [.mediaStore, .mediaQuota]),
    ("Log and secrets", [.logLevel, .debug, .traceStorage, .secretKey]),
    (
      "Size of what is sent",
      [.maxUpload, .maxDiskShare, .maxBody, .maxMemory, .memoryWait, .maxUnclaimed, .downloadCache]
    ),
    (
      "How much at once",
      [.maxLoading, .maxStaged, .maxWaiting, .userWait, .poolSize, .poolWait, .poolAge, .startWait]
    ),
    ("Connections", [.maxConnections, .idleTime, .headTime, .pauseTime, .requestTime, .sessionTime]),
    ("Logins", [.failuresPerBoth, .failuresPerAccount, .failuresPerAddress, .loginWindow, .hashers, .maxHashing]),
  ]

  static let all = sections.flatMap(\.settings)

  /// Names of older installations that need no counterpart; set or not, nothing changes.
  static let withoutMeaning: Set<String> = ["DJANKISERV_GUNICORN_WORKERS"]
}

// Not DJANKISERV_PORT or _HOST: Kubernetes sets such names by itself beside a service called djankiserv.
extension Setting {
  static let host = Setting(
    "DJANKISERV_LISTEN_ADDRESS", .text, "127.0.0.1",
    "The address to listen on; 0.0.0.0 or :: for every interface.")
  static let port = Setting(
    "DJANKISERV_LISTEN_PORT", .integer(0...65535), 27701, "The port to listen on; 0 lets the system choose one.")
  static let tlsCertificate = Setting(
    "DJANKISERV_TLS_CERTIFICATE", .text, "",
    "A PEM file with the server's certificate and those between it and its authority: with it the port speaks https "
      + "alone. The files are read again on SIGHUP, and within a minute of a change.")
  static let tlsKey = Setting("DJANKISERV_TLS_KEY", .text, "", "The PEM file with the certificate's key.")
  static let trustedProxies = Setting(
    "DJANKISERV_TRUSTED_PROXIES", .networks, "",
    "The proxies in front of the server, by address or network (`127.0.0.1, 10.0.0.0/8`): what they say in "
      + "X-Forwarded-For or Forwarded is taken for the client's address, by the limits of logins and by the log.")
  static let allowedHosts = Setting(
    "DJANKISERV_ALLOWED_HOSTS", .text, "",
    "The names that the server goes by (`anki.example.org, .example.net, 127.0.0.1`): requests to others are refused. "
      + "Empty for any name; `/health` answers to all.")

  static let dataRoot = Setting(
    "DJANKISERV_DATA_ROOT", .text,
    .derived(words: "$XDG_DATA_HOME/djankiserv or ~/.local/share/djankiserv") { $0.folders.data },
    "The folder for everything that is kept in files.")
  static let keepGenerations = Setting(
    "DJANKISERV_KEEP_GENERATIONS", .integer(0...1000), 3,
    "Replaced collections that can be had back, per user, however old they are.")
  static let keepDays = Setting(
    "DJANKISERV_KEEP_DAYS", .integer(0...36_500), 30,
    "Days for which every replaced collection can be had back.")

  static let mediaStore = Setting(
    "DJANKISERV_MEDIA_STORE", .choice(["files", "rows"]), "files",
    "Where the bytes of media files and replaced collections go: to files in the data folder, or to rows beside "
      + "everything else of the user, for several servers without a folder in common. What the other store holds stays "
      + "within reach.")
  static let mediaQuota = Setting(
    "DJANKISERV_MEDIA_QUOTA_MB", .integer(0...1_048_576), 0,
    "The media files of one user, all together, in MiB; 0 for no limit.")

  static let logLevel = Setting(
    "DJANKISERV_LOG_LEVEL", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
    .derived(words: "info, or debug with DJANKISERV_DEBUG") { $0.flag(.debug) ? "debug" : "info" },
    "The least important lines that are logged.")
  static let debug = Setting("DJANKISERV_DEBUG", .flag, "false", "Log more.")
  static let traceStorage = Setting(
    "DJANKISERV_TRACE_STORAGE", .flag, "false",
    "Log what each request asked of the storage: transactions, statements, waits for the disk.")
  static let secretKey = Setting(
    "DJANKISERV_SECRET_KEY", .text, "", secret: true, refused: ["a_very_secretive_key"],
    "Signs tokens; nothing asks for one yet. The key of the older servers' examples is refused.")

  static let maxUpload = Setting(
    "DJANKISERV_MAX_UPLOAD_MB", .integer(1...1_048_576), 2048,
    "The largest collection that may be uploaded, decompressed, in MiB.")
  static let maxDiskShare = Setting(
    "DJANKISERV_MAX_UPLOAD_DISK_PERCENT", .integer(1...100), 50,
    "How much of the free disk one upload may take, in percent.")
  static let maxBody = Setting(
    "DJANKISERV_MAX_BODY_MB", .integer(1...4096), 300, "The largest other request, decompressed, in MiB.")
  static let maxMemory = Setting(
    "DJANKISERV_MAX_MEMORY_MB", .integer(1...65536), 64,
    "Bodies of requests that are in memory at one time, all together, in MiB.")
  static let memoryWait = Setting(
    "DJANKISERV_MEMORY_WAIT_SECONDS", .integer(0...600), 10,
    "How long a request waits for that memory.")
  static let maxUnclaimed = Setting(
    "DJANKISERV_MAX_UNCLAIMED_MB", .integer(1...1_048_576),
    .derived(words: "2 × DJANKISERV_MAX_UPLOAD_MB") { String(min(2 * $0.integer(.maxUpload), 1_048_576)) },
    "Bodies in files whose senders are not known yet, all together, in MiB: Anki before 2.1.57 may say last who it is.")
  static let downloadCache = Setting(
    "DJANKISERV_DOWNLOAD_CACHE_MB", .integer(0...1_048_576), 1024,
    "Files for full downloads that are kept for the next device, all together, in MiB.")

  static let maxLoading = Setting(
    "DJANKISERV_MAX_LOADING", .integer(1...1024), 2,
    "Whole collections that are taken in, or written for a download, at one time.")
  static let maxStaged = Setting(
    "DJANKISERV_MAX_STAGED", .integer(1...65536), 32,
    "Whole collections that may wait for that: uploads, staged on the disk, and downloads.")
  static let maxWaiting = Setting(
    "DJANKISERV_MAX_WAITING_PER_USER", .integer(0...65536), 16, "Requests of one user that may wait for their turn.")
  static let userWait = Setting(
    "DJANKISERV_USER_WAIT_SECONDS", .integer(1...600), 20, "How long each of them waits.")
  static let poolSize = Setting(
    "DJANKISERV_POOL_SIZE", .integer(1...1024),
    .derived(words: "2 × processors + 2") { String(2 * $0.processors + 2) },
    "Connections to the database, or threads that work on files.")
  static let poolWait = Setting(
    "DJANKISERV_POOL_WAIT_SECONDS", .integer(1...600), 10, "How long a request waits for one of them.")
  static let poolAge = Setting(
    "DJANKISERV_POOL_AGE_SECONDS", .integer(1...604_800), 1800,
    "How long a connection to the database is used before it is replaced.")
  static let startWait = Setting(
    "DJANKISERV_START_WAIT_SECONDS", .integer(0...3600), 30,
    "How long a database that is not up yet is waited for at the start.")

  static let maxConnections = Setting(
    "DJANKISERV_MAX_CONNECTIONS", .integer(1...1_000_000), 2000, "Clients that may be connected at one time.")
  static let idleTime = Setting(
    "DJANKISERV_IDLE_SECONDS", .integer(1...86_400), 120, "After how long a silent connection is closed.")
  static let headTime = Setting(
    "DJANKISERV_HEAD_SECONDS", .integer(1...3600), 30,
    "How long the head of a request may take, from its first byte on; and a TLS handshake.")
  static let pauseTime = Setting(
    "DJANKISERV_BODY_PAUSE_SECONDS", .integer(1...3600), 75,
    "How long the body of a request may pause; clients stall for up to 60 seconds.")
  static let requestTime = Setting(
    "DJANKISERV_REQUEST_SECONDS", aliases: ["DJANKISERV_GUNICORN_TIMEOUT"], .integer(1...86_400), 1800,
    "How long a whole request may take.")
  static let sessionTime = Setting(
    "DJANKISERV_SESSION_SECONDS", .integer(10...86_400), 300,
    "After how long a sync that its client has left is forgotten.")

  static let failuresPerBoth = Setting(
    "DJANKISERV_MAX_LOGIN_FAILURES", .integer(1...1_000_000), 10,
    "Failed logins to one account from one address.")
  static let failuresPerAccount = Setting(
    "DJANKISERV_MAX_LOGIN_FAILURES_PER_ACCOUNT", .integer(1...1_000_000), 100, "Failed logins to one account.")
  static let failuresPerAddress = Setting(
    "DJANKISERV_MAX_LOGIN_FAILURES_PER_ADDRESS", .integer(1...1_000_000), 1000, "Failed logins from one address.")
  static let loginWindow = Setting(
    "DJANKISERV_LOGIN_WINDOW_SECONDS", .integer(1...604_800), 3600,
    "The time in which they are counted, from the first one on.")
  static let hashers = Setting(
    "DJANKISERV_HASHING_THREADS", .integer(1...1024),
    .derived(words: "processors − 1, at least 1") { String(max($0.processors - 1, 1)) },
    "Passwords that are checked at one time.")
  static let maxHashing = Setting(
    "DJANKISERV_MAX_HASHING_WAITING", .integer(0...65536), 64, "Logins that may wait for that.")
}
