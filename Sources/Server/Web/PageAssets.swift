import Crypto
import Foundation

/// The style and the script of our pages, and the policy that allows these and nothing else.
enum PageAssets {
  static let policy =
    "default-src 'none'; style-src '\(digest(style))'; script-src '\(digest(script))'; img-src data:; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  private static func digest(_ text: StaticString) -> String {
    "sha256-" + Data(SHA256.hash(data: Array("\(text)".utf8))).base64EncodedString()
  }

  /// A proxy may have changed scheme, host and path on the way; the browser knows what they were. The page is complete
  /// without this.
  static let script: StaticString = """
    const { address, tail } = document.body.dataset;
    let path = location.pathname;
    if (tail && path.endsWith(tail)) path = path.slice(0, -tail.length);
    const seen = location.origin + (path.endsWith("/") ? path : path + "/");
    if (seen !== address) {
      for (const code of document.querySelectorAll("[data-own]")) {
        code.textContent = seen + code.textContent.slice(address.length);
      }
    }
    const local = /^(localhost|.*\\.localhost|127(\\.[0-9]+){3}|\\[::1\\])$/.test(location.hostname);
    for (const note of document.querySelectorAll("[data-if]")) {
      note.hidden = note.dataset.if === "local" ? !local : local || location.protocol !== "http:";
    }
    """

  static let style: StaticString = """
    :root {
      color-scheme: light dark;
      --ground: #f5f6f8; --card: #fff; --text: #1b1f27; --soft: #545d6b; --line: #d9dde4; --accent: #1f5fbf;
      --on-accent: #fff; --code: #eef1f6; --note: #fff6df; --note-line: #b97a00;
      --works: #15693a; --maybe: #805000; --fails: #b3211c;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14171c; --card: #1d2127; --text: #e8ebf0; --soft: #a5aebb; --line: #343a44; --accent: #86b4ff;
        --on-accent: #10151d; --code: #272d36; --note: #2d2615; --note-line: #d9a23b;
        --works: #6fce94; --maybe: #e5b455; --fails: #ff8d85;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none; }
    body {
      margin: 0; background: var(--ground); color: var(--text);
      font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
    }
    main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
    h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; }
    h2 { margin: 2.75rem 0 0.75rem; font-size: 1.25rem; letter-spacing: -0.01em; }
    h3 { margin: 0; font-size: 1rem; line-height: 1.4; }
    p { margin: 0.35rem 0 0; }
    .lead { color: var(--soft); font-size: 1.0625rem; }
    code {
      font: 0.9375em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
      overflow-wrap: anywhere; user-select: all; -webkit-user-select: all;
    }
    .address { margin: 1.25rem 0; }
    .address code {
      display: block; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line);
      border-left: 4px solid var(--accent); border-radius: 0.5rem; font-size: 1.25rem; font-weight: 600;
    }
    .note {
      margin: 0.75rem 0; padding: 0.75rem 1rem; background: var(--note); border-left: 4px solid var(--note-line);
      border-radius: 0.375rem;
    }
    .note.fails { border-left-color: var(--fails); }
    article { padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); }
    article + article { border-top: 0; }
    article:first-of-type { border-radius: 0.5rem 0.5rem 0 0; }
    article:last-of-type { border-radius: 0 0 0.5rem 0.5rem; }
    article p { color: var(--soft); font-size: 0.9375rem; }
    dl { margin: 0.625rem 0 0; }
    .field { display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: baseline; margin-top: 0.25rem; }
    dt { min-width: 12.5rem; color: var(--soft); font-size: 0.875rem; overflow-wrap: anywhere; }
    dd { margin: 0; flex: 1 1 18rem; min-width: 0; }
    dd code { padding: 0.125rem 0.4375rem; background: var(--code); border-radius: 0.25rem; }
    label { display: block; margin-top: 0.875rem; font-size: 0.9375rem; font-weight: 600; }
    .row { display: flex; gap: 0.5rem; margin-top: 0.375rem; }
    input {
      flex: 1; min-width: 0; padding: 0.625rem 0.75rem; font: inherit; color: inherit; background: var(--card);
      border: 1px solid var(--soft); border-radius: 0.375rem;
    }
    button {
      padding: 0.625rem 1.25rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent);
      border: 0; border-radius: 0.375rem; cursor: pointer;
    }
    input::placeholder { color: var(--soft); opacity: 0.8; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .result { margin-top: 1.5rem; }
    ul { margin: 0.75rem 0 0; padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line);
      border-radius: 0.5rem; }
    li { display: flex; gap: 1rem; padding: 0.875rem 1.25rem; }
    li + li { border-top: 1px solid var(--line); }
    li div { min-width: 0; }
    .mark { flex: 0 0 5rem; font-weight: 700; }
    .mark.works { color: var(--works); }
    .mark.maybe { color: var(--maybe); }
    .mark.fails { color: var(--fails); }
    .requests { color: var(--soft); font-size: 0.875rem; }
    .requests code { display: block; }
    @media (max-width: 34rem) {
      main { padding-top: 1.5rem; }
      .address code { font-size: 1.0625rem; padding: 0.875rem 1rem; }
      .row { flex-direction: column; }
      li { flex-direction: column; gap: 0.125rem; }
      .mark { flex-basis: auto; }
    }
    """
}
