/** Something on the page that shows one record. */
export type Item<R> = {
  readonly element: HTMLElement
  /** False: the record has changed in a way that takes a new item. */
  update(record: R): boolean
}

/**
 * Keeps a list of elements in step with records: what stays is not touched, so that nothing is lost that
 * somebody types or has selected.
 */
export function keyedList<R>(
  list: HTMLElement,
  keyOf: (record: R) => string,
  make: (record: R) => Item<R>,
): (records: readonly R[]) => void {
  const items = new Map<string, Item<R>>()
  return (records) => {
    const keys = new Set(records.map(keyOf))
    for (const [key, item] of items) {
      if (keys.has(key)) continue
      item.element.remove()
      items.delete(key)
    }
    let after: Element | null = null
    for (const record of records) {
      const key = keyOf(record)
      const known = items.get(key)
      const kept = known?.update(record) === true ? known : undefined
      const item: Item<R> = kept ?? make(record)
      if (item !== known) {
        known?.element.remove()
        items.set(key, item)
      }
      const place: Element | null = after === null ? list.firstElementChild : after.nextElementSibling
      if (item.element !== place) list.insertBefore(item.element, place)
      after = item.element
    }
  }
}
