import { instanceSettings } from '@sotto/protocol'
import { expect, test } from 'vitest'
import { mostMinutes, mostWords, settingFields, wordsOf } from './setting-fields.ts'

test('every setting has a field, with the default and the limits of the protocol', () => {
  expect(Object.keys(settingFields)).toEqual(Object.keys(instanceSettings))
  for (const [key, { schema, ...setting }] of Object.entries(instanceSettings)) {
    const field = settingFields[key as keyof typeof settingFields]
    expect(field.default, key).toEqual(setting.default)
    expect('unit' in setting, key).toBe(field.kind === 'minutes')
    if (field.kind === 'minutes') expect(schema).toMatchObject({ minimum: 0, maximum: mostMinutes })
    if (field.kind === 'words') expect(schema).toMatchObject({ maxItems: mostWords })
  }
})

test('words are one a line, each once', () => {
  expect(wordsOf(' spam \n\nscam\r\nspam\n')).toEqual(['spam', 'scam'])
})
