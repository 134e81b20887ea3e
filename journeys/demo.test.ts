import { createClient } from '@sotto/client'
import { expect, test } from 'vitest'
import { takeFolder } from './faults/trials.ts'
import { startProduct } from './product.ts'

test('the demo is a school in which a pupil, a teacher and the head each find what is theirs', {
  timeout: 120_000,
}, async () => {
  const product = await startProduct(await takeFolder(), {}, ['--demo'])
  const signIn = async (name: string) => {
    const client = createClient({ url: product.url })
    await client.signIn({ name, password: 'school-by-the-sea' })
    return client
  }
  try {
    const [pupil, teacher, head] = [await signIn('ana.moreau'), await signIn('tom.becker'), await signIn('ines.castro')]
    const channelsOf = async (client: typeof pupil) =>
      (await client.call('channels.list', {})).channels.map((channel) => channel.details.name)
    expect(await channelsOf(pupil)).toEqual(['Announcements', 'Class 5a', 'Lost property'])
    // Whoever manages channels is shown what others are invited to.
    expect(await channelsOf(head)).toContain('Class 5b')
    const { people } = await pupil.call('people.list', { limit: 100 })
    expect(people.map((person) => person.name)).toContain('tom.becker')
    expect(people.map((person) => person.name)).not.toContain('mira.patel')
    expect((await teacher.call('bulk.list', {})).bulks).toMatchObject([{ state: 'done', sent: 2 }])
    expect((await head.call('reports.list', { state: 'open' })).reports).toHaveLength(1)
    for (const client of [pupil, teacher, head]) await client.close()
  } finally {
    await product.stop()
  }
})
