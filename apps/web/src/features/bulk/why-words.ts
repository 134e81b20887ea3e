import type { ErrorCode } from '@sotto/protocol'
import { errors } from '@sotto/protocol/pure'
import { errorWords, t } from '#words/t.ts'

/** Why somebody does not get a message to many. */
export function whyWords(why: string | null): string {
  if (why === 'forbidden') return t('bulk.whyForbidden')
  if (why === 'not_found') return t('bulk.whyHidden')
  return why && Object.hasOwn(errors, why) ? errorWords(why as ErrorCode) : t('bulk.state_refused')
}
