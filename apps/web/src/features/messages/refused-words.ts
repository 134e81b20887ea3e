import type { ErrorBody } from '@sotto/protocol'
import { errorWords, t } from '#words/t.ts'

/** Why a message was not taken, changed or deleted. */
export function refusedWords({ code, about }: Pick<ErrorBody, 'code' | 'about'>): string {
  if (code === 'conflict' && about === 'deleted') return t('message.refusedDeleted')
  if (code !== 'forbidden') return errorWords(code)
  switch (about) {
    case 'silenced':
      return t('message.refusedSilenced')
    case 'closed':
      return t('message.refusedClosed')
    case 'post':
      return t('message.refusedPost')
    case 'words':
      return t('message.refusedWords')
    case 'blocked':
      return t('message.refusedBlocked')
    case 'too late':
      return t('message.refusedLate')
    case 'editing':
      return t('message.refusedEditing')
    case 'deletion':
      return t('message.refusedDeletion')
    default:
      return errorWords(code)
  }
}
