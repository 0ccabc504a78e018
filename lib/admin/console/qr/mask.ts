import { drawFormat, type Symbol } from './symbol.ts'

/** Which modules are turned over, by the number of the mask (ISO/IEC 18004, 7.8.2). */
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Turns modules over by the mask that leaves the fewest shapes that a reader could stumble over. */
export function mask(symbol: Symbol): void {
  const penalties = MASKS.map((_, number) => {
    apply(symbol, number)
    const sum = penalty(symbol)
    apply(symbol, number)
    return sum
  })
  apply(symbol, penalties.indexOf(Math.min(...penalties)))
}

/** Twice undoes it, but for the format. */
function apply(symbol: Symbol, number: number): void {
  const turns = MASKS[number] ?? (() => false)
  for (let y = 0; y < symbol.size; y += 1)
    for (let x = 0; x < symbol.size; x += 1)
      if (!symbol.isFixed(x, y) && turns(x, y)) symbol.set(x, y, !symbol.isDark(x, y))
  drawFormat(symbol, number)
}

function penalty(symbol: Symbol): number {
  const { size, isDark } = symbol
  const across = Array.from({ length: size }, (_, y) => line(size, (x) => isDark(x, y)))
  const down = Array.from({ length: size }, (_, x) => line(size, (y) => isDark(x, y)))
  const lines = [...across, ...down]
  const dark = across.join('').replaceAll('0', '').length
  const balance = Math.ceil(Math.abs(dark * 20 - size * size * 10) / (size * size)) - 1
  return lines.reduce((sum, text) => sum + runs(text) + finders(text), 0) + squares(symbol) + balance * 10
}

function line(size: number, isDark: (at: number) => boolean): string {
  return Array.from({ length: size }, (_, at) => (isDark(at) ? '1' : '0')).join('')
}

function runs(text: string): number {
  return [...text.matchAll(/0{5,}|1{5,}/g)].reduce((sum, [run]) => sum + run.length - 2, 0)
}

/** What looks like a finder pattern, with light on one side. */
function finders(text: string): number {
  return [...`0000${text}0000`.matchAll(/(?=(?:00001011101|10111010000))/g)].length * 40
}

function squares({ size, isDark }: Symbol): number {
  let sum = 0
  for (let y = 1; y < size; y += 1)
    for (let x = 1; x < size; x += 1) {
      const first = isDark(x, y)
      if (isDark(x - 1, y) === first && isDark(x, y - 1) === first && isDark(x - 1, y - 1) === first) sum += 3
    }
  return sum
}
