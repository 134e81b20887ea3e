/** Commands that only REST carries. A test compares this with the protocol, whose own list would bring all schemas along. */
export const restRoutes = {
  'instance.get': 'GET /instance',
  'instance.setUp': 'POST /setup',
  'invitations.preview': 'POST /invitations/preview',
  'people.setPassword': 'POST /password',
  'people.signUp': 'POST /people',
  'relationships.import': 'POST /relationships/import',
  'sessions.signIn': 'POST /sessions',
  'sessions.refresh': 'POST /sessions/refresh',
} as const

/** Those of them that somebody has to be signed in for. */
export const signedInRoutes: ReadonlySet<string> = new Set(['relationships.import'])
