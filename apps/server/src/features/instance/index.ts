import { randomBytes, timingSafeEqual } from 'node:crypto'
import { AppError, type Instance } from '@sotto/protocol'
import { getInvitation, useInvitation } from '#features/invitations'
import { createPerson, getPerson, hashPassword, permissionsOf } from '#features/people'
import { startSession } from '#features/sessions'
import { transact } from '#platform/database'
import { acts, type Feature, type Platform, reads, writes } from '#platform/feature'
import { changeSettings, currentSettings, keepSettings, shownSettings } from './settings.ts'
import { getInstance, type InstanceRow, lockInstance, updateInstance } from './store.ts'

export { currentSettings } from './settings.ts'

export const instance: Feature = {
  name: 'instance',
  started: keepSettings,
  commands: [
    reads('instance.get', async ({ db }) => toInstance(await getInstance(db))),
    acts('instance.setUp', async (context, input) => {
      const expected = await setupToken(context)
      if (input.setup.length !== expected.length || !timingSafeEqual(Buffer.from(input.setup), Buffer.from(expected)))
        throw new AppError('link_expired', 'setup')
      if ((await getInstance(context.db)).ready) throw new AppError('link_expired', 'setup')
      const passwordHash = await hashPassword(input.password)
      return transact(context.db, async (tx, after) => {
        // Under the lock: of two who open the link at once, one becomes the owner.
        if ((await lockInstance(tx)).ready) throw new AppError('link_expired', 'setup')
        await updateInstance(tx, { ready: true, name: input.instance.trim() })
        const { name, displayName } = input
        const person = await createPerson(tx, {
          name,
          displayName,
          passwordHash,
          role: 'owner',
          createdAt: context.clock.now(),
        })
        const doing = { ...context, tx, after }
        context.audit.record(doing, { action: 'instance.set_up', person: person.id, detail: { name: input.instance } })
        return startSession(doing, person.id, input.device, input.keep)
      })
    }),
    acts('people.signUp', async (context, input) => {
      const { openSignUp } = toInstance(await getInstance(context.db))
      if (input.invitation === undefined && !openSignUp) throw new AppError('forbidden', 'sign-up is by invitation')
      if (input.invitation !== undefined) await getInvitation(context.db, input.invitation, context.clock.now())
      const passwordHash = await hashPassword(input.password)
      return transact(context.db, async (tx, after) => {
        const createdAt = context.clock.now()
        const role = input.invitation === undefined ? 'member' : await useInvitation(tx, input.invitation, createdAt)
        const { name, displayName } = input
        const person = await createPerson(tx, { name, displayName, passwordHash, role, createdAt })
        const doing = { ...context, tx, after }
        context.audit.record(doing, { action: 'person.made', person: person.id, detail: { name, role } })
        return startSession(doing, person.id, input.device, input.keep)
      })
    }),
    reads('invitations.preview', async ({ db, clock }, { invitation }) => {
      const { role, created_by } = await getInvitation(db, invitation, clock.now())
      return { instance: (await getInstance(db)).name, invitedBy: (await getPerson(db, created_by)).displayName, role }
    }),
    writes('instance.update', async (context, { name, openSignUp }) => {
      const change = {
        ...(name !== undefined && { name: name.trim() }),
        ...(openSignUp !== undefined && { open_sign_up: openSignUp }),
      }
      context.audit.record(context, { action: 'instance.changed', detail: change })
      return toInstance(await updateInstance(context.tx, change))
    }),
    reads('instance.settings', async (context) =>
      shownSettings(await currentSettings(context), await permissionsOf(context.db, context.actor.person)),
    ),
    writes('instance.changeSettings', changeSettings),
    acts('instance.rotateKeys', async (context) => {
      const conversations = await context.sealing.rotate()
      await transact(context.db, async (tx, after) =>
        context.audit.record({ ...context, tx, after }, { action: 'instance.keys', detail: { conversations } }),
      )
      return { conversations }
    }),
  ],
}

/** What the one-time setup link carries; undefined once the instance has its first admin. */
export async function findSetupToken(platform: Platform): Promise<string | undefined> {
  return (await getInstance(platform.db)).ready ? undefined : setupToken(platform)
}

/** The same at every start and on every server until it is used. */
async function setupToken({ sealing }: Platform): Promise<string> {
  return (await sealing.secret('setup-link', () => randomBytes(24))).toString('base64url')
}

function toInstance({ name, ready, open_sign_up }: InstanceRow): Instance {
  return { name, ready, openSignUp: ready && open_sign_up }
}
