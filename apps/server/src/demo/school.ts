import type { Effects, Permission } from '@sotto/protocol'

// The school of the demo: who is there, what binds them, where they talk and what they say.

export interface Somebody {
  readonly name: string
  readonly displayName: string
  readonly status: string
  /** Their instance role. */
  readonly role: string
}

/** What the school’s own roles permit. */
export const roles: readonly { readonly id: string; readonly name: string; readonly permissions: Permission[] }[] = [
  {
    id: 'teacher',
    name: 'Teacher',
    permissions: ['people.browse', 'threads.start', 'groups.create', 'channels.browse', 'channels.create', 'bulk.send'],
  },
  { id: 'pupil', name: 'Pupil', permissions: ['channels.browse'] },
  { id: 'guardian', name: 'Guardian', permissions: ['channels.browse'] },
]

export const head: Somebody = {
  name: 'ines.castro',
  displayName: 'Ines Castro',
  status: 'Head of school',
  role: 'owner',
}

export const staff: readonly Somebody[] = [
  { name: 'tom.becker', displayName: 'Tom Becker', status: 'Class 5a, mathematics', role: 'teacher' },
  { name: 'mira.patel', displayName: 'Mira Patel', status: 'Class 5b, science', role: 'teacher' },
  { name: 'jonas.lind', displayName: 'Jonas Lind', status: 'Sports, both classes', role: 'teacher' },
  { name: 'sofia.rossi', displayName: 'Sofia Rossi', status: 'School nurse', role: 'moderator' },
]

export const classes: readonly { readonly name: string; readonly pupils: readonly string[] }[] = [
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

export const guardians: readonly Somebody[] = [
  { name: 'lucie.moreau', displayName: 'Lucie Moreau', status: 'Guardian of Ana, 5a', role: 'guardian' },
  { name: 'chidi.okafor', displayName: 'Chidi Okafor', status: 'Guardian of Ben, 5a', role: 'guardian' },
  { name: 'kenji.tanaka', displayName: 'Kenji Tanaka', status: 'Guardian of Jun, 5b', role: 'guardian' },
  { name: 'amal.haddad', displayName: 'Amal Haddad', status: 'Guardian of Karim, 5b', role: 'guardian' },
]

/** Days ago, who writes to whom, and what they say by turns. */
export const talks: readonly {
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
    between: ['clara.holm', 'elif.demir'],
    says: [
      'Do you have the picture of the board from yesterday?',
      'Only half of it, Hugo stood in front',
      'Half is enough, I have the other half',
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

export const longTalk = { between: ['mira.patel', 'jonas.lind'] as const, messages: 600 }
export const remarks = [
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

/** Kinds of relationships of the school’s own. */
export const kinds: readonly ({ readonly kind: string; readonly name: string; readonly backName: string } & Effects)[] =
  [
    {
      kind: 'contact-of',
      name: 'is the contact of',
      backName: 'has as contact',
      find: 'both',
      start: 'both',
      supervises: false,
    },
    {
      kind: 'in-class-with',
      name: 'goes to school with',
      backName: 'goes to school with',
      find: 'both',
      start: 'both',
      supervises: false,
    },
  ]

/** From, kind, to: names of people, or of circles. */
export const relationships: readonly (readonly [string, string, string])[] = [
  ['tom.becker', 'teacher-of', 'Class 5a'],
  ['mira.patel', 'teacher-of', 'Class 5b'],
  ['tom.becker', 'contact-of', 'Guardians of 5a'],
  ['mira.patel', 'contact-of', 'Guardians of 5b'],
  ['sofia.rossi', 'care-team-of', 'Class 5a'],
  ['sofia.rossi', 'care-team-of', 'Class 5b'],
  ['lucie.moreau', 'guardian-of', 'ana.moreau'],
  ['chidi.okafor', 'guardian-of', 'ben.okafor'],
  ['kenji.tanaka', 'guardian-of', 'jun.tanaka'],
  ['amal.haddad', 'guardian-of', 'karim.haddad'],
  // Pupils of a class find and write to each other.
  ['Class 5a', 'in-class-with', 'Class 5a'],
  ['Class 5b', 'in-class-with', 'Class 5b'],
]

export interface Room {
  readonly kind: 'group' | 'channel'
  readonly name: string
  readonly topic: string
  readonly category?: string
  readonly by: string
  /** Few write, all read. */
  readonly announcement?: boolean
  /** Whether everybody finds it. */
  readonly listed?: boolean
  /** Names of people, or of circles. */
  readonly members: readonly string[]
  /** Days ago, who, what. */
  readonly says: readonly (readonly [number, string, string])[]
}

export const rooms: readonly Room[] = [
  {
    kind: 'channel',
    name: 'Announcements',
    topic: 'From the head of school to everybody',
    category: 'School',
    by: 'ines.castro',
    announcement: true,
    listed: true,
    members: ['Staff', 'Class 5a', 'Class 5b', 'Guardians of 5a', 'Guardians of 5b'],
    says: [
      [12, 'ines.castro', 'Welcome back. The timetable is at the entrance, and the library opens on Wednesday.'],
      [5, 'ines.castro', 'The heating in the east wing is repaired. Bring a jumper on Thursday all the same.'],
      [1, 'ines.castro', 'Sports day is on the 14th, from nine to one. Guardians are welcome from eleven.'],
    ],
  },
  {
    kind: 'channel',
    name: 'Class 5a',
    topic: 'Homework, dates and what was on the board',
    category: 'Classes',
    by: 'tom.becker',
    listed: false,
    members: ['Class 5a'],
    says: [
      [4, 'tom.becker', 'On Thursday we swap rooms with 5b. Ten o’clock, bring a ruler.'],
      [4, 'ben.okafor', 'The long ruler or the short one?'],
      [4, 'tom.becker', 'The one you have.'],
      [3, 'grace.adeyemi', 'Is page 34 for tomorrow or for Friday?'],
      [3, 'tom.becker', 'Friday. Exercises 2 to 5.'],
      [1, 'finn.murphy', 'David cannot count to five anyway'],
      [1, 'ana.moreau', 'That was not kind, Finn.'],
    ],
  },
  {
    kind: 'channel',
    name: 'Class 5b',
    topic: 'Science, projects and dates',
    category: 'Classes',
    by: 'mira.patel',
    listed: false,
    members: ['Class 5b'],
    says: [
      [2, 'mira.patel', 'The beans have sprouted. Draw yours before Monday, please.'],
      [2, 'nora.berg', 'Mine has two leaves and one opinion'],
    ],
  },
  {
    kind: 'channel',
    name: 'Lost property',
    topic: 'Found something? Say what and where',
    category: 'School',
    by: 'jonas.lind',
    listed: true,
    members: ['sofia.rossi', 'mira.patel'],
    says: [
      [6, 'sofia.rossi', 'A green lunch box with a dinosaur, first floor.'],
      [2, 'jonas.lind', 'Three single shoes, sports hall. As always.'],
    ],
  },
  {
    kind: 'group',
    name: 'Sports day',
    topic: 'The 14th, field behind the hall',
    by: 'jonas.lind',
    members: ['tom.becker', 'mira.patel', 'sofia.rossi'],
    says: [
      [2, 'jonas.lind', 'I have the field from eight. Who brings the measuring tape?'],
      [2, 'mira.patel', 'I do. And the whistle.'],
      [1, 'sofia.rossi', 'First aid is on the bench by the gate.'],
      [1, 'tom.becker', '5a wants a relay. I said I would ask.'],
    ],
  },
]

/** Who reports whose last words where. */
export const report = { by: 'ana.moreau', about: 'finn.murphy', in: 'Class 5a', reason: 'harassment' } as const

/** One message to many, each in their own thread. */
export const letter = {
  by: 'tom.becker',
  to: 'Guardians of 5a',
  daysAgo: 1,
  text: 'Dear {name}, on Thursday 5a ends at one o’clock because of the swapped rooms. Tom Becker',
}
