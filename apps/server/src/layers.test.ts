import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'

// The import law of ARCHITECTURE.md. Every rule is a function from files to faults, so that the second half of this file can
// show each one a violation. Files are read as text: a check that had to load the server would check only what loads.

type File = { readonly path: string; readonly text: string }
/** How many files the rule had something to say about, and what is wrong, as sentences. */
type Finding = { readonly seenCount: number; readonly faults: string[] }
type Manifest = { readonly folder: string; readonly name: string; readonly declared: ReadonlySet<string> }

function importsOf({ text }: File): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  // Not the end of a quoted word, such as a name that ends in it.
  const pattern = /(?<!['".])(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}

const isTest = ({ path }: File) => /\.test\.ts$|(^|\/)testing\//.test(path)
const featureOf = (path: string) => /^features\/([^/]+)\//.exec(path)?.[1]

/** The order of `features.ts`: the folders behind the names in its list. */
function featureOrder(text: string): string[] {
  const list = /export const features\b[^=]*=\s*\[([\s\S]*?)\]/.exec(text)?.[1] ?? ''
  const folderOf = new Map<string, string>()
  for (const [, names = '', folder = ''] of text.matchAll(/import\s*\{([^}]*)\}\s*from\s*'#features\/([^']+)'/g))
    for (const name of names.split(','))
      folderOf.set(
        name
          .split(/\sas\s/)
          .pop()
          ?.trim() ?? '',
        folder,
      )
  return [...list.replace(/\/\/.*$/gm, '').matchAll(/(?:^|,)\s*([A-Za-z_]\w*)/g)].map(
    ([, name = '']) => folderOf.get(name) ?? name,
  )
}

function featuresCallOnlyEarlierOnes(files: File[], order: string[]): Finding {
  const features = files.filter((file) => featureOf(file.path) && !isTest(file))
  const faults = features.flatMap((file) => {
    const caller = featureOf(file.path) ?? ''
    if (!order.includes(caller)) return [`${file.path}: list "${caller}" in features.ts`]
    return importsOf(file).flatMap((target) => {
      const callee = /^#features\/(.+)$/.exec(target)?.[1]
      if (callee === undefined) return []
      if (callee.includes('/')) return [`${file.path}: enter "${callee}" through its door`]
      if (order.indexOf(callee) >= 0 && order.indexOf(callee) < order.indexOf(caller)) return []
      return [`${file.path}: "${caller}" may not call "${callee}", which does not stand before it in features.ts`]
    })
  })
  return { seenCount: features.length, faults }
}

function nobodyReachesPastADoor(files: File[]): Finding {
  const sources = files.filter((file) => !isTest(file))
  const faults = sources.flatMap((file) => {
    const storey = file.path.split('/')[0]
    const home = featureOf(file.path) ? file.path.split('/').slice(0, 2).join('/') : posix.dirname(file.path)
    return importsOf(file).flatMap((target) => {
      if (storey === 'platform' && /^#features|^#edge/.test(target))
        return [`${file.path}: the platform knows no ${target}`]
      if (storey === 'edge' && target.startsWith('#features')) return [`${file.path}: the edge knows no ${target}`]
      if (target.includes('testing/')) return [`${file.path}: ${target} is for tests`]
      if (!target.startsWith('.')) return []
      const goal = posix.join(posix.dirname(file.path), target)
      if (storey === 'features' && !goal.startsWith(`${home}/`)) return [`${file.path}: ${target} leaves its feature`]
      if (storey === 'edge' && !goal.startsWith('edge/')) return [`${file.path}: ${target} leaves the edge`]
      if (storey === 'platform' && !goal.startsWith('platform/')) return [`${file.path}: ${target} leaves the platform`]
      return []
    })
  })
  return { seenCount: sources.length, faults }
}

function sqlStaysInStores(files: File[]): Finding {
  const users = files.filter(
    (file) => !isTest(file) && importsOf(file).some((target) => /^(kysely|pg)(\/|$)/.test(target)),
  )
  const faults = users
    .filter(({ path }) => !/^platform\/|^features\/[^/]+\/(store\.ts$|migrations\/)/.test(path))
    .map(({ path }) => `${path}: move the query to store.ts`)
  return { seenCount: users.length, faults }
}

function tablesHaveOneOwner(files: File[]): Finding {
  const owners = new Map<string, string>()
  const faults: string[] = []
  for (const file of files) {
    if (isTest(file)) continue
    for (const table of tablesNamedIn(file.text)) {
      if (!/^platform\/|\/store\.ts$/.test(file.path)) faults.push(`${file.path}: name table ${table} in store.ts`)
      const owner = owners.get(table)
      if (owner === undefined) owners.set(table, file.path)
      else if (owner !== file.path) faults.push(`${file.path}: table ${table} already belongs to ${owner}`)
    }
  }
  return { seenCount: owners.size, faults }
}

/** The keys of `type Tables = { … }`, however its rows are written, on one line or on many. */
function tablesNamedIn(text: string): string[] {
  const tables: string[] = []
  for (const start of text.matchAll(/\btype Tables\s*=\s*\{/g)) {
    let depth = 1
    let key = ''
    for (const [token] of text.slice(start.index + start[0].length).matchAll(/\/\*[\s\S]*?\*\/|\/\/.*|\w+|[^\s\w]/g)) {
      if (/^\/[*/]/.test(token)) continue
      if (depth === 1 && token === ':') tables.push(key)
      depth += Number('{(<['.includes(token)) - Number('})>]'.includes(token))
      if (depth === 0) break
      key = token
    }
  }
  return tables
}

function environmentIsReadInOnePlace(files: File[]): Finding {
  const readers = files.filter(
    (file) => !isTest(file) && /\bprocess\.env\b|\benv\b[^\n]*from 'node:process'/.test(file.text),
  )
  const faults = readers
    .filter(({ path }) => path !== 'main.ts' && path !== 'platform/config.ts')
    .map(({ path }) => `${path}: take the value from platform/config.ts`)
  return { seenCount: readers.length, faults }
}

function packagesImportWhatTheyDeclare(files: File[], manifests: Manifest[], toolNames: ReadonlySet<string>): Finding {
  const faults: string[] = []
  let seenCount = 0
  for (const file of files) {
    const owner = manifests.find(({ folder }) => file.path.startsWith(`${folder}/`))
    if (!owner) continue
    seenCount++
    // Tests and configuration may also use the tools that the root of the repository declares for everybody.
    const mayUseTools = isTest(file) || /(^|\/)[^/]*\.config\.ts$/.test(file.path)
    for (const target of importsOf(file)) {
      if (/^[.#/]|^virtual:|^\$\{/.test(target) || isBuiltin(target)) continue
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/')
      if (name === owner.name || owner.declared.has(name) || (mayUseTools && toolNames.has(name))) continue
      faults.push(`${file.path}: ${owner.folder}/package.json does not declare ${name}`)
    }
  }
  return { seenCount, faults }
}

// ── the law, on this repository ─────────────────────────────────────────────────────────────────────────────────────────

const serverFolder = import.meta.dirname
const root = join(serverFolder, '../../..')

function readSources(base: string): File[] {
  // This file quotes violations.
  const notOurs = /(^|\/)(node_modules|dist|test-results|layers\.test\.ts)(\/|$)/
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|vue)$/.test(path) && !path.endsWith('.d.ts') && !notOurs.test(path))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(base, path), 'utf8') }))
}

function readManifest(folder: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  const { name, dependencies, optionalDependencies, devDependencies, peerDependencies } = manifest
  const all = { ...dependencies, ...optionalDependencies, ...devDependencies, ...peerDependencies }
  return { folder, name, declared: new Set(Object.keys(all)) }
}

function listWorkspaces(): string[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] }
  return workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern]
    const parent = pattern.slice(0, -2)
    return readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`)
  })
}

const server = readSources(serverFolder)
const order = () => featureOrder(readFileSync(join(serverFolder, 'features.ts'), 'utf8'))

function expectLawful({ seenCount, faults }: Finding) {
  expect(faults).toEqual([])
  expect(seenCount, 'the check saw nothing').toBeGreaterThan(0)
}

test('a feature calls only features listed before it, through their doors', () => {
  expect(order().length).toBeGreaterThan(0)
  expectLawful(featuresCallOnlyEarlierOnes(server, order()))
})

test('every storey stays out of the storeys above it', () => {
  expectLawful(nobodyReachesPastADoor(server))
})

test('SQL is written in stores and in the platform, nowhere else', () => {
  expectLawful(sqlStaysInStores(server))
})

test('a table is named by one owner only', () => {
  expectLawful(tablesHaveOneOwner(server))
})

test('only main.ts and platform/config.ts read the environment', () => {
  expectLawful(environmentIsReadInOnePlace(server))
})

test('a package imports only what it declares', () => {
  const manifests = listWorkspaces().map(readManifest)
  expect(manifests.length).toBeGreaterThan(3)
  const files = manifests.flatMap(({ folder }) =>
    readSources(join(root, folder)).map(({ path, text }) => ({ path: `${folder}/${path}`, text })),
  )
  expectLawful(packagesImportWhatTheyDeclare(files, manifests, readManifest('.').declared))
})

// ── each rule notices a violation ───────────────────────────────────────────────────────────────────────────────────────

const file = (path: string, text: string): File => ({ path, text })

test('the order is read from features.ts, through renamed imports, comments and line breaks', () => {
  const text = `
    import { people } from '#features/people'
    import { messages } from '#features/messages'
    import { inbox as typing } from '#features/typing'
    /** The order is the law. */
    export const features: readonly Feature[] = [
      people, // first
      messages,
      typing,
    ]`
  expect(featureOrder(text)).toEqual(['people', 'messages', 'typing'])
  expect(featureOrder('export const features = []')).toEqual([])
})

test('a call to a later feature, past a door, or from an unlisted feature is a fault', () => {
  const check = (path: string, text: string) => featuresCallOnlyEarlierOnes([file(path, text)], ['people', 'messages'])
  expect(check('features/messages/send.ts', `import { find } from '#features/people'`).faults).toEqual([])
  expect(check('features/people/index.ts', `import { send } from '#features/messages'`).faults).toHaveLength(1)
  expect(check('features/people/index.ts', `import type { A } from '#features/people'`).faults).toHaveLength(1)
  expect(check('features/people/index.ts', `const m = await import('#features/messages')`).faults).toHaveLength(1)
  expect(check('features/messages/send.ts', `import { find } from '#features/people/store'`).faults).toHaveLength(1)
  expect(check('features/secret/index.ts', '').faults).toHaveLength(1)
  expect(check('features/people/a.test.ts', `import { send } from '#features/messages'`).seenCount).toBe(0)
  expect(check('edge/http.ts', '').seenCount).toBe(0)
})

test('an import that climbs a storey or leaves its folder is a fault', () => {
  const faultsOf = (path: string, text: string) => nobodyReachesPastADoor([file(path, text)]).faults
  expect(faultsOf('platform/log.ts', `import { people } from '#features/people'`)).toHaveLength(1)
  expect(faultsOf('platform/log.ts', `import { x } from '../edge/http.ts'`)).toHaveLength(1)
  expect(faultsOf('edge/http.ts', `import { people } from '#features/people'`)).toHaveLength(1)
  expect(faultsOf('edge/http.ts', `import { people } from '../features/people/index.ts'`)).toHaveLength(1)
  expect(faultsOf('features/people/index.ts', `import { x } from '../messages/store.ts'`)).toHaveLength(1)
  expect(faultsOf('features/people/index.ts', `import { start } from '../../testing/server.ts'`)).toHaveLength(1)
  expect(faultsOf('features/people/index.ts', `import { x } from './store.ts'`)).toEqual([])
  expect(faultsOf('features/people/a.test.ts', `import { start } from '../../testing/server.ts'`)).toEqual([])
  expect(faultsOf('platform/log/read.ts', `import { x } from '#platform/database'`)).toEqual([])
  expect(faultsOf('edge/http.ts', `f('from', '#features/x'); g('mail.import', '#features/x')`)).toEqual([])
  expect(faultsOf('edge/http.ts', `// import { people } from '#features/people'`)).toEqual([])
})

test('SQL outside a store is a fault', () => {
  const check = (path: string, text: string) => sqlStaysInStores([file(path, text)])
  expect(check('features/people/index.ts', `import { sql } from 'kysely'`).faults).toHaveLength(1)
  expect(check('edge/http.ts', `import pg from "pg"`).faults).toHaveLength(1)
  expect(check('main.ts', `const { Migrator } = await import('kysely/migration')`).faults).toHaveLength(1)
  expect(check('features/people/store.ts', `import { sql } from 'kysely'`)).toEqual({ seenCount: 1, faults: [] })
  expect(check('platform/database.ts', `import pg from 'pg'`)).toEqual({ seenCount: 1, faults: [] })
  expect(check('features/people/index.ts', `import { x } from 'pg-something'`).seenCount).toBe(0)
})

test('a table with two owners, or one named outside a store, is a fault', () => {
  const people = file(
    'features/people/store.ts',
    'type Tables = {\n  people: { id: string; roles: Record<string, Role> }\n}\n',
  )
  const settings = file('features/settings/store.ts', 'type Tables = { settings: Settings; people: { id: string } }')
  expect(tablesNamedIn(people.text)).toEqual(['people'])
  expect(tablesNamedIn(settings.text)).toEqual(['settings', 'people'])
  expect(tablesHaveOneOwner([people])).toEqual({ seenCount: 1, faults: [] })
  expect(tablesHaveOneOwner([people, settings]).faults).toHaveLength(1)
  expect(tablesHaveOneOwner([file('features/people/index.ts', people.text)]).faults).toHaveLength(1)
})

test('the environment read in passing is a fault', () => {
  const check = (path: string, text: string) => environmentIsReadInOnePlace([file(path, text)])
  expect(check('platform/config.ts', 'read(process.env)')).toEqual({ seenCount: 1, faults: [] })
  expect(check('edge/http.ts', 'if (process.env.DEBUG) log()').faults).toHaveLength(1)
  expect(check('edge/http.ts', `import { env } from 'node:process'`).faults).toHaveLength(1)
})

test('an undeclared import is a fault, also of a tool outside tests', () => {
  const manifests = [
    { folder: 'packages/client', name: '@sotto/client', declared: new Set(['idb', '@sotto/protocol']) },
  ]
  const check = (path: string, text: string) =>
    packagesImportWhatTheyDeclare([file(`packages/client/src/${path}`, text)], manifests, new Set(['vitest']))
  expect(
    check('a.ts', `import { openDB } from 'idb/with-async'\nimport { x } from '@sotto/protocol/pure'`).faults,
  ).toEqual([])
  expect(check('a.ts', `import { readFile } from 'node:fs'\nimport { y } from '#client/y.ts'`).faults).toEqual([])
  expect(check('a.ts', `import ws from 'ws'`).faults).toHaveLength(1)
  expect(check('a.ts', `import '@sotto/server/secret'`).faults).toHaveLength(1)
  expect(check('a.ts', `import { test } from 'vitest'`).faults).toHaveLength(1)
  expect(check('a.test.ts', `import { test } from 'vitest'`)).toEqual({ seenCount: 1, faults: [] })
})

test('a check that sees no files fails', () => {
  const findings = [featuresCallOnlyEarlierOnes([], ['people']), nobodyReachesPastADoor([]), sqlStaysInStores([])]
  findings.push(tablesHaveOneOwner([]), environmentIsReadInOnePlace([]))
  findings.push(packagesImportWhatTheyDeclare([], [], new Set()))
  for (const finding of findings) expect(() => expectLawful(finding)).toThrow('the check saw nothing')
})
