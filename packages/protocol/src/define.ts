import type { Static, TObject, TSchema } from 'typebox'
import type { Permission } from './roles.ts'

/**
 * Who may ask. Everyone else is refused before the handler runs, or (for `conversation_member` and `owner`) gets `not_found`,
 * the same answer as for a thing that does not exist. The authorisation tests are generated from this.
 */
export type Access =
  /** Without signing in. */
  | 'anyone'
  /** Any signed-in person. */
  | 'signed_in'
  /** Members of the conversation that `conversation` names. */
  | 'conversation_member'
  /** The person whom the named object belongs to. */
  | 'owner'

/** Which transports carry a command: both, or only one where the other makes no sense. */
export type Carrier = 'both' | 'rest' | 'socket'

/** A request a client may make: the same over REST and over a socket. */
export interface CommandSpec<
  Name extends string = string,
  Input extends TObject = TObject,
  Reply extends TSchema = TSchema,
  Who extends Access = Access,
> {
  readonly name: Name
  /** Method and path below `/api/v1`. Names in braces are fields of the input, taken from the path. */
  readonly rest: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`
  readonly access: Who
  /** What the instance role of the person must permit as well; without it, `forbidden`. */
  readonly permission?: Permission
  /** What opens a command of the members of a channel to people who are not in it, and what does in place of `permission`. */
  readonly orPermission?: Permission
  readonly carrier: Carrier
  /** Bytes of the largest body over REST, where that is not `maxFrameBytes`. Only somebody who is signed in may send that much. */
  readonly bodyBytes?: number
  /** One sentence for the reference. */
  readonly summary: string
  readonly input: Input
  readonly reply: Reply
}

export type InputOf<C extends CommandSpec> = Static<C['input']>
export type ReplyOf<C extends CommandSpec> = Static<C['reply']>

export function command<
  const Name extends string,
  Input extends TObject,
  Reply extends TSchema,
  const Who extends Access,
>(
  spec: Omit<CommandSpec<Name, Input, Reply, Who>, 'carrier'> & { carrier?: Carrier },
): CommandSpec<Name, Input, Reply, Who> {
  return { carrier: 'both', ...spec }
}
