import type { Logger } from '../logger.ts'
import { commandChannel } from './command-channel.ts'
import type { NoticeConfig } from './notice-options.ts'
import { notifier, type Notifier } from './notifier.ts'
import { webhookChannel } from './webhook-channel.ts'

/** The notifier with the channels that were configured. */
export function gatewayNotifier(config: NoticeConfig, gatewayId: () => string, logger: Logger): Notifier {
  const channels = [
    ...(config.webhook === null ? [] : [webhookChannel(config.webhook)]),
    ...(config.command === null ? [] : [commandChannel(config.command)]),
  ]
  return notifier(config, channels, gatewayId, logger)
}
