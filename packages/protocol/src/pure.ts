/** What a client needs at run time: no schemas, so that a browser loads none. */
export * from './decisions.ts'
export * from './errors.ts'
export * from './fold.ts'
export * from './limits.ts'
export * from './permissions.ts'
export * from './rights.ts'
