/// Unpacks a body that arrives in pieces, in bounded memory and up to a limit. Used by one task at a time, for one
/// body.
public protocol Decoder: AnyObject {
  /// How many bytes have come out so far.
  var count: Int { get }
  /// Unpacks the next piece and hands what comes out to `output`, in small pieces.
  /// - Throws: ``ArchiveError``, and whatever `output` throws.
  func decode(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws
  /// Says that no more input comes.
  /// - Throws: `truncated` where something is missing.
  func finish() throws(ArchiveError)
}
