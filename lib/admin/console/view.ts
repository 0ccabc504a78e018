import type { OwnerState } from './owner-model.ts'

/** A section of the console. */
export type View = {
  /** After the `#/` of its address. */
  readonly path: string
  readonly title: string
  readonly element: HTMLElement
  /** A number beside its name in the navigation; 0 shows none. */
  badge?(state: OwnerState): number
  update(state: OwnerState): void
  /** Whether this gateway can do what it takes. Default: yes. */
  isOffered?(methods: ReadonlySet<string>): boolean
  /** Every second. */
  tick?(): void
  /** When it comes into sight. */
  shown?(): void
}
