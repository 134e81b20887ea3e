/** As the server asks for it: `Password` in the protocol. */
export const minPasswordLength = 10

export function isPassword(password: string): boolean {
  return password.length >= minPasswordLength && password.length <= 256
}
