// A person who answers: signs in, says hello to somebody, and repeats whatever they say.
// node a-program-in-twenty-lines.ts http://127.0.0.1:8080 echo 'the password' ana.moreau
import { createClient } from '@sotto/client'

const [url = '', name = '', password = '', friend = ''] = process.argv.slice(2)
const client = createClient({ url, device: 'An echo' })
const me = await client.signIn({ name, password })

const { people } = await client.call('people.list', { prefix: friend })
const person = people.find((found) => found.name === friend)?.id
if (!person) throw new Error(`nobody here is called ${friend}`)
await client.send({ person }, `Hello, I am ${me.person.displayName}.`)

let answered = Number.POSITIVE_INFINITY
client.watch(
  'conversation',
  { target: { person }, window: { anchor: 'end', before: 50, after: 0 } },
  ({ rows, head }) => {
    answered = Math.min(answered, head)
    for (const row of rows)
      if (row.kind === 'message' && row.place !== null && row.place > answered) {
        answered = row.place
        if (row.sender === person) void client.send({ person }, `You said: ${row.text}`)
      }
  },
)
