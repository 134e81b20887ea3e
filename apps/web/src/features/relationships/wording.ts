import type { Client } from '@sotto/client'
import type { Circle, NamedParty, Relationship, RelationshipKind } from '@sotto/protocol'
import { type InjectionKey, inject, provide, type ShallowRef, shallowRef } from 'vue'
import { t, type WordKey } from '#words/t.ts'

const builtIn: Readonly<Record<string, readonly [forward: WordKey, back: WordKey]>> = {
  'teacher-of': ['kinds.teacherOf', 'kinds.taughtBy'],
  'guardian-of': ['kinds.guardianOf', 'kinds.wardOf'],
  'care-team-of': ['kinds.careTeamOf', 'kinds.caredForBy'],
}

/** What a kind is called: the built-in ones in the person’s language, the others as the organisation named them. */
export function kindWords(id: string, kinds: readonly RelationshipKind[]): string {
  const words = builtIn[id]
  return words ? t(words[0]) : kinds.find((kind) => kind.id === id)?.name || id
}

/** The same seen from the other side. */
export function backWords(id: string, kinds: readonly RelationshipKind[]): string {
  const words = builtIn[id]
  return words ? t(words[1]) : kinds.find((kind) => kind.id === id)?.backName || id
}

export const partyWords = (party: NamedParty): string => ('circle' in party ? party.name : party.displayName)

/** “Ana Moreau teaches Year 7”. */
export function relationshipWords({ from, kind, to }: Relationship, kinds: readonly RelationshipKind[]): string {
  return t('relationships.sentence', { from: partyWords(from), kind: kindWords(kind, kinds), to: partyWords(to) })
}

export function dayWords(day: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
}

export function spanWords(
  { fromDate, untilDate }: Pick<Relationship, 'fromDate' | 'untilDate'>,
  locale: string,
): string {
  if (fromDate && untilDate)
    return t('relationships.span', { from: dayWords(fromDate, locale), until: dayWords(untilDate, locale) })
  if (fromDate) return t('relationships.since', { date: dayWords(fromDate, locale) })
  if (untilDate) return t('relationships.till', { date: dayWords(untilDate, locale) })
  return t('relationships.always')
}

const kindsKey: InjectionKey<ShallowRef<readonly RelationshipKind[]>> = Symbol('kinds')

/** The kinds, shared by all parts of the page. */
export function provideKinds() {
  const kinds = shallowRef<readonly RelationshipKind[]>([])
  provide(kindsKey, kinds)
  return kinds
}
export function useKinds(): ShallowRef<readonly RelationshipKind[]> {
  const kinds = inject(kindsKey)
  if (!kinds) throw new Error('Nobody has asked for the kinds.')
  return kinds
}

/** All circles, for fields to choose from. */
export async function allCircles(client: Client): Promise<readonly Circle[]> {
  const found: Circle[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page: { circles: readonly Circle[]; next: string | null } = await client.call('circles.list', {
      limit: 100,
      ...(after !== undefined && { after }),
    })
    found.push(...page.circles)
    after = page.next
  }
  return found
}
