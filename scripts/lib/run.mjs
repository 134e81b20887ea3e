import { spawn } from 'node:child_process'
import { root } from './root.mjs'

export function say(text) {
  process.stdout.write(`${text}\n`)
}

/** Ends the command with what went wrong in plain words; a stack would say little to the person who typed it. */
export function fail(error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

/** Runs a program to its end with our output; refuses when it fails. */
export async function run(program, args, options = {}) {
  const code = await exitCode(program, args, options)
  if (code !== 0) throw new Error(`This failed with exit code ${code}: ${[program, ...args].join(' ')}`)
}

/** Runs a program to its end with our output and answers with its exit code; ended by a signal counts as 1. */
export function exitCode(program, args, { timeoutMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options })
    const timer = timeoutMs && setTimeout(() => stopLate(child, timeoutMs), timeoutMs)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(code ?? 1)
    })
  })
}

function stopLate(child, timeoutMs) {
  say(`Stopped after ${timeoutMs / 60_000} minutes without an end.`)
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
}

/**
 * Runs a program that is meant to stay, hands signals on to it and ends this process the way it ended. It gets a process
 * group of its own: Ctrl-C would otherwise reach it twice, from the terminal and from us.
 */
export function becomeProgram(program, args, options = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', detached: true, ...options })
  let handedOnAt = 0
  const handOn = (signal) => {
    // npm hands on what the terminal already sent to us: the same Ctrl-C, a moment later.
    if (Date.now() - handedOnAt < 300) return
    handedOnAt = Date.now()
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => handOn(signal))
  process.on('SIGHUP', () => handOn('SIGTERM'))
  onNpmGone(() => handOn('SIGTERM'))
  process.once('exit', () => child.kill('SIGTERM'))
  child.once('error', fail)
  child.once('close', (code, signal) => {
    process.exit(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1))
  })
}

/** npm passes SIGTERM to the shell between us, which ends without passing it on; all that is to be seen is a new parent. */
function onNpmGone(listener) {
  if (!process.env.npm_lifecycle_event) return
  const { ppid } = process
  const timer = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(timer)
    listener()
  }, 500)
  timer.unref()
}
