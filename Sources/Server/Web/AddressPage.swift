/// The page that a browser gets at the address of the server: what to type into which client, and what each would make
/// of what was typed.
struct AddressPage: Sendable {
  let own: ServerAddress
  /// What was typed into the page's form; nil: nothing yet.
  let typed: String?

  init(own: ServerAddress, typed: String? = nil) {
    self.own = own
    // One more than an address may have, so that it is refused for it.
    self.typed = typed.map { String(String.UnicodeScalarView($0.unicodeScalars.prefix(TypedAddress.longest + 1))) }
  }

  var html: HTML {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Anki sync server</title>
    <link rel="icon" href="data:,">
    <style>\(raw: PageAssets.style)</style>
    </head>
    <body data-address="\(own.text)" data-tail="\(own.tail)">
    <main>
    <h1>Anki sync server</h1>
    <p class="lead">This is the address of a djankiserv. Type it into Anki:</p>
    <p class="address">\(ownCode(""))</p>
    \(notes)
    <section aria-labelledby="clients">
    <h2 id="clients">What to type where</h2>
    \(SyncClient.all.map(card))
    </section>
    <section aria-labelledby="check">
    <h2 id="check">Check an address</h2>
    <p>Not sure about what you have typed? See what each client makes of it. Nothing is sent there.</p>
    <form method="get">
    <label for="typed">Address as typed into the client</label>
    <div class="row">
    <input id="typed" name="address" type="text" inputmode="url" autocapitalize="off" autocomplete="off"
     spellcheck="false" maxlength="500" placeholder="http://192.168.1.5:27701/" value="\(typed ?? "")">
    <button>Check</button>
    </div>
    </form>
    \(verdict)
    </section>
    </main>
    <script>\(raw: PageAssets.script)</script>
    </body>
    </html>

    """
  }

  private func ownCode(_ tail: String) -> HTML { "<code data-own>\(own.text)\(tail)</code>" }

  /// The script shows and hides them by the address that the browser really has.
  private var notes: HTML {
    let here = try? TypedAddress(own.text)
    let isLocal = here?.isLoopback ?? false
    let hidden: HTML = " hidden"
    return """
      <p class="note" data-if="local"\(isLocal ? "" : hidden)><strong>Only from this machine.</strong> This name means \
      the very machine on which it is typed. For a phone or another computer, open this page by a name or an address \
      of the server that they can reach; the server must listen there, too.</p>
      <p class="note" data-if="open"\(isLocal || own.scheme != "http" ? hidden : "")><strong>Not encrypted.</strong> \
      Passwords and cards can be read on the way. That may do at home; iPhones and older AnkiDroids may refuse it.</p>
      """
  }

  private func card(_ client: SyncClient) -> HTML {
    let fields = client.fields.map { field -> HTML in
      "<div class=\"field\"><dt>\(field.label)</dt><dd>\(ownCode(field.tail))</dd></div>"
    }
    return """
      <article><h3>\(client.name)</h3><p>\(client.place)</p><dl>\(fields)</dl></article>

      """
  }

  // MARK: The check

  private var verdict: HTML {
    guard let typed, !typed.allSatisfy(\.isWhitespace) else { return "" }
    do throws(TypedAddress.Problem) {
      let address = try TypedAddress(typed)
      let doubt = AddressVerdict.doubt(about: address, at: own)
      let remarks = [address.isLoopback ? loopback(address) : nil, doubt].compactMap(\.self).map(note)
      let rows = SyncClient.all.map { line(AddressVerdict($0, address, at: own), isDoubted: doubt != nil) }
      return """
        <div class="result" role="status"><p>What becomes of <code>\(typed)</code></p>
        \(remarks)<ul>\(rows)</ul></div>
        """
    } catch {
      return """
        <div class="result" role="status"><p>What becomes of <code>\(typed)</code></p>
        <p class="note fails">\(error.words)</p></div>
        """
    }
  }

  private func loopback(_ address: TypedAddress) -> String {
    "\(address.name) means the very machine on which it is typed: no other device gets here by it."
  }

  private func note(_ words: String) -> HTML { "<p class=\"note\">\(words)</p>" }

  private func line(_ verdict: AddressVerdict, isDoubted: Bool) -> HTML {
    let mark: HTML =
      switch isDoubted && verdict.grade == .works ? .maybe : verdict.grade {
      case .works: "<span class=\"mark works\">works</span>"
      case .maybe: "<span class=\"mark maybe\">perhaps</span>"
      case .fails: "<span class=\"mark fails\">fails</span>"
      }
    let requests = verdict.requests.map { request -> HTML in "<code>\(request)</code>" }
    let words: HTML = verdict.grade == .works ? "" : "<p>\(verdict.words)</p>"
    return """
      <li>\(mark)<div><strong>\(verdict.client)</strong>\(words)<p class="requests">asks for \(requests)</p></div></li>

      """
  }
}
