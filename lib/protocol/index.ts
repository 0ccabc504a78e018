export { CLOSE, closeReason } from './close-codes.ts'
export { readConnectParams } from './connect-params.ts'
export type { ConnectParams, DeviceProof } from './connect-params.ts'
export { decodePublicKey, deviceIdOf, isSafePublicKey } from './device-key.ts'
export { describeDeviceProofProblem, MAX_SIGNATURE_AGE_MS, verifyDeviceProof } from './device-proof.ts'
export type { DeviceProofProblem } from './device-proof.ts'
export { MAX_DPOP_AGE_MS, readDpopProof } from './dpop-proof.ts'
export type { DpopProblem, DpopProof } from './dpop-proof.ts'
export { isRecord, MAX_PROTOCOL, MIN_PROTOCOL, parseJson, readRequestFrame } from './frames.ts'
export type { ErrorShape, EventFrame, RequestFrame, ResponseFrame } from './frames.ts'
export type { Challenge, HelloOk } from './hello-ok.ts'
export { CLIENT_NONCE_HEADER, clientProof, gatewayProof, isClientNonce, proofMatches } from './local-proof.ts'
export type { LocalProofContext, LocalSecretOffer } from './local-proof.ts'
export { pairingRequiredMessage, readPairingRequired, REQUEST_ID } from './pairing-required.ts'
export type { PairingRequiredDetails } from './pairing-required.ts'
export {
  approvalFields,
  deviceId,
  digest,
  inviteFields,
  inviteId,
  nameFields,
  names,
  rejectionFields,
  requestId,
  role,
  rotationFields,
  sinceMs,
} from './pairing-schemas.ts'
export { schemaReader } from './schema-reader.ts'
export { signedTextV2, signedTextV3 } from './signed-text.ts'
export type { SignedClaims } from './signed-text.ts'
export { clientNonceText, codeOfHash, codeText, commitmentText, readTypedCode } from './verification-code.ts'
export type { VerificationOffer, VerificationReveal, VerifiedExchange } from './verification-code.ts'
