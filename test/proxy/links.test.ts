import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { isLinkedRoute, relink, relinkLocation } from '../../src/proxy/links.js'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'

const api = 'https://sb2api.servicechannel.com'
const own = 'http://localhost:8080'

const body = `{"@odata.context":"http://sb2api.servicechannel.com/v3/odata/$metadata#workorders","@odata.count":2,"value":[
{"Id":9007199254740993,"Nte":250.0,"Note":"see http://sb2api.servicechannel.com/x and \\"@odata.context\\":\\"http://sb2api.servicechannel.com/y\\"",
"Assets@odata.context":"https:\\/\\/sb2api.servicechannel.com:443\\/v3\\/odata","Uri":"https://storage.example/a?sig=1","Name":"caf\u00e9 \u4e2d"}],
"@odata.nextLink" : "https://SB2API.servicechannel.com/v3/odata/workorders?$skip=50"}`
const relinked = body
  .replace('"@odata.context":"http://sb2api.servicechannel.com', '"@odata.context":"http://localhost:8080')
  .replace('https:\\/\\/sb2api.servicechannel.com:443', own)
  .replace('https://SB2API.servicechannel.com', own)

t.test("links of OData members become the listener's own, and not one other byte changes", async (t) => {
  t.equal(await text(Readable.from([Buffer.from(body)]).pipe(relink(api, own))), relinked)
})

t.test('it does not matter how the text is cut into chunks', async (t) => {
  const bytes = Buffer.from(body)
  for (const size of [1, 2, 3, 7, 16, 61]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size)
    )
    t.equal(await text(Readable.from(chunks).pipe(relink(api, own))), relinked, `chunks of ${size}`)
  }
})

t.test('other hosts, ports and lookalikes are left alone', async (t) => {
  for (const origin of [
    'https://sb2api.servicechannel.com.evil',
    'https://sb2api.servicechannel.com:8443',
    'https://xsb2api.servicechannel.com',
    'ftp://sb2api.servicechannel.com'
  ]) {
    const json = `{"@odata.context":"${origin}/v3"}`
    t.equal(await text(Readable.from([Buffer.from(json)]).pipe(relink(api, own))), json)
  }
  t.equal(relinkLocation('https://sb2api.servicechannel.com:443/a', api, own), `${own}/a`)
})

t.test('only OData routes carry links', async (t) => {
  for (const target of ['/v3/odata/workorders', '/odata/x', '/V3/OData/y', '/v3//odata/x', '/odata//workorders(1)'])
    t.ok(isLinkedRoute(target), target)
  for (const target of ['/v3/workorders', '/v3/odata', '/v3/x/odata/y', '/v3/workorders?x=/odata/'])
    t.notOk(isLinkedRoute(target), target)
})

t.test('compressed answers are read, and on other routes nothing is touched', async (t) => {
  const bodies: Record<string, Buffer> = {
    identity: Buffer.from(body),
    gzip: gzipSync(body),
    br: brotliCompressSync(body)
  }
  let coding = 'identity'
  let origin = ''
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => {
      const json = Buffer.from(body.replaceAll(/https?:(\\?\/){2}sb2api\.servicechannel\.com(:443)?/gi, origin))
      const coded = coding === 'gzip' ? gzipSync(json) : coding === 'br' ? brotliCompressSync(json) : json
      response.writeHead(200, {
        'content-type': 'application/json;odata.metadata=minimal',
        'content-length': coded.length,
        ...(coding !== 'identity' && { 'content-encoding': coding })
      })
      response.end(coded)
    }
  })
  origin = servicechannel.apiUrl
  const proxy = await startProxy(t, { environment: servicechannel })
  for (coding of Object.keys(bodies)) {
    const response = await fetch(`${proxy.url}/v3/odata/workorders`, { headers: { 'accept-encoding': 'gzip, br' } })
    const answer = await response.text()
    t.match(answer, `{"@odata.context":"${proxy.url}/v3/odata`, coding)
    t.match(answer, `"@odata.nextLink" : "${proxy.url}/v3/odata`)
    t.match(answer, '250.0')
    t.equal(servicechannel.arrivals.at(-1)?.headers['accept-encoding'], 'identity')
    const other = await fetch(`${proxy.url}/v3/workorders`, { headers: { 'accept-encoding': 'gzip, br' } })
    t.match(await other.text(), `{"@odata.context":"${origin}/v3`)
    t.equal(servicechannel.arrivals.at(-1)?.headers['accept-encoding'], 'gzip, br')
  }
})

t.test('both schemes, default ports, escaped slashes and any letter case, cut at any byte', async (t) => {
  const forms = ['https://', 'http://', 'HTTPS:\\/\\/', 'http:\\/\\/', 'https:\\//'].flatMap((start) =>
    ['', ':443', ':80'].map((port) => `${start}sb2api.ServiceChannel.com${port}`)
  )
  const members = ['"@odata.context":"', '"Assets@odata.navigationLink" : "', '"@ODATA.nextLink":\t"']
  for (const [n, form] of forms.entries()) {
    const member = members[n % members.length]
    const bytes = Buffer.from(`{${member}${form}\\/v3?x=1","Id":9007199254740993,"Nte":250.0}`)
    const wanted = `{${member}${own}\\/v3?x=1","Id":9007199254740993,"Nte":250.0}`
    // Some hundreds of cuts in three of the forms are enough.
    for (let cut = n % 7 === 0 ? 0 : bytes.length; cut <= bytes.length; cut++) {
      const got = await text(Readable.from([bytes.subarray(0, cut), bytes.subarray(cut)]).pipe(relink(api, own)))
      if (got !== wanted) t.equal(got, wanted, `cut at ${cut}`)
    }
    t.equal(await text(Readable.from([bytes]).pipe(relink(api, own))), wanted)
  }
})

t.test('an API at a port of its own is known by it alone', async (t) => {
  const step = () => relink('https://localhost:9443', 'http://localhost:8080')
  const member = (url: string) => `{"@odata.id":"${url}"}`
  t.equal(
    await text(Readable.from([member('http://LOCALHOST:9443/x')]).pipe(step())),
    member('http://localhost:8080/x')
  )
  for (const other of ['https://localhost/x', 'https://localhost:443/x', 'https://localhost:94430/x'])
    t.equal(await text(Readable.from([member(other)]).pipe(step())), member(other))
})

t.test('the time it takes grows with the length of a text, whatever is in it', async (t) => {
  const size = 2 ** 21
  const hostile = [
    '@',
    '@odata.',
    '@odata.x":"',
    '@odata.x":"https:',
    `@odata.x"${' '.repeat(16)}:${' '.repeat(16)}"`,
    '"@odata.x":"https://sb2api.servicechannel.co'
  ].map((piece) => piece.repeat(Math.ceil(size / piece.length)))
  hostile.push(`@odata.${'a'.repeat(size)}`, `"@odata.x"${' '.repeat(size)}`)
  for (const hostileText of hostile) {
    const started = performance.now()
    const pieces = Array.from({ length: 32 }, (_, i) =>
      Buffer.from(hostileText.slice((i * size) / 32, i === 31 ? undefined : ((i + 1) * size) / 32))
    )
    t.equal((await text(Readable.from(pieces).pipe(relink(api, own)))).length, hostileText.length)
    // Some tens of milliseconds; two million characters squared would be hours.
    t.ok(performance.now() - started < 3_000, hostileText.slice(0, 30))
  }
})

t.test('a Location may leave the scheme out', async (t) => {
  t.equal(relinkLocation('//sb2api.servicechannel.com/v3/x', api, own), `${own}/v3/x`)
  t.equal(relinkLocation('HTTP://SB2API.servicechannel.com:80?x', api, own), `${own}?x`)
  for (const other of [
    '//sb2api.servicechannel.com.evil/x',
    '//sb2api.servicechannel.com@evil/x',
    '/v3//sb2api.servicechannel.com/',
    'https://user@sb2api.servicechannel.com/x'
  ])
    t.equal(relinkLocation(other, api, own), other)
})
