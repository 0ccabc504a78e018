import type { StartTimer } from './client-platform.ts'

export const startTimer: StartTimer = (callback, ms) => {
  const timer = setTimeout(callback, ms)
  return () => {
    clearTimeout(timer)
  }
}
