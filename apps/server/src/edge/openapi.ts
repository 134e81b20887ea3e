import { type CommandSpec, commands, ErrorBodySchema, errors } from '@sotto/protocol'

/** The OpenAPI 3.1 document of everything under `/api/v1`, made from the protocol. */
export function openApiDocument() {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const spec of commands as readonly CommandSpec[]) {
    if (spec.carrier === 'socket') continue
    const [method, path] = spec.rest.split(' ') as [string, string]
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(spec, method, path) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sotto',
      version: '1',
      description: 'The same commands travel over WebSocket frames at `/api/v1/socket`; see the frame reference.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Error: { type: 'object', required: ['error'], properties: { error: ErrorBodySchema } } },
    },
  }
}

function operation(spec: CommandSpec, method: string, path: string) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
  const properties = spec.input.properties as Record<string, unknown>
  const required = (spec.input as { required?: readonly string[] }).required ?? []
  const rest = Object.keys(properties).filter((field) => !inPath.includes(field))
  const inQuery = method === 'GET' || method === 'DELETE' ? rest : []
  const inBody = method === 'GET' || method === 'DELETE' ? [] : rest
  return {
    operationId: spec.name,
    tags: [spec.name.split('.')[0]],
    summary: spec.summary,
    description: `Access: ${spec.access.replaceAll('_', ' ')}.`,
    ...(spec.access !== 'anyone' && { security: [{ bearer: [] }] }),
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
      ...inQuery.map((name) => ({ name, in: 'query', required: required.includes(name), schema: properties[name] })),
    ],
    ...(inBody.length > 0 && {
      requestBody: {
        required: inBody.some((field) => required.includes(field)),
        content: {
          'application/json': {
            schema: {
              type: 'object',
              additionalProperties: false,
              required: required.filter((field) => inBody.includes(field)),
              properties: Object.fromEntries(inBody.map((field) => [field, properties[field]])),
            },
          },
        },
      },
    }),
    responses: {
      200: { description: 'Done.', content: { 'application/json': { schema: spec.reply } } },
      default: {
        description: `A refusal: ${Object.keys(errors).join(', ')}.`,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}
