import { AppError, type ErrorCode } from '@sotto/protocol/pure'
import { type Ref, ref } from 'vue'

export interface Task<Arguments extends unknown[]> {
  readonly pending: Readonly<Ref<boolean>>
  /** Why the last attempt failed, or null. */
  readonly failed: Ref<ErrorCode | null>
  /** Which part of it was at fault, where the refusal says so. */
  readonly about: Readonly<Ref<string | null>>
  /** Resolves with whether it went well. While one attempt runs, further ones do nothing. */
  run(...args: Arguments): Promise<boolean>
}

/** Something a person asks for: it is pending, and may be refused. Anything but a refusal is a bug and goes on. */
export function useTask<Arguments extends unknown[]>(work: (...args: Arguments) => Promise<unknown>): Task<Arguments> {
  const pending = ref(false)
  const failed = ref<ErrorCode | null>(null)
  const about = ref<string | null>(null)
  return {
    pending,
    failed,
    about,
    async run(...args) {
      if (pending.value) return false
      pending.value = true
      failed.value = null
      try {
        await work(...args)
        return true
      } catch (error) {
        failed.value = codeOf(error)
        about.value = (error as { about?: string }).about ?? null
        return false
      } finally {
        pending.value = false
      }
    },
  }
}

export function codeOf(error: unknown): ErrorCode {
  if (error instanceof AppError || isRefusal(error)) return error.code
  reportError(error)
  return 'internal'
}

// An error that crossed from a worker has lost its class.
function isRefusal(error: unknown): error is { code: ErrorCode } {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AppError'
}
