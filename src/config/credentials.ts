import { file, object, secret } from './fields.js'
import { Type } from './type.js'

/** Who logs in, and where a login that outlives the process is kept. */
export const credentials = object({
  clientId: Type.String({ description: 'The client id ServiceChannel gave the application.', minLength: 1 }),
  clientSecret: secret('The client secret that belongs to the client id.'),
  username: Type.Optional(
    Type.String({
      description: 'The ServiceChannel user the calls are made as; not needed with a sessionFile.',
      minLength: 1
    })
  ),
  password: Type.Optional(secret('The password of the ServiceChannel user; not needed with a sessionFile.')),
  sessionFile: Type.Optional(
    file('File in which sc-proxy login and the proxy keep the session, encrypted; unless given, it is only in memory.')
  ),
  sessionKey: Type.Optional(
    secret('The key the session file is encrypted with; unless given, one in the keyring of the system.')
  ),
  callbackUrl: Type.Optional(
    Type.String({
      description:
        'The callback URL registered for the client id, where the login page leads back to; unless given, http://localhost:8089/callback.',
      title: 'an http:// or https:// URL, exactly as registered',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^?#\\s]+$'
    })
  )
})
