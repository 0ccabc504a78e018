/** Calls what the caller gave us. What it throws is uncaught, as in any listener, and upsets nothing of ours. */
export function callBack<A extends readonly unknown[]>(callback: (...args: A) => void, ...args: A): void {
  try {
    callback(...args)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
