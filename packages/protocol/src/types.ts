import Type, { type TObject, type TProperties, type TSchema } from 'typebox'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type PersonId = Branded<'person'>
export type SessionId = Branded<'session'>
export type ConversationId = Branded<'conversation'>
export type EntryId = Branded<'entry'>
export type InvitationId = Branded<'invitation'>
export type BulkId = Branded<'bulk'>
export type CircleId = Branded<'circle'>
export type RelationshipId = Branded<'relationship'>
export type ReportId = Branded<'report'>
/** Made by the client, unique for ever among all entries of its sender: the key that makes a retry harmless. */
export type ClientId = Branded<'client'>

const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'

function id<Id extends string>(description: string) {
  return Type.Unsafe<Id>(Type.String({ pattern: uuidPattern, description }))
}

export const PersonId = id<PersonId>('A person.')
export const SessionId = id<SessionId>('A session: one sign-in on one device.')
export const ConversationId = id<ConversationId>('A conversation.')
export const EntryId = id<EntryId>('An entry of a conversation.')
export const InvitationId = id<InvitationId>('An invitation to this instance.')
export const BulkId = id<BulkId>('A message to many.')
export const CircleId = id<CircleId>('A circle of people.')
export const RelationshipId = id<RelationshipId>('A relationship.')
export const ReportId = id<ReportId>('A report to the moderators.')
export const ClientId = id<ClientId>('Made by the client; unique for ever among the entries of its sender.')

export const Place = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'A place in a log; the first is 1.',
})
export const Time = Type.String({
  // No month 13 and no hour 25: what has this form is a moment.
  pattern: '^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$',
  description: 'ISO 8601, UTC.',
})
export const Day = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\d$',
  description: 'An ISO 8601 date; days are those of UTC.',
})
export const Token = Type.String({
  minLength: 16,
  maxLength: 2048,
  pattern: '^[A-Za-z0-9._~-]+$',
  description: 'A secret from a link or a sign-in.',
})

/** Control characters, line and paragraph separators, and what turns the direction of the text around it. */
const unseen = '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069'
const plain = `[^${unseen}\\ud800-\\udfff]`

/** One line that a person typed, of at most this many UTF-16 units. The marks that right-to-left scripts need are text like any other. */
export function line(maxLength: number, minLength = 1) {
  return Type.String({
    minLength,
    maxLength,
    pattern: `^${plain}*$|^(?:${plain}|[\\ud800-\\udbff][\\udc00-\\udfff])*$`,
  })
}

/** An object with exactly these fields: an unknown one is an error. */
export function exactly<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false })
}

export function oneOf<const Values extends readonly string[]>(...values: Values) {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: [...values] } as TSchema)
}

export function nullable<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()])
}

export const Nothing = exactly({})
