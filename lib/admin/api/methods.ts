/** True for methods that change nothing. */
export function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD'
}
