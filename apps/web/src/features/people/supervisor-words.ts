import type { PersonId, Policy, Supervisor } from '@sotto/protocol'
import { listWords, t } from '#words/t.ts'
import type { Look } from './use-look.ts'

const builtIn = { 'teacher-of': 'teacher', 'guardian-of': 'guardian', 'care-team-of': 'careTeam' } as const

/** The person a thread is with. */
interface Other {
  readonly id: PersonId
  readonly displayName: string
}

/** Who reads a thread along and why, a sentence for each. */
export function supervisorWords(supervisors: readonly Supervisor[], other: Other): string {
  return supervisors
    .map(({ displayName: name, by }) => {
      if (by.length === 0) return t('supervision.reads', { name })
      return t('supervision.readsAs', { name, as: listWords(by.map((reason) => reasonWords(reason, other))) })
    })
    .join(' ')
}

/** The names alone, for where a line is short. */
export function supervisorNames(supervisors: readonly Supervisor[]): string {
  return listWords(supervisors.map(({ displayName }) => displayName))
}

/** Everybody who can read a thread of two, in one short line without the name of the policy. */
export function shortReadersWords({ displayName: name }: Other, look: Look | null, policy: Policy): string {
  if (policy === 'private') return t('policy.shortPrivate', { name })
  if (policy === 'managed') return t('policy.short', { name })
  return look && look.supervisors.length > 0
    ? t('policy.shortBy', { name, supervisors: supervisorNames(look.supervisors) })
    : t('policy.shortSupervised', { name })
}

function reasonWords({ kind, name, of }: Supervisor['by'][number], other: Other): string {
  const mine = of !== other.id
  const known = Object.hasOwn(builtIn, kind) ? builtIn[kind as keyof typeof builtIn] : null
  if (known) return mine ? t(`supervision.${known}Mine`) : t(`supervision.${known}`, { of: other.displayName })
  return mine
    ? t('supervision.otherMine', { kind: name })
    : t('supervision.other', { kind: name, of: other.displayName })
}
