import Server

await Djankiserv.run()
