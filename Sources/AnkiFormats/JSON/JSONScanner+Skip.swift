extension JSONScanner {
  /// Passes a value and checks its grammar; the bytes of its strings are not looked at.
  mutating func skip() throws(JSONError) {
    switch try peek() {
    case UInt8(ascii: "{"): try skipObject()
    case UInt8(ascii: "["): try skipArray()
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: _ = try number()
    }
  }

  private mutating func skipArray() throws(JSONError) {
    var isFirst = true
    try open()
    while try hasElement(before: UInt8(ascii: "]"), &isFirst) { try skip() }
  }

  private mutating func skipObject() throws(JSONError) {
    var isFirst = true
    try open()
    while try hasElement(before: UInt8(ascii: "}"), &isFirst) {
      guard try peek() == UInt8(ascii: "\"") else { throw fault() }
      try skipString()
      try colon()
      try skip()
    }
  }

  private mutating func skipString() throws(JSONError) {
    position &+= 1
    while true {
      plainText()
      switch current {
      case UInt8(ascii: "\""):
        position &+= 1
        return
      case UInt8(ascii: "\\"): try skipEscape()
      default: throw fault()
      }
    }
  }

  private mutating func skipEscape() throws(JSONError) {
    position &+= 1
    switch current {
    case UInt8(ascii: "u"):
      position &+= 1
      _ = try hexDigits()
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position &+= 1
    default: throw fault()
    }
  }
}
