import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false, default: {} }

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, default: 0, description })
const seconds = (fallback: number, description: string) => Type.Number({ minimum: 0, default: fallback, description })

/** A choice of literals; the first is the default. */
const oneOf = <const T extends readonly (string | number)[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ enum: [...values], default: values[0], description })

const faults = Type.Object(
  {
    minLatencyMs: seconds(0, 'shortest time an answer takes, half of it on the way in, in milliseconds'),
    maxLatencyMs: seconds(0, 'longest time an answer takes, in milliseconds'),
    drop: share('share of calls that are carried out and then get no answer: the connection just closes'),
    cut: share('share of answers whose connection closes in the middle of the body'),
    crawl: share('share of answers whose body arrives in small pieces over about a second'),
    fail: share('share of calls answered 500, 502 or 503 with an error envelope, and not carried out'),
    html: share('share of calls answered 502 or 503 with an HTML page, as a load balancer does, and not carried out')
  },
  closed
)

const quota = (calls: number) =>
  Type.Object(
    {
      calls: Type.Integer({ minimum: 1, default: calls, description: 'the limit as it is stated' }),
      windowSeconds: Type.Number({ exclusiveMinimum: 0, default: 60, description: 'length of the window in seconds' }),
      enforcedCalls: Type.Optional(
        Type.Integer({ minimum: 1, description: 'the real limit, when it is not the stated' })
      ),
      window: oneOf(
        ['rolling', 'fixed', 'rolling-counting-rejected'],
        'kind of window; in the last, a rejected call takes a place too and so makes the wait longer'
      )
    },
    closed
  )

const login = Type.Object(
  {
    tokenLifeSeconds: seconds(600, 'life of an access token'),
    refreshLifeSeconds: seconds(30 * 86_400, 'life of a refresh token'),
    expiresIn: oneOf(['number', 'string'], 'JSON type of expires_in'),
    refreshToken: oneOf(
      ['new', 'new-only', 'same', 'absent'],
      'what a refresh returns: a new one, a new one that ends the old, the same one again, or none'
    ),
    spacingSeconds: seconds(5, 'POST /oauth/token is allowed once in this time per user'),
    spacingStatus: oneOf([429, 503], 'status of a login that came too soon; 503 is the form of before 2019'),
    form: Type.Boolean({ default: true, description: 'whether /oauth/authorize asks for a name and password first' }),
    trouble: faults
  },
  closed
)

const api = Type.Object(
  {
    quota: quota(300),
    companyQuota: quota(600),
    throttleStatus: oneOf([429, 503], 'status of a throttled call; 503 is the form of before 2019'),
    pacing: Type.Object(
      {
        share: share('share of successful answers that carry a Retry-After, which asks the caller to slow down'),
        seconds: seconds(2, 'how far in the future that Retry-After lies')
      },
      closed
    ),
    deniedRoutes: Type.Array(Type.String(), {
      default: [],
      description:
        'routes the user lacks the right for (401, code 504), as "GET /odata/users"; * stands for one segment'
    }),
    replicaLagSeconds: seconds(0, 'how long a new object is missing (404) from reads'),
    trouble: faults
  },
  closed
)

/** Everything a scenario may say. Each key is optional in a file; the defaults here describe a well-behaved ServiceChannel. */
export const scenarioSchema = Type.Object(
  {
    description: Type.String({ default: '', description: 'one sentence for the person who chooses' }),
    seed: Type.Integer({ default: 1, description: 'faults and invented data repeat for the same seed' }),
    tls: oneOf(['TLSv1.2', 'TLSv1.3'], 'highest TLS version that is spoken; the lowest is always 1.2'),
    login,
    api
  },
  { additionalProperties: false }
)

export type Scenario = Static<typeof scenarioSchema>
export type Faults = Static<typeof faults>
export type QuotaSettings = Scenario['api']['quota']
