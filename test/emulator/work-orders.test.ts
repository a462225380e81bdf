import t from 'tap'
import { handClock, send, visit } from './visitor.js'

const { ask, caller, emulator } = await visit(t)
const call = await caller()

const order = {
  ContractInfo: { StoreId: '1001', TradeName: 'PLUMBING' },
  Category: 'REPAIR',
  Priority: 'P2 - Same Day',
  Nte: 250.0,
  Description: 'A pipe drips'
}

t.test('the list is a bare array in pages of 50 at most', async (t) => {
  const page = async (query: string) =>
    (await call(`/v3/workorders?${query}`)).json<{ Id: number; LocationId: number; Location: { Id: number } }[]>()
  const [first] = await page('')
  t.equal((await page('')).length, 50)
  t.equal((await page('pageSize=1000')).length, 50)
  t.equal((await page('page=5')).length, 40, 'the short page is the last')
  t.same(
    (await page('page=2&PageSize=1')).map(({ Id }) => Id),
    [(first?.Id ?? 0) + 1]
  )
  t.match(first, { LocationId: 0, Location: { Id: /^20\d{8}$/ } })
  t.match(await call('/v3/workorders?page=0'), { status: 500, text: /"ErrorCode":501/ })
})

t.test('a work order is created, worked on, completed and invoiced', async (t) => {
  const created = await call('/v3/workorders', send('POST', order))
  t.equal(created.status, 201)
  const { id } = created.json<{ id: number }>()
  t.same(created.json(), { id })
  const path = `/v3/workorders/${id}`
  t.match((await call(path)).text, `"Nte":250.0,`)
  t.match((await call(path)).json(), {
    Id: id,
    Status: { Primary: 'OPEN' },
    Trade: 'PLUMBING',
    Location: { StoreId: '1001' }
  })

  const invoice = send('POST', { InvoiceNumber: 'I-1', WoIdentifier: String(id) })
  t.match(await call('/v3/invoices', invoice), { status: 400, text: /not completed/ })
  const empty = { method: 'POST', headers: { 'content-length': '0' } } as const
  t.equal((await call(`${path}/universalCheckIn`, empty)).status, 200)
  t.match(await call(`${path}/universalCheckIn`, empty), { status: 405, text: /"ErrorCode"/ }, 'a business rule')
  t.match((await call(path)).json(), { Status: { Primary: 'IN PROGRESS', Extended: 'ON SITE' }, HasWorkActivity: true })
  t.equal((await call(`${path}/universalCheckOut`, empty)).status, 200)
  t.equal((await call(`${path}/resolution`, send('POST', { Resolution: 'Pipe replaced' }))).status, 200)
  const status = await call(`${path}/status`, send('PUT', { Status: { Primary: 'COMPLETED', Extended: '' } }))
  t.match(status.json(), { result: String, id })
  t.match((await call(path)).json(), {
    Status: { CanCreateInvoice: true },
    CompletedDate: String,
    Resolution: 'Pipe replaced'
  })

  const invoiced = await call('/v3/invoices', invoice)
  t.equal(invoiced.status, 201)
  t.match((await call(`/v3/invoices/${invoiced.json().id}`)).text, '"InvoiceTotal":250.0')
  t.match((await call(path)).json(), { IsInvoiced: true, Status: { Primary: 'INVOICED' } })
  t.match(await call('/v3/invoices', invoice), { status: 400, text: /"ErrorCode":924/ })
})

t.test('an incomplete work order is refused with the code of what is missing', async (t) => {
  const cases: [object, number][] = [
    [{ ...order, Description: '' }, 902],
    [{ ...order, Nte: undefined }, 905],
    [{ ...order, CallDate: 'soon' }, 907],
    [{ ...order, Category: 'NONE' }, 910],
    [{ ...order, ContractInfo: { StoreId: '1001', TradeName: 'NONE' } }, 700],
    [{ ...order, ContractInfo: { StoreId: 'none', TradeName: 'PLUMBING' } }, 606],
    [{ ...order, ContractInfo: { LocationId: 1, TradeName: 'PLUMBING' } }, 601],
    [{ ...order, Status: { Primary: 'BOGUS' } }, 904]
  ]
  for (const [body, code] of cases) {
    t.match(await call('/v3/workorders', send('POST', body)), { status: 400, text: `"ErrorCode":${code},` })
  }
  t.match(await call('/v3/workorders', { ...send('POST', {}), body: '{' }), { status: 400, text: /"ErrorCode":503/ })
  t.match(await call('/v3/workorders/1'), { status: 404, text: /"ErrorCodes":\[502\],"ErrorCode":502/ })
})

t.test('a status that does not exist is refused with its code, and changes nothing', async (t) => {
  const path = '/v3/workorders/270000001'
  const before = (await call(path)).json()
  for (const Status of [{ Primary: 'BOGUS' }, { Primary: '' }, {}, 'COMPLETED', undefined])
    t.match(await call(`${path}/status`, send('PUT', { Status })), { status: 400, text: /"ErrorCode":904,/ })
  t.strictSame((await call(path)).json(), before)
  t.equal((await call(`${path}/status`, send('PUT', { Status: { Primary: 'In Progress' } }))).status, 200)
  t.match((await call(path)).json(), { Status: { Primary: 'IN PROGRESS' } }, 'in the letters it has everywhere')
})

t.test('notes are paged by paging=page:size', async (t) => {
  const path = '/v3/workorders/270000001/notes'
  t.equal((await call(path, send('POST', { Note: 'Hello' }))).status, 201)
  t.match((await call(`${path}?paging=1%3A9999`)).json(), {
    Notes: [{ NoteType: 'SystemNote', CreatedBy: '.' }, {}, { NoteData: 'Hello' }],
    AllNotesCount: 3,
    UserNotesCount: 2,
    SystemNotesCount: 1
  })
  t.match((await call(`${path}?paging=2:2`)).json(), { Notes: [{ NoteData: 'Hello' }] })
  t.match(await call(`${path}?paging=all`), { status: 400, text: /"ErrorCode":922/ })
})

t.test('an upload is counted, and its link is signed and refuses a token', async (t) => {
  const file = Buffer.alloc(3 * 1024 * 1024, 'x')
  const boundary = 'invented-boundary'
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="roof.jpg"\r\n\r\n`),
    file,
    Buffer.from(`\r\n--${boundary}--\r\n`)
  ])
  const upload = {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body
  } as const
  const answer = await call('/v3/workorders/270000240/attachments', upload)
  t.match(answer.json(), { Attachments: [{ Name: 'roof.jpg', Description: `${body.length} bytes received` }] })
  const stored = (await call('/v3/workorders/-1/attachments', upload)).json<{ Attachments: object[] }>()
  t.match(stored.Attachments, [{ Path: String }])

  const list = await call('/v3/odata/workorders(270000240)/attachments')
  const [attachment] = list.json<{ value: { Uri: string }[] }>().value
  const uri = attachment?.Uri ?? ''
  t.notOk(uri.startsWith(emulator.apiUrl) || uri.startsWith(emulator.loginUrl), 'an origin of its own')
  t.equal((await ask(uri)).status, 200)
  t.equal((await ask(uri, { headers: { authorization: 'Bearer x' } })).status, 400)
  t.equal((await ask(uri.replace(/signature=./, 'signature=x'))).status, 403)
})

t.test('the same work activity sent twice is 406, already processed', async (t) => {
  const enter = () => call('/v3/workorders/270000001/workactivities', send('POST', { TimeIn: '2026-05-04T10:00:00Z' }))
  t.same([(await enter()).status, (await enter()).status], [201, 406])
})

t.test('a replica that lags does not know a new work order yet, though writes do', async (t) => {
  const clock = handClock()
  const { caller } = await visit(t, { now: clock.now, api: { replicaLagSeconds: 30 } })
  const call = await caller()
  const { id } = (await call('/v3/workorders', send('POST', order))).json<{ id: number }>()
  t.equal((await call(`/v3/workorders/${id}`)).status, 404)
  t.equal((await call(`/v3/odata/workorders(${id})`)).status, 404)
  t.equal((await call(`/v3/workorders/${id}/notes`, send('POST', { Note: 'x' }))).status, 201)
  clock.advance(30_000)
  t.equal((await call(`/v3/workorders/${id}`)).status, 200)
})

t.test('locations, providers, lookups and the profile have their own shapes', async (t) => {
  const locations = (await call('/v3/locations')).json<{ Locations: object[]; TotalCount: number }>()
  t.equal(locations.Locations.length, 50)
  t.equal(locations.TotalCount, 72)
  const [trade] = (await call('/v3/trades')).json<{ Id: number }[]>()
  t.match((await call(`/v3/providers/getbytradeid?tradeId=${trade?.Id}`)).json(), { Providers: [{ Name: String }] })
  for (const path of ['/v3/categories', '/v3/priorities'])
    t.match((await call(path)).json(), [{ Id: Number, Name: String }])
  t.match((await call('/v3/users/current/profile')).json(), {
    UserProfile: { UserName: 'robin.alder' },
    Stores: { Stores: [] }
  })
})
