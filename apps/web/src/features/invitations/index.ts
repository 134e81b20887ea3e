export { invitationLink } from './links.ts'
