import { encode } from 'uqr'
import { svgElement } from './element.ts'

const QUIET = 4

/** A QR code as a drawing, dark on light whatever the colours of the page: many readers take no other. */
export function qrDrawing(text: string, label: string): SVGElement {
  const { data: rows } = encode(text, { ecc: 'M', border: 0 })
  const size = rows.length + 2 * QUIET
  const path = rows
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : '')))
    .join('')
  return svgElement(
    'svg',
    {
      class: 'qr',
      viewBox: `0 0 ${size} ${size}`,
      role: 'img',
      'aria-label': label,
      'shape-rendering': 'crispEdges',
    },
    svgElement('rect', { width: String(size), height: String(size), fill: '#fff' }),
    svgElement('path', { d: path, fill: '#000' }),
  )
}
