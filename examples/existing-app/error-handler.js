/**
 * Tells the client no more than it may know, and the log the rest. `LOCALITY_MISSING` is the mistake to look out
 * for: `requireLocalClient()` ran where `localClient()` had not, and let nobody in.
 *
 * @param {unknown} error
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
export function errorHandler(error, req, res, next) {
  console.error(error)
  if (res.headersSent) next(error)
  else res.status(500).json({ error: 'something went wrong' })
}
