import { expect, test } from '@jest/globals'
import { readHaproxy } from '../../../lib/cli/config-readers/haproxy.ts'
import { OURS, problemsOf } from './problems-of.ts'

const NO_CLIENT = 'no option forwardfor, so every client looks like this machine'
const SERVER = 'server gw 127.0.0.1:4747 check'

function read(text: string): string[] | null {
  return problemsOf(readHaproxy([{ file: 'h', text }], OURS))
}

test.each<[string, string]>([
  ['in the backend', `backend b\n mode http\n option forwardfor\n ${SERVER}`],
  ['in the defaults', `defaults\n mode http\n option forwardfor\nfrontend f\n default_backend b\nbackend b\n ${SERVER}`],
  ['in the frontend', `defaults\n mode http\nfrontend f\n option forwardfor\n use_backend b if TRUE\nbackend b\n ${SERVER}`],
  ['in a listen', `listen l\n bind :80\n mode http\n option forwardfor # yes\n server gw localhost:4747`],
  ['named defaults', `defaults x\n mode http\n option forwardfor\ndefaults y\n mode tcp\nbackend b from x\n ${SERVER}`],
  ['written by a rule', `backend b\n mode http\n http-request set-header X-Forwarded-For %[src]\n ${SERVER}`],
  ['what the client wrote is dropped first', `backend b\n mode http\n http-request del-header X-Forwarded-For\n option forwardfor\n ${SERVER}`],
])('right: %s', (_title, text) => {
  expect(read(text)).toEqual([])
}) // prettier-ignore

test.each<[string, string, string[]]>([
  ['its defaults', `backend b\n mode http\n ${SERVER}`, [`red h:3 ${NO_CLIENT}`]],
  ['tcp by default', `backend b\n ${SERVER}`, ['red h:2 mode tcp hides every client behind this machine']],
  ['tcp', `defaults\n mode http\n option forwardfor\nlisten l\n mode tcp\n ${SERVER}`, ['red h:6 mode tcp hides every client behind this machine']],
  ['switched off', `defaults\n mode http\n option forwardfor\nbackend b\n no option forwardfor\n ${SERVER}`, [`red h:6 ${NO_CLIENT}`]],
  ['one frontend of two', `defaults\n mode http\nfrontend f\n option forwardfor\n default_backend b\nfrontend g\n default_backend b\nbackend b\n ${SERVER}`, [`red h:9 ${NO_CLIENT}`]],
  ['stripped', `backend b\n mode http\n http-request del-header X-Forwarded-For\n ${SERVER}`, [`red h:4 ${NO_CLIENT}`, 'red h:3 X-Forwarded-For is stripped']],
  ['Host localhost', `backend b\n mode http\n option forwardfor\n http-request set-header Host localhost\n ${SERVER}`, ['red h:4 Host is rewritten to "localhost"']],
  ['Host replaced', `backend b\n mode http\n option forwardfor\n http-request replace-header Host .* 127.0.0.1:4747\n ${SERVER}`, ['red h:4 Host is rewritten to "127.0.0.1:4747"']],
  ['a fixed client', `backend b\n mode http\n option forwardfor\n http-request set-header X-Forwarded-For 127.0.0.1\n ${SERVER}`, ['red h:4 X-Forwarded-For is always "127.0.0.1"']],
  ['if-none', `backend b\n mode http\n option forwardfor if-none\n ${SERVER}`, ['red h:3 if-none believes what the client wrote']],
  ['except', `backend b\n mode http\n option forwardfor except 127.0.0.0/8\n ${SERVER}`, ['yellow h:3 except leaves clients out']],
  ['another header', `backend b\n mode http\n option forwardfor header X-Client\n ${SERVER}`, ['red h:3 the client is named in another header than X-Forwarded-For']],
  ['PROXY', `backend b\n mode http\n option forwardfor\n ${SERVER} send-proxy-v2`, ['yellow h:4 the gateway does not read the PROXY protocol']],
  ['a Unix socket without a client', `backend b\n mode http\n server gw unix@/run/gateway.sock`, [`red h:3 ${NO_CLIENT}`]],
  ['quoted', `backend b\n mode http\n option forwardfor\n http-request set-header "Host" 'localhost'\n server "gw" 127.0.0.1:4747`, ['red h:4 Host is rewritten to "localhost"']],
])('wrong: %s', (_title, text, problems) => {
  expect(read(text)).toEqual(problems)
}) // prettier-ignore

test.each<[string, string]>([
  ['nothing', ''],
  ['another port', 'backend b\n server x 127.0.0.1:80'],
  ['in a comment', `backend b\n # ${SERVER}`],
  ['no section', SERVER],
  ['no address', 'backend b\n server x'],
  ['an open quote', 'backend b\n server "x'],
  ['binary', '\u0000\u0001'],
])('none of ours: %s', (_title, text) => {
  expect(read(text)).toBeNull()
})
