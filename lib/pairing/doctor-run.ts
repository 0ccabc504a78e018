import { requireAdmin, type Authority } from './authority.ts'
import type { PairingContext } from './pairing-context.ts'

const SETTING = 'doctor-run'

/** Keeps what the doctor has found, in the place of what it found before. */
export async function keepDoctorRun(
  context: PairingContext,
  authority: Authority,
  run: string,
): Promise<void> {
  await requireAdmin(context, authority)
  await context.tx.putSetting(SETTING, run)
  context.events.push({ kind: 'changed', what: 'doctor', deviceId: null })
}

/** `null`: it has not been run. */
export async function lastDoctorRun(context: PairingContext, authority: Authority): Promise<string | null> {
  await requireAdmin(context, authority)
  return context.tx.setting(SETTING)
}
