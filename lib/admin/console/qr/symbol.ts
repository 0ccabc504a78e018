/** A square of modules. `fixed` are those of patterns, which carry no data and are not masked. */
export type Symbol = {
  readonly size: number
  isDark: (x: number, y: number) => boolean
  isFixed(x: number, y: number): boolean
  set(x: number, y: number, isDark: boolean): void
  fix(x: number, y: number, isDark: boolean): void
}

/** A symbol with its patterns, and places kept free for format and version (ISO/IEC 18004, 6.3). */
export function symbolOf(version: number): Symbol {
  const size = version * 4 + 17
  const dark = new Uint8Array(size * size)
  const fixed = new Uint8Array(size * size)
  const isInside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < size && y < size
  const symbol: Symbol = {
    size,
    isDark: (x, y) => dark[y * size + x] === 1,
    isFixed: (x, y) => fixed[y * size + x] === 1,
    set(x, y, isDark) {
      dark[y * size + x] = isDark ? 1 : 0
    },
    fix(x, y, isDark) {
      if (!isInside(x, y)) return
      symbol.set(x, y, isDark)
      fixed[y * size + x] = 1
    },
  }
  for (let at = 0; at < size; at += 1) {
    symbol.fix(6, at, at % 2 === 0)
    symbol.fix(at, 6, at % 2 === 0)
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) rings(symbol, x, y, 4, [2, 4]) // prettier-ignore
  const places = alignments(version, size)
  for (const x of places)
    for (const y of places)
      if (!(x === 6 && y === 6) && !(x === 6 && y === size - 7) && !(x === size - 7 && y === 6))
        rings(symbol, x, y, 2, [1])
  drawFormat(symbol, 0)
  drawVersion(symbol, version)
  return symbol
}

/** Squares around a centre, dark but for those of the given distances. */
function rings(
  symbol: Symbol,
  centreX: number,
  centreY: number,
  reach: number,
  light: readonly number[],
): void {
  for (let dy = -reach; dy <= reach; dy += 1)
    for (let dx = -reach; dx <= reach; dx += 1)
      symbol.fix(centreX + dx, centreY + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))))
}

function alignments(version: number, size: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - (count - 2 - index) * step)]
}

/** Level M and the mask, twice, with a BCH code (ISO/IEC 18004, 7.9). */
export function drawFormat(symbol: Symbol, mask: number): void {
  const bits = ((mask << 10) | bch(mask, 10, 0x537)) ^ 0x5412
  const { size } = symbol
  const bit = (index: number): boolean => ((bits >>> index) & 1) === 1
  for (let index = 0; index < 15; index += 1) {
    const [x, y] =
      index < 6 ? [8, index] : index < 8 ? [8, index + 1] : index === 8 ? [7, 8] : [14 - index, 8]
    symbol.fix(x, y, bit(index))
    if (index < 8) symbol.fix(size - 1 - index, 8, bit(index))
    else symbol.fix(8, size - 15 + index, bit(index))
  }
  symbol.fix(8, size - 8, true)
}

function drawVersion(symbol: Symbol, version: number): void {
  if (version < 7) return
  const bits = (version << 12) | bch(version, 12, 0x1f25)
  for (let index = 0; index < 18; index += 1) {
    const isDark = ((bits >>> index) & 1) === 1
    const far = symbol.size - 11 + (index % 3)
    const near = Math.floor(index / 3)
    symbol.fix(far, near, isDark)
    symbol.fix(near, far, isDark)
  }
}

function bch(value: number, degree: number, generator: number): number {
  let rest = value
  for (let round = 0; round < degree; round += 1) rest = (rest << 1) ^ ((rest >>> (degree - 1)) * generator)
  return rest
}
