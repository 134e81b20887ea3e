/** What this device remembers of where one was. Lost without harm. */
const lastKey = 'sotto.last-place'
const nextKey = 'sotto.after-sign-in'

export function rememberPlace(path: string): void {
  write(() => localStorage, lastKey, path)
}

export function lastPlace(): string | null {
  return read(() => localStorage, lastKey)
}

export function forgetPlace(): void {
  write(() => localStorage, lastKey, null)
}

/** Where a link wanted to go before a sign-in came in between. Kept out of the address: links carry secrets. */
export function rememberNext(path: string): void {
  write(() => sessionStorage, nextKey, path)
}

export function takeNext(): string | null {
  const path = read(() => sessionStorage, nextKey)
  write(() => sessionStorage, nextKey, null)
  return path
}

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key)
  } catch {
    return null
  }
}

function write(storage: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) storage().removeItem(key)
    else storage().setItem(key, value)
  } catch {
    // Some browsers refuse storage in private windows; then nothing is remembered.
  }
}
