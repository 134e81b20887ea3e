import { AppError, type Policy } from '@sotto/protocol'
import { currentSettings } from '#features/instance'
import type { Platform } from '#platform/feature'
import { filterOf } from './words.ts'

/**
 * Whether the word filter lets a text pass as it is; `reported` is for one that is sent and put before the moderators. Throws `forbidden`
 * for one that is not to be sent. What is private is not read, by a filter neither: `policyOf` is asked only about a text with such a word.
 */
export async function judgeText(
  platform: Platform,
  text: string,
  policyOf: () => Promise<Policy>,
): Promise<'fine' | 'reported'> {
  const settings = await currentSettings(platform)
  if (settings.word_filter.length === 0 || !filterOf(settings)(text)) return 'fine'
  if ((await policyOf()) === 'private') return 'fine'
  if (settings.word_filter_action === 'refuse') throw new AppError('forbidden', 'words')
  return 'reported'
}
