import type { Row } from '@sotto/client'
import type { PersonId } from '@sotto/protocol'
import { listWords, t } from '#words/t.ts'
import { durationWords, momentWords } from '#words/when.ts'
import type { Event } from './items.ts'

/** So many are named where there are more than that. */
const namedOfMany = 2

/** Whoever an event is about, as the words name them. */
export interface Names {
  /** Who did it, and whom it is about. */
  readonly by: string
  readonly person: string
  readonly byMe: boolean
  readonly aboutMe: boolean
}

/** Several people in one line: those named first, oneself before all others, and how many more there are. */
export function manyWords(people: readonly PersonId[], me: PersonId, nameOf: (person: PersonId) => string): string {
  const others = people.filter((person) => person !== me).map(nameOf)
  const names = others.length < people.length ? [t('event.you'), ...others] : others
  if (names.length <= namedOfMany + 1) return listWords(names)
  return listWords([...names.slice(0, namedOfMany), t('event.others', {}, names.length - namedOfMany)])
}

/** What happened, in one line. The words differ where I did it or where it is about me. */
export function eventWords(row: Event, { by, person, byMe, aboutMe }: Names): string {
  switch (row.kind) {
    case 'created':
      return byMe ? t('event.createdByMe') : t('event.created', { by })
    case 'joined':
      if (row.supervisor) return t('event.readsAlong', { person })
      if (row.by === row.person) return aboutMe ? t('event.iJoined') : t('event.joined', { person })
      return aboutMe ? t('event.addedMe', { by }) : t(byMe ? 'event.iAdded' : 'event.added', { by, person })
    case 'left':
      if (row.supervisor) return t('event.readsNoMore', { person })
      if (row.by === row.person) return t('event.left', { person })
      return t(byMe ? 'event.iRemoved' : 'event.removed', { by, person })
    case 'role': {
      const role = t(`event.as_${row.role}`)
      if (aboutMe && byMe) return t('event.roleMyself', { role })
      return aboutMe
        ? t('event.roleMe', { by, role })
        : t(byMe ? 'event.iGaveRole' : 'event.role', { by, person, role })
    }
    case 'silenced': {
      const doer = byMe ? t('event.me') : by
      const until = row.until ? momentWords(row.until) : ''
      if (!row.until) return aboutMe ? t('event.unsilencedMe', { by }) : t('event.unsilenced', { by: doer, person })
      return aboutMe ? t('event.silencedMe', { by, until }) : t('event.silenced', { by: doer, person, until })
    }
    case 'pinned':
      if (row.pinned) return byMe ? t('event.iPinned') : t('event.pinned', { by })
      return byMe ? t('event.iUnpinned') : t('event.unpinned', { by })
    case 'changed':
      return changedWords(row, byMe ? t('event.me') : by)
  }
}

function changedWords({ details: now, fields }: Extract<Event, { kind: 'changed' }>, by: string): string {
  const [only] = fields
  if (fields.length !== 1) return t('event.changed', { by })
  switch (only) {
    case 'name':
      return t('event.name', { by, name: now.name ?? '' })
    case 'topic':
      return now.topic ? t('event.topic', { by, topic: now.topic }) : t('event.noTopic', { by })
    case 'picture':
      return t(now.picture ? 'event.picture' : 'event.noPicture', { by })
    case 'closed':
      return t(now.closed ? 'event.closed' : 'event.reopened', { by })
    case 'slowSeconds':
      return now.slowSeconds
        ? t('event.slow', { by, time: durationWords(now.slowSeconds) })
        : t('event.notSlow', { by })
    default:
      return t('event.changed', { by })
  }
}

/** Everybody whose name stands beside or in one of these rows. */
export function namesIn(rows: readonly Row[]): PersonId[] {
  return [...new Set(rows.flatMap((row) => (row.kind === 'message' ? [row.sender] : [row.by, row.person])))].sort()
}
