import type { IncomingMessage } from 'node:http'
import { LatchkeyError } from '../errors.ts'
import {
  configuredSecretFile,
  connectionFacts,
  createSecretFile,
  gatewayChannel,
  secretFolder,
  type SecretFile,
} from '../evidence/index.ts'
import {
  CLIENT_NONCE_HEADER,
  clientProof,
  gatewayProof,
  isClientNonce,
  proofMatches,
} from '../protocol/index.ts'
import type { LocalSecretOffer } from '../protocol/local-proof.ts'
import type { Logger } from './logger.ts'

/** `false`: no proof is offered. `{ file }`: a file that the operator chose, the same for the clients. */
export type LocalSecretOption =
  | boolean
  | {
      /** Its path. */
      readonly file: string
    }

/** One connection's part of the proof. */
export type LocalSecretExchange = {
  /** Goes into the challenge. */
  readonly offer: LocalSecretOffer
  /** Whether the client knows the secret too, for this device and this connection. */
  proves(given: string | null, deviceId: string): boolean
}

/** The gateway's side of the proof that a client can read a file of this user on this machine. */
export type LocalSecret = {
  /** `null` for a client that sent no nonce: it gets no proof of ours to collect. */
  exchange(request: IncomingMessage, gatewayId: string, nonce: string): LocalSecretExchange | null
  /** Where it is; `null` when there is none. */
  readonly file: string | null
  /** Removes the file, unless it was configured. */
  close(): void
}

/**
 * @throws {LatchkeyError} FOLDER_UNSAFE, SECRET_UNSAFE when a file was configured; without one the gateway
 *   goes on, warns, and local clients are left to the kernel's word
 */
export function openLocalSecret(option: LocalSecretOption, logger: Logger): LocalSecret {
  const file = openFile(option, logger)
  if (file === null) return { file: null, exchange: () => null, close: () => undefined }
  const onExit = (): void => file.remove()
  process.once('exit', onExit)
  return {
    file: file.file,
    exchange: (request, gatewayId, nonce) => exchangeOf(file, request, gatewayId, nonce),
    close() {
      process.off('exit', onExit)
      file.remove()
    },
  }
}

function openFile(option: LocalSecretOption, logger: Logger): SecretFile | null {
  if (option === false) return null
  if (typeof option === 'object') return configuredSecretFile(option.file)
  try {
    return createSecretFile(secretFolder())
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error
    logger.warn('no local secret: clients on this machine are judged by the kernel alone', {
      why: error.message,
    })
    return null
  }
}

function exchangeOf(
  { id, secret }: SecretFile,
  request: IncomingMessage,
  gatewayId: string,
  nonce: string,
): LocalSecretExchange | null {
  const header = request.headers[CLIENT_NONCE_HEADER]
  const clientNonce = Array.isArray(header) ? undefined : header
  if (!isClientNonce(clientNonce)) return null
  const channel = gatewayChannel(connectionFacts(request.socket))
  if (channel === null) return null
  const context = { gatewayId, nonce, clientNonce }
  return {
    offer: { id, proof: gatewayProof(secret, context) },
    proves: (given, deviceId) =>
      given !== null && proofMatches(clientProof(secret, context, deviceId, channel), given),
  }
}
