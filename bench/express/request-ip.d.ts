declare module 'request-ip' {
  export function getClientIp(request: object): string | null
}
