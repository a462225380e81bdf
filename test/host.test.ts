import t from 'tap'
import { authorityOf, callable, dialled } from '../src/host.js'

t.test('an IPv6 address stands in brackets before its port', async (t) => {
  t.equal(authorityOf('::1', 8080), '[::1]:8080')
  t.equal(authorityOf('127.0.0.1', 8080), '127.0.0.1:8080')
})

t.test('what is bound to every address is called by loopback', async (t) => {
  t.same(dialled('0.0.0.0:8080'), { host: '127.0.0.1', port: 8080 })
  t.same(dialled('[::]:8080'), { host: '::1', port: 8080 })
  t.equal(callable('LOCALHOST'), '127.0.0.1')
})

t.test('any other address is called as it is, by the default port of HTTP too', async (t) => {
  t.same(dialled('192.0.2.7:80'), { host: '192.0.2.7', port: 80 })
  t.same(dialled('[2001:db8::1]:80'), { host: '2001:db8::1', port: 80 })
})
