import LMDBBackend
import Server

// djankiserv with one engine more: DJANKISERV_USERDB_ENGINE=lmdb chooses it.
await Djankiserv.run(backends: Backends.all + [.lmdb])
