/** A blank, but not one inside a key: its groups of four stay together. */
const BREAK = /(?<!\b[0-9a-f]{4}) | (?![0-9a-f]{4}\b)/

/** Lines of at most `width` characters, each after `indent`; a longer word stands alone. */
export function wrapped(text: string, width = 80, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(BREAK).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && indent.length + longer.length > width) {
      lines.push(indent + line)
      line = word
    } else {
      line = longer
    }
  }
  return line === '' ? lines : [...lines, indent + line]
}
