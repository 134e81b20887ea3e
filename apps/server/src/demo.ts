import { randomUUID } from 'node:crypto'
import type { ClientId, CommandName, Input, Person, Reply, SignedIn } from '@sotto/protocol'
import type { Clock } from '#platform/clock'
import type { Actor } from '#platform/feature'
import type { Dispatch } from './edge/dispatch.ts'

/** Everybody in the demo signs in with this. */
export const demoPassword = 'school-by-the-sea'

/** A clock that the demo winds back to write history, and lets go afterwards. */
export function movingClock(): Clock & { goTo(time: Date | null): void } {
  let behindMs = 0
  return {
    now: () => new Date(Date.now() - behindMs),
    goTo(time) {
      behindMs = time === null ? 0 : Date.now() - time.getTime()
    },
  }
}

interface Role {
  readonly name: string
  readonly displayName: string
  readonly status: string
}

const head: Role = { name: 'ines.castro', displayName: 'Ines Castro', status: 'Head of school' }

const staff: readonly Role[] = [
  { name: 'tom.becker', displayName: 'Tom Becker', status: 'Class 5a, mathematics' },
  { name: 'mira.patel', displayName: 'Mira Patel', status: 'Class 5b, science' },
  { name: 'jonas.lind', displayName: 'Jonas Lind', status: 'Sports, both classes' },
  { name: 'sofia.rossi', displayName: 'Sofia Rossi', status: 'School nurse' },
]

const classes: readonly { readonly name: string; readonly pupils: readonly string[] }[] = [
  {
    name: '5a',
    pupils: [
      'Ana Moreau',
      'Ben Okafor',
      'Clara Holm',
      'David Kim',
      'Elif Demir',
      'Finn Murphy',
      'Grace Adeyemi',
      'Hugo Silva',
    ],
  },
  {
    name: '5b',
    pupils: [
      'Ida Nowak',
      'Jun Tanaka',
      'Karim Haddad',
      'Lena Vogel',
      'Mateo Cruz',
      'Nora Berg',
      'Omar Farah',
      'Pia Keller',
    ],
  },
]

const guardians: readonly Role[] = [
  { name: 'lucie.moreau', displayName: 'Lucie Moreau', status: 'Guardian of Ana, 5a' },
  { name: 'chidi.okafor', displayName: 'Chidi Okafor', status: 'Guardian of Ben, 5a' },
  { name: 'kenji.tanaka', displayName: 'Kenji Tanaka', status: 'Guardian of Jun, 5b' },
  { name: 'amal.haddad', displayName: 'Amal Haddad', status: 'Guardian of Karim, 5b' },
]

/** Days ago, who writes to whom, and what they say by turns. */
const talks: readonly {
  readonly daysAgo: number
  readonly between: readonly [string, string]
  readonly says: readonly string[]
}[] = [
  {
    daysAgo: 9,
    between: ['lucie.moreau', 'tom.becker'],
    says: [
      'Good morning Mr Becker, Ana has a fever and stays at home today.',
      'Thank you for telling me. I wish her a quick recovery.',
      'Could you send the homework? She will be bored by noon.',
      'Page 34, exercises 2 to 5. No hurry, next week is fine.',
    ],
  },
  {
    daysAgo: 4,
    between: ['tom.becker', 'mira.patel'],
    says: [
      'Can we swap rooms on Thursday? I need the projector.',
      'Fine with me. Mine has the broken blind, so bring your own darkness.',
      'Deal. I will tell 5a.',
      'And I tell 5b. Ten o’clock?',
      'Ten o’clock.',
    ],
  },
  {
    daysAgo: 3,
    between: ['ana.moreau', 'tom.becker'],
    says: [
      'I did exercise 5 in two ways and got two answers',
      'Then one of them is wrong, or both are. Which one would you bet on?',
      'The second, because it is smaller than the first number',
      'That is a good reason. Write it down exactly like that.',
    ],
  },
  {
    daysAgo: 2,
    between: ['amal.haddad', 'mira.patel'],
    says: [
      'Karim forgot his swimming things. I can bring them at eleven.',
      'Please leave them at the entrance, I will fetch them.',
      'Done. Blue bag, his name is on it.',
    ],
  },
  {
    daysAgo: 1,
    between: ['sofia.rossi', 'ines.castro'],
    says: [
      'The first-aid boxes are complete again, both floors.',
      'Thank you, Sofia. The sports hall too?',
      'Tomorrow. Jonas has the key.',
    ],
  },
  {
    daysAgo: 0,
    between: ['ines.castro', 'tom.becker'],
    says: [
      'The inspector comes on Monday instead of Friday.',
      'Then I move the test. Thank you for the warning.',
      'No warning: an announcement. She likes your class.',
    ],
  },
]

const longTalk = { between: ['mira.patel', 'jonas.lind'] as const, messages: 600 }
const remarks = [
  'Did you see the new timetable?',
  'Yes. It looks better than the last one.',
  'Sports day is on the 14th, if the weather holds.',
  'I have booked the field for both classes.',
  'Who brings the measuring tape?',
  'I do. And the whistle.',
  'Karim ran the 50 metres in 8.4 today.',
  'Tell him, he will not believe it from me.',
  'The lost property box is full again.',
  'Three single shoes, as always.',
]

/**
 * Fills an empty instance with a school: its staff, two classes of pupils, guardians, and weeks of threads. Everything is said through the
 * same commands that people use.
 */
export async function fillDemo(
  dispatch: Dispatch,
  setup: string,
  clock: ReturnType<typeof movingClock>,
): Promise<void> {
  const actors = new Map<string, Actor & { readonly profile: Person }>()
  const origin = { address: '127.0.0.1', refreshCookie: undefined, link: null, setRefreshCookie() {} }
  const call = <Name extends CommandName>(actor: Actor | null, name: Name, input: Input<Name>) =>
    dispatch(actor, name, input, origin) as Promise<Reply<Name>>
  const account = ({ name, displayName }: Role) =>
    ({ name, displayName, password: demoPassword, device: 'Demo', keep: 'token' }) as const

  async function enter(role: Role, signedIn: SignedIn): Promise<void> {
    const actor = { person: signedIn.person.id, session: signedIn.session as Actor['session'] }
    actors.set(role.name, { ...actor, profile: signedIn.person })
    await call(actor, 'people.updateProfile', { status: role.status })
  }

  function who(name: string) {
    const actor = actors.get(name)
    if (!actor) throw new Error(`nobody in the demo is called ${name}`)
    return actor
  }

  /** Who writes has read what came before. */
  async function say(from: string, to: string, text: string, at: Date): Promise<void> {
    clock.goTo(at)
    const message = { person: who(to).person, clientId: randomUUID() as ClientId, text }
    const { conversation, place } = await call(who(from), 'threads.start', message)
    await call(who(from), 'receipts.read', { conversation, place })
  }

  await enter(head, await call(null, 'instance.setUp', { setup, instance: 'School by the Sea', ...account(head) }))
  const everyone = [
    ...staff,
    ...guardians,
    ...classes.flatMap(({ name, pupils }) => pupils.map((pupil) => pupilOf(name, pupil))),
  ]
  const invite = { role: 'member', uses: everyone.length, expiresInHours: 1 } as const
  const { token } = await call(who(head.name), 'invitations.create', invite)
  await Promise.all(
    everyone.map(async (role) =>
      enter(role, await call(null, 'people.signUp', { invitation: token, ...account(role) })),
    ),
  )

  const [one, other] = longTalk.between
  for (let index = 0; index < longTalk.messages; index++) {
    const minutesAgo = (longTalk.messages - index) * 97 + 2_000
    const [from, to] = index % 2 === 0 ? [one, other] : [other, one]
    await say(from, to, remarks[index % remarks.length] as string, new Date(Date.now() - minutesAgo * 60_000))
  }
  for (const { daysAgo, between, says } of talks)
    for (const [index, text] of says.entries()) {
      const minutesAgo = daysAgo * 24 * 60 + (says.length - index) * 4
      await say(
        between[index % 2] as string,
        between[(index + 1) % 2] as string,
        text,
        new Date(Date.now() - minutesAgo * 60_000),
      )
    }
  clock.goTo(null)
}

function pupilOf(className: string, displayName: string): Role {
  return { name: displayName.toLowerCase().replace(' ', '.'), displayName, status: `Class ${className}` }
}
