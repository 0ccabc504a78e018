/**
 * True for an io_uring that hides nothing: no registered files, no armed polls. libuv opens such rings in
 * every Node process to batch its epoll calls; the descriptors it works on are in the table like all others.
 * `fdinfo` is the text of `/proc/PID/fdinfo/FD`. The kernel leaves fields out while the ring is locked, and
 * what is not there counts as hidden.
 */
export function isPlainRing(fdinfo: string): boolean {
  return /^UserFiles:\t0$/m.test(fdinfo) && /^PollList:\n(?!\s)/m.test(fdinfo)
}
