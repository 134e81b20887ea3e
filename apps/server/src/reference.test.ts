import { readdir, readFile } from 'node:fs/promises'
import { errors } from '@sotto/protocol/pure'
import { expect, test } from 'vitest'
import { referencePages } from './reference.ts'

const folder = new URL('../../../docs/reference/', import.meta.url)

test('the reference in the repository is what the source says now', async () => {
  const pages = referencePages()
  expect((await readdir(folder)).sort()).toEqual([...pages.keys()].sort())
  for (const [name, text] of pages)
    expect(await readFile(new URL(name, folder), 'utf8'), `${name}: run npm run docs`).toBe(text)
})

test('every error code is explained', () => {
  const page = referencePages().get('errors.md') ?? ''
  for (const code of Object.keys(errors)) expect(page).toContain(`| \`${code}\` |`)
})
