import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { takeFolder } from './faults/trials.ts'

type Machine = { env: Record<string, string>; root: string; isAdministrator: boolean }
type EnsurePrograms = (wanted: readonly string[], machine: Machine) => Promise<Record<string, string>>
const script = new URL('../scripts/lib/system.mjs', import.meta.url).href
const { ensurePrograms } = (await import(script)) as { ensurePrograms: EnsurePrograms }
const all = ['browser', 'redis', 'postgres']

/** A machine in a folder, with nothing on it but an apt-get that notes how it was called and brings what it is told to. */
async function bareMachine(brings: Readonly<Record<string, string>> = {}, release = 'ID=debian') {
  const root = await takeFolder()
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
    await chmod(join(root, path), 0o755)
  }
  await put('etc/os-release', `NAME="A system"\n${release}\n`)
  const installs = Object.entries(brings).map(
    ([path, version]) => `mkdir -p ${dirname(join(root, path))}
      printf '#!/bin/sh\\necho "${version}"\\n' > ${join(root, path)}; chmod +x ${join(root, path)}`,
  )
  await put(
    'usr/bin/apt-get',
    `#!/bin/sh
    PATH=/usr/bin:/bin
    echo "$DEBIAN_FRONTEND" "$@" >> ${root}/calls
    cat ${root}/etc/postgresql-common/createcluster.d/* >> ${root}/clusters
    [ "$1" = update ] || { ${installs.join('\n')}\n true; }`,
  )
  const read = (name: string) => readFile(join(root, name), 'utf8').catch(() => '')
  const machine: Machine = { env: { PATH: join(root, 'usr/bin') }, root, isAdministrator: true }
  return { machine, root, put, calls: () => read('calls'), clusters: () => read('clusters') }
}

const debian = {
  'usr/bin/chromium': 'Chromium 150',
  'usr/bin/redis-server': 'Redis 7',
  'usr/lib/postgresql/15/bin/postgres': 'postgres (PostgreSQL) 15.20',
}

test('on a bare Debian the administrator gets what is missing by apt-get, once, and no cluster of Debian’s', async () => {
  const { machine, root, calls, clusters } = await bareMachine(debian)
  const found = await ensurePrograms(all, machine)
  expect(found).toEqual({
    SOTTO_CHROMIUM: join(root, 'usr/bin/chromium'),
    SOTTO_REDIS_SERVER: join(root, 'usr/bin/redis-server'),
    SOTTO_POSTGRES: join(root, 'usr/lib/postgresql/15/bin/postgres'),
  })
  const [update, install, ...more] = (await calls()).trim().split('\n')
  expect(update).toMatch(/^noninteractive update /)
  expect(install).toMatch(/^noninteractive install -y .*--no-install-recommends .* chromium redis-server postgresql$/)
  expect(more).toEqual([])
  expect(await clusters()).toBe('create_main_cluster = false\n'.repeat(2))
  await expect(readFile(join(root, 'etc/postgresql-common/createcluster.d/sotto-tests.conf'))).rejects.toThrow('ENOENT')

  expect(await ensurePrograms(all, machine)).toEqual(found)
  // Only what is missing is asked for.
  await rm(join(root, 'usr/bin/redis-server'))
  await ensurePrograms(all, machine)
  expect((await calls()).trim().split('\n').slice(2).join()).toMatch(/update .*install .* redis-server$/)
})

test.each<[string, string, boolean, string]>([
  ['somebody who is not the administrator', 'ID=debian', false, 'Chromium'],
  ['a relative of Debian', 'ID=ubuntu\nID_LIKE=debian', true, 'Chromium'],
  ['a Debian whose packages bring something else', 'ID=debian', true, 'PostgreSQL 15 or later'],
])('%s is told what is missing and how to get it', async (_, release, isAdministrator, first) => {
  const old = { ...debian, 'usr/lib/postgresql/13/bin/postgres': 'postgres (PostgreSQL) 13.20' }
  const { 'usr/lib/postgresql/15/bin/postgres': __, ...brings } = old
  const { machine, calls } = await bareMachine(brings, release)
  const said = await ensurePrograms(all, { ...machine, isAdministrator }).then(String, (error: Error) => error.message)
  const [, line] = said.split('\n')
  expect(said).toMatch(/^The tests need programs that are not on this machine:/)
  expect(line).toContain(first)
  expect(said).toMatch(/SOTTO_POSTGRES/)
  expect(said.includes('SOTTO_CHROMIUM')).toBe(first === 'Chromium')
  expect((await calls()) !== '').toBe(isAdministrator && release === 'ID=debian')
})

test('what somebody chose is taken before what was found, and refused when it is not there', async () => {
  const { machine, root, put } = await bareMachine()
  await put('usr/bin/chromium', '#!/bin/sh\n')
  await put('opt/mine', '#!/bin/sh\n')
  const choose = (path: string) => ({ ...machine, env: { ...machine.env, SOTTO_CHROMIUM: join(root, path) } })
  expect(await ensurePrograms(['browser'], choose('opt/mine'))).toEqual({ SOTTO_CHROMIUM: join(root, 'opt/mine') })
  await expect(ensurePrograms(['browser'], choose('opt/none'))).rejects.toThrow(/SOTTO_CHROMIUM is set to .*opt\/none/)
})
