// npm test: installs what is missing, runs every check and test, and ends with one line: N passed, N failed, N skipped.
// npm test -- check | unit | journeys runs a part of it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkBudget } from './lib/budget.mjs'
import { prepare } from './lib/install.mjs'
import { checkLockFile } from './lib/lock-file.mjs'
import { programOf } from './lib/programs.mjs'
import { root } from './lib/root.mjs'
import { exitCode, fail, say } from './lib/run.mjs'
import { ensurePrograms } from './lib/system.mjs'
import { buildWeb, webFolder } from './lib/web.mjs'

const passed = { passed: 1, failed: 0, skipped: 0 }
const failed = { passed: 0, failed: 1, skipped: 0 }
const minuteMs = 60_000

const part = process.argv[2] ?? 'all'
const steps = {
  types: { parts: ['check'], run: checkTypes },
  'types of the web app': { parts: ['check'], run: checkWebTypes },
  lint: { parts: ['check'], run: lint },
  'lock files': { parts: ['check'], run: checkLockFiles },
  // The whole run has it among the unit tests.
  'import law': { parts: ['check'], notInAll: true, run: () => runVitest(['apps/server/src/layers.test.ts']) },
  'unit and feature tests': { parts: ['unit'], run: () => runVitest([]) },
  'web build and its budget': { parts: ['journeys'], run: buildAndWeigh },
  'browser journeys': { parts: ['journeys'], run: runJourneys },
}

let node
let env
let reports

try {
  if (!['all', 'check', 'unit', 'journeys'].includes(part))
    throw new Error(`There is no part "${part}": say check, unit, journeys, or nothing for all.`)
  const startedAt = Date.now()
  node = await prepare()
  const programs = {
    all: ['browser', 'postgres', 'redis'],
    check: [],
    unit: ['postgres', 'redis'],
    journeys: ['browser', 'redis'],
  }[part]
  env = { ...process.env, ...(await ensurePrograms(programs)), PATH: `${dirname(node)}:${process.env.PATH ?? ''}` }
  reports = mkdtempSync(join(tmpdir(), 'sotto-test-'))
  say(`made ready in ${seconds(startedAt)}`)
  process.exitCode = await runSteps()
} catch (error) {
  fail(error)
} finally {
  if (reports) rmSync(reports, { recursive: true, force: true })
}

async function runSteps() {
  const chosen = Object.entries(steps).filter(([, step]) =>
    part === 'all' ? !step.notInAll : step.parts.includes(part),
  )
  const total = { passed: 0, failed: 0, skipped: 0 }
  const summary = []
  const startedAt = Date.now()
  for (const [name, step] of chosen) {
    say(`\n── ${name}`)
    const stepStartedAt = Date.now()
    const counts = await step.run().catch((error) => {
      say(error.message)
      return failed
    })
    // A step that looked at nothing proves nothing.
    if (counts.passed + counts.failed + counts.skipped === 0) {
      say(`"${name}" ran no tests at all.`)
      counts.failed = 1
    }
    for (const key of Object.keys(total)) total[key] += counts[key]
    summary.push(`${counts.failed > 0 ? '✗' : '✓'} ${name}: ${sentence(counts)} (${seconds(stepStartedAt)})`)
  }
  say(`\n${summary.join('\n')}\nall together: ${seconds(startedAt)}`)
  const skippedInCi = Boolean(process.env.CI) && total.skipped > 0
  if (skippedInCi) say('Nothing may be skipped in CI.')
  say(sentence(total))
  return total.failed > 0 || total.passed === 0 || skippedInCi ? 1 : 0
}

async function checkTypes() {
  return verdict(await exitCode(node, [programOf('typescript', '.', 'tsc'), '-p', 'tsconfig.json'], { env }))
}

async function checkWebTypes() {
  return verdict(await exitCode(node, [programOf('vue-tsc'), '-p', 'apps/web/tsconfig.json', '--noEmit'], { env }))
}

async function lint() {
  return verdict(
    await exitCode(
      node,
      [programOf('@biomejs/biome'), 'ci', '--error-on-warnings', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`],
      { env },
    ),
  )
}

async function checkLockFiles() {
  const faults = ['package-lock.json', 'tools/node/package-lock.json'].flatMap(checkLockFile)
  for (const fault of faults) say(fault)
  return verdict(faults.length)
}

async function runVitest(files) {
  const report = join(reports, `vitest-${files.length}.json`)
  const args = ['run', ...files, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await exitCode(node, [programOf('vitest'), ...args], { env, timeoutMs: 30 * minuteMs })
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = readReport(report)
  const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  return withExitCode(counts, code)
}

async function buildAndWeigh() {
  if (!(await buildWeb(node))) return failed
  const { text, isMet } = checkBudget(join(webFolder, 'dist'))
  say(text)
  return { passed: isMet ? 2 : 1, failed: isMet ? 0 : 1, skipped: 0 }
}

async function runJourneys() {
  const report = join(reports, 'playwright.json')
  const code = await exitCode(
    node,
    [programOf('@playwright/test', 'journeys', 'playwright'), 'test', '--reporter=list,json'],
    {
      cwd: join(root, 'journeys'),
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
      timeoutMs: 30 * minuteMs,
    },
  )
  const { stats } = readReport(report)
  // One that passes only when tried again is a fault of the test or of Sotto.
  return withExitCode({ passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }, code)
}

/** A run can fail without a failed test: a file that does not load, an error nobody caught, a server that did not start. */
function withExitCode(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new Error('The test runner ended without a report.')
  }
}

function verdict(code) {
  return code === 0 ? { ...passed } : { ...failed }
}

function sentence(counts) {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}

function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`
}
