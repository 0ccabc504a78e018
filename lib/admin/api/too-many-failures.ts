import { ApiProblem } from './problem.ts'

/** Says how long credentials are not looked at, whether they are right or wrong. */
export function tooManyFailures(restMs: number): ApiProblem {
  const seconds = Math.ceil(restMs / 1000)
  return new ApiProblem('RATE_LIMITED', `too many failed authentications; try again in ${seconds} s`, {
    members: { retryAfterMs: restMs },
    headers: { 'Retry-After': String(seconds) },
  })
}
