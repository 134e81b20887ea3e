import { AppError, type RelationshipKind } from '@sotto/protocol'
import type { Db, Tx } from '#platform/database'
import { type Command, reads, writes } from '#platform/feature'
import { deleteKind, insertKind, listKinds, listRelationships, updateKind } from './store.ts'
import { lockRules, supervise } from './supervision.ts'

export const kindHandlers: readonly Command[] = [
  reads('relationships.kinds', async ({ db }) => ({ kinds: await listKinds(db) })),
  writes('relationships.makeKind', async (context, { kind: id, ...wanted }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const kind = { id, ...wanted, ...tidy(wanted), builtIn: false }
    if (!(await insertKind(tx, kind))) throw new AppError('name_taken', 'kind')
    audit.record(context, { action: 'relationship.kind', detail: { kind } })
    return kind
  }),
  writes('relationships.changeKind', async (context, { kind: id, ...wanted }) => {
    const { tx, audit } = context
    await lockRules(tx)
    const before = await getKind(tx, id)
    const names = before.builtIn ? { name: '', backName: '' } : tidy(wanted)
    const kind = { ...before, ...wanted, ...names }
    await updateKind(tx, kind)
    audit.record(context, { action: 'relationship.kind', detail: { kind, before } })
    if (kind.supervises !== before.supervises) await supervise(context, 'all')
    return kind
  }),
  writes('relationships.deleteKind', async (context, { kind: id }) => {
    const { tx, audit } = context
    await lockRules(tx)
    if ((await getKind(tx, id)).builtIn) throw new AppError('forbidden', 'built-in')
    if ((await listRelationships(tx, { kind: id }, { limit: 1 })).length > 0) throw new AppError('conflict', 'in use')
    await deleteKind(tx, id)
    audit.record(context, { action: 'relationship.kind', detail: { kind: { id }, deleted: true } })
    return {}
  }),
]

/** Throws `not_found`. */
export async function getKind(db: Db | Tx, id: string): Promise<RelationshipKind> {
  const kind = (await listKinds(db)).find((candidate) => candidate.id === id)
  if (!kind) throw new AppError('not_found', 'kind')
  return kind
}

function tidy(wanted: { name: string; backName: string }) {
  const [name, backName] = [wanted.name.trim(), wanted.backName.trim()]
  if (name === '' || backName === '') throw new AppError('invalid_input', name === '' ? 'name' : 'backName')
  return { name, backName }
}
