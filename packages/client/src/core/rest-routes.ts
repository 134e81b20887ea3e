/** Commands that only REST carries. A test compares this with the protocol, whose own list would bring all schemas along. */
export const restRoutes = {
  'instance.get': 'GET /instance',
  'instance.setUp': 'POST /setup',
  'invitations.preview': 'POST /invitations/preview',
  'people.setPassword': 'POST /password',
  'people.signUp': 'POST /people',
  'sessions.signIn': 'POST /sessions',
  'sessions.refresh': 'POST /sessions/refresh',
} as const
