/** The link of an invitation. Its secret stands behind the #, which browsers do not send to any server. */
export function invitationLink(token: string): string {
  return `${location.origin}/join#${token}`
}
