import { maxImportBytes, maxImportLines } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { fetchRest, startTestServer, type TestServer } from '../../testing/server.ts'

const file = (...lines: string[]) => ['from,kind,to,from_date,until_date', ...lines, ''].join('\n')

async function withSchool() {
  const server = await startTestServer()
  const [tess, pia, paul] = [await server.person('tess'), await server.person('pia'), await server.person('paul')]
  const { id: circle } = await server.admin.call('circles.create', { name: 'Class 3b, "the bees"' })
  await server.admin.call('circles.setMembers', { circle, add: [pia.id], remove: [] })
  const bring = (csv: string, apply = true) => server.admin.call('relationships.import', { csv, apply })
  const listed = async () => {
    const { relationships } = await server.admin.call('relationships.list', { limit: 100 })
    return relationships.sort((one, other) => (one.kind < other.kind ? -1 : 1))
  }
  return { server, tess, pia, paul, bring, listed }
}

test('a file is tried, applied, applied again without a change, and changes dates', async () => {
  const { server, bring, listed } = await withSchool()
  const csv = file('tess,teacher-of,"circle:class 3B, ""the bees""",2026-01-01,', 'Tess,guardian-of,paul,,2027-01-01')
  const would = { added: 2, changed: 0, unchanged: 0, faults: [], faultCount: 0 }
  expect(await bring(csv, false)).toEqual({ applied: false, ...would })
  expect(await listed()).toEqual([])
  expect(await bring(csv)).toEqual({ applied: true, ...would })
  const once = await listed()
  expect(once).toMatchObject([
    { from: { name: 'tess' }, kind: 'guardian-of', to: { name: 'paul' }, fromDate: null, untilDate: '2027-01-01' },
    { from: { name: 'tess' }, to: { name: 'Class 3b, "the bees"' }, fromDate: '2026-01-01', untilDate: null },
  ])
  expect(await bring(csv)).toMatchObject({ applied: true, added: 0, changed: 0, unchanged: 2 })
  expect(await listed()).toEqual(once)

  const later = file('tess,guardian-of,paul,,2028-01-01', 'pia,guardian-of,paul,,')
  expect(await bring(later, false)).toMatchObject({ added: 1, changed: 1, unchanged: 0 })
  expect(await bring(later)).toMatchObject({ applied: true, added: 1, changed: 1 })
  expect((await listed()).find(({ id }) => id === once[0]?.id)).toMatchObject({ untilDate: '2028-01-01' })
  const { records } = await server.admin.call('audit.list', { action: 'relationship.imported' })
  expect(records.map(({ detail }) => detail)).toMatchObject([
    { added: 1, changed: 1 },
    { added: 0, unchanged: 2 },
    { added: 2, lines: 2 },
  ])
})

test('a bad line names its number, and nothing of the file is applied', async () => {
  const { bring, listed } = await withSchool()
  const csv = file(
    'tess,teacher-of,pia,,', // 2
    'nobody,teacher-of,pia,,', // 3
    'tess,teacher-of,circle:Class 9z,,', // 4
    'tess,aunt-of,pia,,', // 5
    'tess,guardian-of,pia,2026-02-30,', // 6
    'tess,guardian-of,pia,2026-03-02,2026-03-01', // 7
    'tess,guardian-of,tess,,', // 8
    'tess,teacher-of,PIA,,2027-01-01', // 9
    'tess,,pia,,', // 10
    'tess,guardian-of', // 11
    '', // 12
    'tess,guardian-of,paul,,', // 13
    'tess,guar"dian-of,pia,,', // 14
    'pia,guardian-of,paul,,', // 15
  )
  const { applied, added, faults, faultCount } = await bring(csv)
  expect({ applied, added, faultCount }).toEqual({ applied: false, added: 3, faultCount: 10 })
  expect(faults.map(({ line, fault, column }) => [line, fault, column])).toEqual([
    [3, 'unknown_person', 'from'],
    [4, 'unknown_circle', 'to'],
    [5, 'unknown_kind', 'kind'],
    [6, 'bad_date', 'from_date'],
    [7, 'reversed', 'until_date'],
    [8, 'oneself', 'to'],
    [9, 'twice', ''],
    [10, 'missing', 'kind'],
    [11, 'columns', ''],
    [14, 'not_csv', ''],
  ])
  expect(faults[0]?.value).toBe('nobody')
  expect(await listed()).toEqual([])
})

test('files of all programs are read: CRLF, a byte order mark, other orders of columns, empty lines, no dates', async () => {
  const { bring, listed } = await withSchool()
  const csv = '\uFEFFTo,From,Kind\r\n\r\npia , "tess",teacher-of\r\n,,\r\n"paul",tess,teacher-of'
  expect(await bring(csv)).toMatchObject({ applied: true, added: 2, faults: [] })
  expect((await listed()).map(({ to }) => 'name' in to && to.name).sort()).toEqual(['paul', 'pia'])
})

test('a file without a header, of another kind, or with an open quote is told so', async () => {
  const { bring } = await withSchool()
  for (const [csv, line, fault] of [
    ['tess,teacher-of,pia', 1, 'header'],
    ['', 1, 'header'],
    ['from,kind,to,colour\ntess,teacher-of,pia,red', 1, 'header'],
    [file('tess,teacher-of,pia,,', 'tess,"teacher-of,paul,,', 'tess,guardian-of,paul,,'), 4, 'not_csv'],
  ] as const)
    expect(await bring(csv), csv).toMatchObject({ applied: false, faultCount: 1, faults: [{ line, fault }] })
})

test('a large file is answered, with the first thousand faults and their number', async () => {
  const { server, bring, listed } = await withSchool()
  const lines = Array.from(
    { length: maxImportLines - 1 },
    (_, index) => `nobody-${index},teacher-of,circle:None,2026-01-01,`,
  )
  const answer = await bring(file(...lines, 'tess,teacher-of,pia,,'))
  expect(answer).toMatchObject({ applied: false, added: 1, faultCount: 2 * lines.length })
  expect(answer.faults).toHaveLength(1000)
  expect(answer.faults.at(-1)?.line).toBe(501)
  expect(await listed()).toEqual([])
  await expect(bring(file(...lines, 'tess,teacher-of,pia,,', 'tess,teacher-of,paul,,'))).rejects.toMatchObject({
    code: 'too_large',
  })
  await refusesMore(server)
})

test('a large file without a fault is applied', async () => {
  const { server, bring, listed } = await withSchool()
  const count = 5_000
  await server.platform.db.executeQuery({
    sql: `insert into people (id, name, display_name, role, password_hash, created_at)
      select gen_random_uuid(), 'pupil' || n, 'Pupil', 'guest', '', now() from generate_series(1, ${count}) n`,
    parameters: [],
    query: { kind: 'RawNode' },
  } as never)
  const csv = file(...Array.from({ length: count }, (_, index) => `tess,teacher-of,pupil${index + 1},,2030-07-31`))
  expect(await bring(csv)).toMatchObject({ applied: true, added: count })
  expect(await bring(csv)).toMatchObject({ applied: true, added: 0, changed: 0, unchanged: count })
  expect(await listed()).toHaveLength(100)
})

test('a file as large as may be with three bad lines names them and applies nothing, and once mended it is applied', async () => {
  const { server, bring } = await withSchool()
  const run = async (sql: string) =>
    (await server.platform.db.executeQuery({ sql, parameters: [], query: { kind: 'RawNode' } } as never)).rows
  const count = async () => (await run('select count(*)::int as count from relationships'))[0]
  const [teachers, pupils] = [100, maxImportLines / 100]
  for (const [name, many] of [
    ['teacher', teachers],
    ['pupil', pupils],
  ] as const)
    await run(`insert into people (id, name, display_name, role, password_hash, created_at)
      select gen_random_uuid(), '${name}' || n, 'X', 'guest', '', now() from generate_series(1, ${many}) n`)
  const good = Array.from(
    { length: maxImportLines },
    (_, index) => `teacher${(index % teachers) + 1},teacher-of,pupil${Math.floor(index / teachers) + 1},,2030-07-31`,
  )
  const bad = [...good]
  bad[0] = 'teacher0,teacher-of,pupil1,,2030-07-31'
  bad[25_000] = bad[24_999] as string
  bad[maxImportLines - 1] = `teacher100,teacher-of,pupil${pupils},,2030-02-30`
  const faults = [
    { line: 2, fault: 'unknown_person', column: 'from', value: 'teacher0' },
    { line: 25_002, fault: 'twice', column: '' },
    { line: maxImportLines + 1, fault: 'bad_date', column: 'until_date', value: '2030-02-30' },
  ]
  for (const apply of [false, true]) {
    expect(await bring(file(...bad), apply)).toMatchObject({
      applied: false,
      added: maxImportLines - 3,
      faultCount: 3,
      faults,
    })
    expect(await count()).toEqual({ count: 0 })
  }
  expect(await bring(file(...good), false)).toMatchObject({ applied: false, added: maxImportLines, faultCount: 0 })
  expect(await count()).toEqual({ count: 0 })
  expect(await bring(file(...good))).toMatchObject({ applied: true, added: maxImportLines, faultCount: 0 })
  expect(await count()).toEqual({ count: maxImportLines })
})

/** The larger body is for this command and for people who are signed in. */
async function refusesMore(server: TestServer) {
  const headers = { authorization: `Bearer ${server.admin.signedIn.accessToken}` }
  const large = { csv: 'x'.repeat(maxImportBytes), apply: false }
  expect((await fetchRest(server.url, 'relationships.import', large, headers)).status).toBe(413)
  const smaller = { csv: 'x'.repeat(maxImportBytes / 8), apply: false }
  expect((await fetchRest(server.url, 'relationships.import', smaller, headers)).status).toBe(200)
  expect((await fetchRest(server.url, 'relationships.import', smaller)).status).toBe(401)
  expect((await fetchRest(server.url, 'circles.create', { name: 'x'.repeat(100_000) }, headers)).status).toBe(413)
}
