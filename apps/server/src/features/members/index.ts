import { AppError, type Member } from '@sotto/protocol'
import { enter, exit, findCard, forGood, putCards, requireMay } from '#features/conversations'
import { requireMayFind } from '#features/directory'
import { blockersOf, findPeople, listPeople } from '#features/people'
import { type Feature, reads, writes } from '#platform/feature'
import { invite } from './invite.ts'
import { join } from './join.ts'
import { requireAbove, requireAnotherOwner, requireManyPeople } from './policy.ts'

export const members: Feature = {
  name: 'members',
  commands: [
    reads('members.list', async ({ db, log }, { conversation, prefix = '', after = '', limit = 50 }) => {
      const found = await log.findConversation(db, conversation)
      const among = log.membersOf(conversation)
      const people = await listPeople(db, { prefix: prefix.trim(), after, limit: limit + 1, among })
      const shown = people.slice(0, limit)
      const states = await log.findMembers(
        db,
        conversation,
        shown.map((person) => person.id),
      )
      const byPerson = new Map(states.map((state) => [state.person, state]))
      const window = shown.flatMap(({ id, name, displayName }): Member[] => {
        const state = byPerson.get(id)
        if (!state) return []
        return [
          {
            person: id,
            name,
            displayName,
            role: state.role,
            silencedUntil: state.silencedUntil?.toISOString() ?? null,
          },
        ]
      })
      return {
        members: window,
        count: found?.members ?? 0,
        next: people.length > limit ? (shown.at(-1)?.name ?? null) : null,
      }
    }),

    writes('members.add', async (context, { conversation, people: wanted }) => {
      const { actor } = context
      const locked = await requireMay(context, conversation, 'invite')
      requireManyPeople(locked)
      const people = [...new Set(wanted)].sort()
      await requireMayFind(context, people)
      // Whom they have blocked brings nobody anywhere.
      const blockers = await blockersOf(context.tx, actor.person, people)
      const welcome = people.filter((person) => !blockers.has(person))
      return { added: await enter(context, locked, welcome, actor) }
    }),

    writes('members.remove', async (context, { conversation, person, banMinutes }) => {
      const { tx, log, actor, clock } = context
      const locked = await requireMay(context, conversation, 'moderate')
      requireManyPeople(locked)
      const [them] = await log.findMembers(tx, conversation, [person])
      if (!them) throw new AppError('not_found', 'person')
      requireAbove(context, locked, them)
      if (them.role === 'owner' && locked.members > 1) await requireAnotherOwner(context, conversation)
      const bannedUntil = banMinutes ? new Date(clock.now().getTime() + banMinutes * 60_000) : forGood
      await exit(context, conversation, person, actor, banMinutes === undefined ? undefined : bannedUntil)
      return {}
    }),

    writes('members.bans', async (context, { conversation }) => {
      const { tx, log, clock } = context
      requireManyPeople(await requireMay(context, conversation, 'moderate'))
      const bans = await log.bans(tx, conversation, clock.now())
      const people = await findPeople(
        tx,
        bans.map((ban) => ban.person),
      )
      return {
        bans: people
          .sort((one, other) => (one.name < other.name ? -1 : 1))
          .map(({ id, name, displayName }) => {
            const until = bans.find((ban) => ban.person === id)?.until ?? forGood
            return { person: id, name, displayName, until: until < forGood ? until.toISOString() : null }
          }),
      }
    }),

    writes('members.unban', async (context, { conversation, person }) => {
      const { tx, log } = context
      requireManyPeople(await requireMay(context, conversation, 'moderate'))
      if (!(await log.liftBan(tx, conversation, person))) throw new AppError('not_found', 'person')
      context.audit.record(context, { action: 'member.banned', conversation, person, detail: { lifted: true } })
      return {}
    }),

    writes('members.leave', async (context, { conversation }) => {
      const { tx, log, actor } = context
      const locked = await log.lock(tx, conversation)
      requireManyPeople(locked)
      const [me] = await log.findMembers(tx, conversation, [actor.person])
      if (!me) throw new AppError('not_found', 'conversation')
      if (me.role === 'owner' && locked.members > 1) await requireAnotherOwner(context, conversation)
      await exit(context, conversation, actor.person, actor)
      return {}
    }),

    writes('members.setRole', async (context, { conversation, person, role }) => {
      const { tx, after, log, actor } = context
      requireManyPeople(await requireMay(context, conversation, 'manage'))
      const [them] = await log.findMembers(tx, conversation, [person])
      if (!them) throw new AppError('not_found', 'person')
      if (them.role === role) return {}
      if (them.role === 'owner') await requireAnotherOwner(context, conversation)
      await log.setRole(tx, after, conversation, person, role, actor)
      context.audit.record(context, {
        action: 'member.role',
        conversation,
        person,
        detail: { before: them.role, role },
      })
      const card = await findCard(context, tx, person, conversation)
      if (card) await putCards(context, tx, after, [[person, { ...card, role }]])
      return {}
    }),

    writes('members.silence', async (context, { conversation, person, minutes }) => {
      const { tx, after, log, actor, clock } = context
      const locked = await requireMay(context, conversation, 'moderate')
      requireManyPeople(locked)
      const [them] = await log.findMembers(tx, conversation, [person])
      if (!them) throw new AppError('not_found', 'person')
      requireAbove(context, locked, them)
      const until = minutes === 0 ? null : new Date(clock.now().getTime() + minutes * 60_000)
      await log.silence(tx, after, conversation, person, until, actor)
      context.audit.record(context, { action: 'member.silenced', conversation, person, detail: { minutes } })
      return {}
    }),

    writes('members.invite', invite),
    writes('members.join', join),
  ],
}
