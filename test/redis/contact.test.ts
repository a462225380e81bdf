import t from 'tap'
import { sharingRemarks } from '../../src/cli/open-sharing.js'
import { createContact } from '../../src/redis/contact.js'

function open() {
  const story: string[] = []
  const contact = createContact(4, {
    made: (replicas) => story.push(`made with ${replicas}`),
    lost: (reason) => story.push(`lost: ${reason}`),
    crowded: (replicas) => story.push(`crowded: ${replicas}`)
  })
  return { contact, story, remarks: () => sharingRemarks({ contact }) }
}

t.test('while nothing has been asked there is nothing to remark', async (t) => {
  t.strictSame(open().remarks(), [])
})

t.test('the first question that fails is remarked, and logged once a few have', async (t) => {
  const { contact, story, remarks } = open()
  contact.failed('quota', 'no connection yet')
  t.match(remarks(), [/^Redis is not reached \(no connection yet\): this proxy is alone/])
  contact.failed('quota', 'ECONNREFUSED')
  t.match(remarks(), [/\(ECONNREFUSED\)/])
  t.strictSame(story, [])
  contact.failed('quota', 'ECONNREFUSED')
  t.strictSame(story, ['lost: ECONNREFUSED'])
  t.match(remarks(), [/\(ECONNREFUSED\)/])
})

t.test('the answer ends the remark', async (t) => {
  const { contact, story, remarks } = open()
  contact.failed('quota', 'no connection yet')
  contact.made('quota', 2)
  t.strictSame(remarks(), [])
  t.strictSame(story, ['made with 2'])
})

t.test('a failure while what was leased still holds is none worth a remark, its loss is', async (t) => {
  const { contact, remarks } = open()
  contact.made('quota', 2)
  contact.failed('quota', 'no answer in time')
  t.strictSame(remarks(), [])
  contact.lost('quota')
  t.match(remarks(), [/\(no answer in time\)/])
  contact.made('quota', 5)
  t.match(remarks(), [/^5 proxies are at work, more than redis\.maxReplicas/])
})

t.test('as long as one of several is not answered, that is remarked', async (t) => {
  const { contact, remarks } = open()
  contact.made('application', 2)
  contact.made('company', 2)
  contact.failed('company', 'NOPERM')
  contact.lost('company')
  contact.made('application', 2)
  t.match(remarks(), [/\(NOPERM\)/])
  contact.made('company', 2)
  t.strictSame(remarks(), [])
})
