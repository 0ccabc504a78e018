/**
 * Programs that are connected to half the world and pass on nobody's requests but those of their pages,
 * which the Origin rules deal with. Best effort: the name is all there is, and a tunnel can be called `chrome`.
 */
// prettier-ignore
const BROWSERS: ReadonlySet<string> = new Set([
  'chrome', 'google-chrome', 'chrome-headless-shell', 'headless_shell', 'chromium', 'chromium-browser', 'chromium-headless-shell',
  'firefox', 'firefox-bin', 'firefox-esr', 'web content', 'socket process', 'librewolf', 'msedge', 'microsoft-edge', 'microsoft edge',
  'brave', 'brave-browser', 'opera', 'vivaldi', 'vivaldi-bin', 'safari', 'epiphany', 'webkitnetworkprocess',
  'google chrome', 'google chrome helper', 'chromium helper', 'microsoft edge helper', 'brave browser', 'brave browser helper',
  'vivaldi helper', 'opera helper', 'com.apple.webkit.networking',
])

/** The kernel cuts the name of a process here, so that a longer program name is met in part. */
const COMM_LENGTH = 15

const CUT_NAMES: ReadonlySet<string> = new Set([...BROWSERS].map((name) => name.slice(0, COMM_LENGTH)))

/** Expects the name of a process or the base name of its program. */
export function isBrowser(name: string): boolean {
  const folded = name.toLowerCase()
  return BROWSERS.has(folded) || CUT_NAMES.has(folded)
}
