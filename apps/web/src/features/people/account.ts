import { isPassword } from './password.ts'
import { isUserName } from './suggest-name.ts'

export interface Account {
  displayName: string
  name: string
  password: string
}

export type Faults = { readonly [Field in keyof Account]?: 'missing' | 'invalid' }

/** What still has to be changed before an account can be made. Empty when nothing. */
export function faultsOf(account: Account): Faults {
  return {
    ...(account.displayName.trim() === '' ? { displayName: 'missing' as const } : {}),
    ...(account.name === ''
      ? { name: 'missing' as const }
      : isUserName(account.name)
        ? {}
        : { name: 'invalid' as const }),
    ...(isPassword(account.password) ? {} : { password: 'invalid' as const }),
  }
}
