/** A small description in the older form, with what is wrong or odd in published ones: a path in `host`, logins everywhere. */
export const swagger = {
  swagger: '2.0',
  info: { title: 'An API', version: '3' },
  host: 'api.example.com/v3',
  schemes: ['https'],
  securityDefinitions: {
    oauth: { type: 'oauth2', flow: 'password', tokenUrl: 'https://login.example.com/oauth/token' }
  },
  security: [{ oauth: [] }],
  parameters: {
    Auth: { name: 'Authorization', in: 'header', type: 'string', required: true, default: 'Bearer CANARY' }
  },
  paths: {
    '/workorders/{id}': {
      parameters: [{ $ref: '#/parameters/Auth' }],
      get: {
        tags: ['Work orders'],
        summary: 'Read <b>one</b>',
        parameters: [
          { name: 'id', in: 'path', type: 'integer', required: true, default: 270000001 },
          { name: 'expand', in: 'query', type: 'string', enum: ['Notes', 'Provider'] },
          { name: 'authorization', in: 'header', type: 'string' }
        ],
        security: [{ oauth: ['read'] }],
        responses: { 200: { description: 'ok' } }
      },
      put: {
        consumes: ['text/xml', 'application/json'],
        parameters: [
          { name: 'id', in: 'path', type: 'integer', required: true },
          { name: 'order', in: 'body', schema: { $ref: '#/definitions/Order' } }
        ],
        responses: { 200: { description: 'ok' } }
      }
    },
    '/odata/workorders({id})/notes': {
      get: {
        parameters: [
          { name: 'id', in: 'path', type: 'integer', required: true },
          { name: '$top', in: 'query', type: 'integer', required: true, minimum: 1 }
        ],
        responses: { 200: { description: 'ok' } }
      }
    },
    '/attachments': {
      post: {
        tags: ['Files'],
        parameters: [
          { name: 'file', in: 'formData', type: 'file', required: true },
          { name: 'note', in: 'formData', type: 'string' }
        ],
        responses: { 200: { description: 'ok' } }
      }
    }
  },
  definitions: {
    Order: {
      type: 'object',
      properties: {
        Id: { type: 'integer', readOnly: true },
        Number: { type: 'string', example: 'A-1' },
        CallDate: { type: 'string', format: 'date-time' },
        Status: { enum: ['OPEN', 'COMPLETED'] },
        Labels: { type: 'array', items: { type: 'string' } },
        Parent: { $ref: '#/definitions/Order' },
        Password: { type: 'string', format: 'password', default: 'CANARY' },
        Elsewhere: { $ref: 'https://example.com/other.json#/Order' },
        Nowhere: { $ref: '#/definitions/Missing' },
        Choice: { oneOf: [{ $ref: '#/definitions/Choice' }] }
      }
    },
    Choice: { oneOf: [{ $ref: '#/definitions/Choice' }] }
  }
}
