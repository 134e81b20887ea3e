import * as capabilities from './capabilities.ts'
import type { InputOf, ReplyOf } from './define.ts'

type Capabilities = typeof capabilities
/** What the capabilities export as `…Commands`. */
type Lists = { [Name in keyof Capabilities as Name extends `${string}Commands` ? Name : never]: Capabilities[Name] }
type Every = Lists[keyof Lists][number]
export type CommandName = Every['name']

/** Every request there is. The server refuses to start when one of them has no handler, and the reference is made from this list. */
export const commands: readonly Every[] = Object.entries(capabilities)
  .filter(([name]) => name.endsWith('Commands'))
  // Bundlers list what a module exports in another order than engines.
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .flatMap(([, list]) => [...(list as Lists[keyof Lists])])

// Tables to look up in: with conditional types instead, the compiler took minutes to compare two generic functions of a command.
type Specs = { [One in Every as One['name']]: One }
type Inputs = { [Name in CommandName]: InputOf<Specs[Name]> }
type Replies = { [Name in CommandName]: ReplyOf<Specs[Name]> }
export type Spec<Name extends CommandName> = Specs[Name]
export type Input<Name extends CommandName> = Inputs[Name]
export type Reply<Name extends CommandName> = Replies[Name]
