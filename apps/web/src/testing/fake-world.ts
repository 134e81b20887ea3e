import type {
  Ban,
  ClientId,
  ConversationCard,
  ConversationId,
  Details,
  Draft,
  Entry,
  EntryId,
  Invitation,
  ModerationNotice,
  Person,
  PersonId,
  Receipt,
  SeatRequest,
  Session,
  Settings,
} from '@sotto/protocol'
import { defaultDetails, defaultSettings } from '@sotto/protocol/pure'

/** A small school in memory: enough people and threads to look at every screen without a server. */
export interface Thread {
  card: ConversationCard
  details: Details
  members: PersonId[]
  entries: Entry[]
  read: number
  receipts: Receipt[]
  draft: string | null
  typing: PersonId[]
  /** Places from here on are held; older ones are fetched. */
  heldFrom: number
}

export interface Waiting {
  key: ClientId
  target: { conversation: ConversationId } | { person: PersonId }
  text: string
  at: string
  failed: boolean
}

export interface World {
  instance: { name: string; ready: boolean; openSignUp: boolean }
  me: Person
  people: Map<PersonId, Person>
  presence: Map<PersonId, 'online' | 'away' | 'offline'>
  threads: Map<ConversationId, Thread>
  waiting: Waiting[]
  requests: SeatRequest[]
  drafts: Map<PersonId, Draft['text']>
  settings: Settings
  sessions: Session[]
  invitations: Invitation[]
  /** What messages say since they were edited, and who deleted which. */
  edits: Map<EntryId, string>
  deletions: Map<EntryId, 'sender' | 'moderator'>
  notices: ModerationNotice[]
  blocks: PersonId[]
  mutes: PersonId[]
  bans: { conversation: ConversationId; ban: Ban }[]
}

let made = 0
export function uuid<Id extends string>(): Id {
  made++
  return `0193${made.toString(16).padStart(4, '0')}-0000-7000-8000-${(made * 7919).toString(16).padStart(12, '0')}` as Id
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

function person(name: string, displayName: string, more: Partial<Person> = {}): Person {
  return { id: uuid<PersonId>(), name, displayName, status: '', timeZone: '', picture: null, role: 'member', ...more }
}

export function makeWorld(): World {
  const me = person('rita.moreau', 'Rita Moreau', {
    role: 'admin',
    timeZone: 'Europe/Paris',
    status: 'In the office until four',
  })
  const ana = person('ana', 'Ana Petrović', { status: 'Teaching until noon', timeZone: 'Europe/Belgrade' })
  const ben = person('ben.okafor', 'Ben Okafor', { timeZone: 'Africa/Lagos' })
  const others = [
    person('chiara', 'Chiara Rossi'),
    person('daniel', 'Daniel Weiss', { role: 'admin' }),
    person('ewa.n', 'Ewa Nowak'),
    person('farid', 'Farid Haddad', { status: 'Away this week' }),
    person('grace', 'Grace Kim', { timeZone: 'Asia/Seoul' }),
    person('hiro', '田中 浩'),
    person('maryam', 'مريم خليل'),
    person('ilse', 'Ilse de Vries'),
    person('jonas', 'Jonas Berg'),
    person('kaya', 'Kaya Ünal'),
    person('leo', 'Leo'),
    person('mara', 'Mara Konstantinopoulou-Featherstonehaugh'),
    person('noor', 'Noor Aziz'),
    person('olu', 'Olu Adeyemi'),
  ]
  const [chiara, daniel, ewa, farid, grace, hiro, maryam] = others as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ]
  const people = new Map([me, ana, ben, ...others].map((who) => [who.id, who]))
  const world: World = {
    instance: { name: 'Northside School', ready: true, openSignUp: false },
    me,
    people,
    presence: new Map([
      [ana.id, 'online'],
      [ben.id, 'away'],
      [chiara.id, 'offline'],
      [grace.id, 'online'],
    ]),
    threads: new Map(),
    waiting: [],
    requests: [],
    drafts: new Map(),
    settings: { ...defaultSettings },
    sessions: [
      {
        id: uuid(),
        device: 'Firefox on Linux',
        address: '192.0.2.14',
        createdAt: ago(9 * day),
        lastUsedAt: ago(0),
        current: true,
      },
      {
        id: uuid(),
        device: 'Safari on iPhone',
        address: '198.51.100.7',
        createdAt: ago(40 * day),
        lastUsedAt: ago(3 * hour),
        current: false,
      },
      {
        id: uuid(),
        device: 'Chrome on Windows',
        address: '203.0.113.99',
        createdAt: ago(61 * day),
        lastUsedAt: ago(12 * day),
        current: false,
      },
    ],
    invitations: [
      {
        id: uuid(),
        role: 'member',
        usesLeft: 23,
        expiresAt: new Date(Date.now() + 6 * day).toISOString(),
        createdAt: ago(day),
      },
      {
        id: uuid(),
        role: 'admin',
        usesLeft: 1,
        expiresAt: new Date(Date.now() + 20 * hour).toISOString(),
        createdAt: ago(4 * hour),
      },
    ],
    edits: new Map(),
    deletions: new Map(),
    notices: [],
    blocks: [],
    mutes: [],
    bans: [],
  }

  const withAna = addThread(world, ana)
  const talk: [mine: boolean, before: number, text: string][] = [
    [false, 3 * day + 4 * hour, 'Good morning Rita. Do we have the gym on Thursday?'],
    [true, 3 * day + 4 * hour - 2 * minute, 'Yes, from two to four.'],
    [
      true,
      3 * day + 4 * hour - 3 * minute,
      'I put your class into the plan: https://plan.northside.example/gym?week=47',
    ],
    [false, 3 * day + 3 * hour, 'Perfect, thank you'],
    [
      false,
      day + 5 * hour,
      'One more thing about the parents’ evening.\n\nCould somebody open the side door at 18:30? The main entrance is under repair, and the families with prams cannot take the stairs.',
    ],
    [true, day + 5 * hour - 8 * minute, 'I will ask Daniel.'],
    [true, day + 2 * hour, 'Daniel has the keys. He will be there at a quarter past six.'],
    [false, day + 2 * hour - minute, 'Wonderful'],
    [true, 4 * hour, 'And the coffee machine is fixed'],
    [false, 52 * minute, 'Great news. I have counted again, we will be 48.'],
    [false, 51 * minute, 'Can we get eight more chairs from the library?'],
    [false, 50 * minute, 'Otherwise I will ask the music room.'],
  ]
  for (const [mine, before, text] of talk) say(withAna, mine ? me : ana, text, ago(before))
  withAna.read = withAna.entries.length - 3
  withAna.receipts = [{ person: ana.id, delivered: 30, read: withAna.entries.length }]

  const withBen = addThread(world, ben)
  for (let i = 0; i < 40; i++) say(withBen, i % 3 === 0 ? me : ben, sentence(i), ago(6 * day - i * 9 * minute))
  say(withBen, me, 'See you on Monday then.', ago(6 * hour))
  withBen.read = withBen.entries.length
  withBen.receipts = [{ person: ben.id, delivered: withBen.entries.length, read: withBen.entries.length - 2 }]

  const withChiara = addThread(world, chiara)
  say(withChiara, chiara, 'Did the order for the lab coats go out?', ago(2 * day))
  withChiara.read = 2
  world.waiting.push(
    {
      key: uuid(),
      target: { conversation: withChiara.card.conversation },
      text: 'It went out on Monday, number 4471.',
      at: ago(30 * minute),
      failed: true,
    },
    {
      key: uuid(),
      target: { conversation: withChiara.card.conversation },
      text: 'They should come this week.',
      at: ago(29 * minute),
      failed: false,
    },
  )

  const withDaniel = addThread(world, daniel)
  say(withDaniel, me, 'Could you open the side door tomorrow?', ago(day + 3 * hour))
  say(withDaniel, daniel, 'Of course.', ago(day + 2.5 * hour))
  withDaniel.read = withDaniel.entries.length
  withDaniel.draft = 'Thank you. One more question about the'

  const withMaryam = addThread(world, maryam)
  say(withMaryam, maryam, 'صباح الخير، هل اجتماع الغد في موعده؟', ago(3 * day))
  say(withMaryam, me, 'Yes, at nine in room 12.', ago(3 * day - hour))
  say(withMaryam, maryam, 'شكرًا جزيلًا', ago(3 * day - 2 * hour))
  withMaryam.read = withMaryam.entries.length

  const withHiro = addThread(world, hiro)
  say(withHiro, hiro, '明日の会議は何時からですか。', ago(9 * day))
  withHiro.read = 2

  const withGrace = addThread(world, grace)
  for (let i = 0; i < 130; i++) say(withGrace, i % 4 === 1 ? me : grace, sentence(i * 5), ago(20 * day - i * 3 * hour))
  for (let i = 0; i < 104; i++) say(withGrace, grace, sentence(i), ago(2 * day - i * 6 * minute))
  withGrace.read = withGrace.entries.length - 104
  withGrace.heldFrom = withGrace.entries.length - 140

  for (const [who, before] of [
    [ewa, 30],
    [farid, 45],
  ] as const) {
    const thread = addThread(world, who)
    say(thread, who, 'Thanks, that settles it.', ago(before * day))
    thread.read = 2
    thread.card = { ...thread.card, archived: true }
  }

  const group = addGroup(world, 'group', { name: 'Science week', topic: 'Rooms, stands, helpers' }, [ana, ben, chiara])
  say(group, ana, 'I can take the biology stand.', ago(3 * hour))
  say(group, ana, 'Two tables near the windows would be good.', ago(3 * hour - minute))
  say(group, me, 'I will ask for them.', ago(2 * hour))
  say(group, ben, 'Physics is mine. Does anybody have the long extension cables?', ago(20 * minute))
  group.read = group.entries.length - 1

  const news = addGroup(world, 'channel', { name: 'announcements', topic: 'What everybody should know' }, others)
  news.details = { ...news.details, rights: { ...news.details.rights, post: 'moderator' } }
  news.card = { ...news.card, role: 'member' }
  say(news, daniel, 'The heating is repaired. Classrooms are warm again.', ago(day))
  news.read = news.entries.length
  const chess = addGroup(world, 'channel', { name: 'chess', topic: 'Thursdays in room 12', category: 'Clubs' }, [ben])
  say(chess, ben, 'Who has seen the game of last night?', ago(2 * day))
  chess.members = chess.members.filter((one) => one !== me.id)

  const open = addThread(world, null)
  open.read = 1
  world.requests.push({ conversation: open.card.conversation, person: others[8]?.id as PersonId, at: ago(5 * minute) })
  return world
}

export function addThread(world: World, other: Person | null): Thread {
  const thread: Thread = {
    card: {
      conversation: uuid<ConversationId>(),
      kind: 'thread',
      policy: 'managed',
      with: other?.id ?? null,
      role: 'member',
      archived: false,
      mutedUntil: null,
      createdAt: ago(40 * day),
    },
    details: defaultDetails.thread,
    members: other ? [world.me.id, other.id] : [world.me.id],
    entries: [],
    read: 0,
    receipts: other ? [{ person: other.id, delivered: 0, read: 0 }] : [],
    draft: null,
    typing: [],
    heldFrom: 1,
  }
  const at = ago(other ? 60 * day : 8 * minute)
  thread.entries.push({
    conversation: thread.card.conversation,
    place: 1,
    id: uuid(),
    sender: world.me.id,
    clientId: uuid(),
    at,
    kind: 'created',
    body: { details: defaultDetails.thread },
  })
  world.threads.set(thread.card.conversation, thread)
  return thread
}

/** A group or channel of these people and me, who made it. */
export function addGroup(
  world: World,
  kind: 'group' | 'channel',
  about: Partial<Details>,
  people: readonly Person[],
): Thread {
  const thread = addThread(world, null)
  thread.details = { ...defaultDetails[kind], ...about }
  thread.card = { ...thread.card, kind, role: 'owner' }
  thread.receipts = people.map(({ id }) => ({ person: id, delivered: 0, read: 0 }))
  const created = thread.entries[0] as Entry
  thread.entries = [{ ...created, kind: 'created', body: { details: thread.details } }]
  for (const person of people) {
    thread.members.push(person.id)
    tell(world, thread, { kind: 'joined', body: { person: person.id, members: thread.members.length } })
  }
  return thread
}

/** Something that happens to a group or channel, by me. */
export function tell(
  world: World,
  thread: Thread,
  news:
    | Pick<Extract<Entry, { kind: 'joined' | 'left' }>, 'kind' | 'body'>
    | Pick<Extract<Entry, { kind: 'changed' }>, 'kind' | 'body'>
    | Pick<Extract<Entry, { kind: 'pinned' }>, 'kind' | 'body' | 'target'>,
) {
  const entry = {
    conversation: thread.card.conversation,
    place: thread.entries.length + 1,
    id: uuid<EntryId>(),
    sender: world.me.id,
    clientId: uuid<ClientId>(),
    at: thread.entries.at(-1)?.at ?? ago(0),
  }
  thread.entries.push({ ...entry, ...news } as Entry)
}

export function say(
  thread: Thread,
  sender: Person,
  text: string,
  at = new Date().toISOString(),
  clientId = uuid<ClientId>(),
): Entry {
  const entry: Entry = {
    conversation: thread.card.conversation,
    place: thread.entries.length + 1,
    id: uuid(),
    sender: sender.id,
    clientId,
    at,
    kind: 'message',
    body: { text },
  }
  thread.entries.push(entry)
  return entry
}

const openings = ['I looked into it:', 'By the way,', 'For tomorrow:', 'As we said,', 'Just so you know,']
const middles = [
  'the room is free',
  'the list is complete',
  'two families have not answered yet',
  'the bus leaves ten minutes earlier',
  'the projector works again',
]
const ends = [
  '.',
  ' and I told the others.',
  ', at least until Friday.',
  '. Let me know if that is a problem, then we find another day and I write to everybody once more.',
]

export function sentence(seed: number): string {
  const pick = (from: string[], step: number): string => from[(seed * step + (seed >> 3)) % from.length] ?? ''
  return `${pick(openings, 3)} ${pick(middles, 7)}${pick(ends, 5)}`
}
