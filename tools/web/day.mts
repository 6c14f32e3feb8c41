// Drives a day over REST by a client that is made of the OpenAPI document alone: types by openapi-typescript, calls by
// openapi-fetch. What the document says of a request or a reply and is not so does not compile, or fails here.
//
//   node day.mjs URL SCHEME BILL_NO   where that bill is voided in Kingdee, and not read yet
import createClient from 'openapi-fetch'
import type { components, paths } from './rest.mjs'

declare const process: { argv: string[] }

const [baseUrl = '', scheme = '', billNo = ''] = process.argv.slice(2)
const api = createClient<paths>({ baseUrl })

function must (so: unknown, said: string): asserts so {
  if (!so) throw new Error(said)
}

// settled waits for the event that says what became of the bill.
async function settled (sinceToken: string): Promise<components['schemas']['Event']> {
  const { data } = await api.GET('/v1/events:watch', {
    params: { query: { sinceToken, scheme, billNo } }, headers: { Accept: 'application/x-ndjson' }, parseAs: 'stream'
  })
  must(data, 'a watch')
  let left = ''
  for await (const part of data.pipeThrough(new TextDecoderStream())) {
    const lines = (left + part).split('\n')
    left = lines.pop() ?? ''
    for (const line of lines) {
      const page: components['schemas']['WatchEventsResponse'] = JSON.parse(line)
      const event = page.events.find((one) => one.kind === 'EVENT_KIND_CANCELLATION_SETTLED')
      if (event) return event
    }
  }
  throw new Error('the watch ended')
}

const schemes = await api.GET('/v1/schemes')
must(schemes.data?.schemes.some((one) => one.scheme === scheme && one.state === 'SCHEME_STATE_RUNNING'), 'the scheme runs')

const before = await api.GET('/v1/events', { params: { query: { newestFirst: true, pageSize: 1 } } })
must(before.data, 'events')

const start = () => api.POST('/v1/schemes/{scheme}/runs', {
  params: { path: { scheme } }, body: { kind: 'RUN_KIND_INCREMENTAL', requestId: `day-${billNo}` }
})
const [first, again] = [await start(), await start()]
must(first.data && JSON.stringify(first.data) === JSON.stringify(again.data), 'a repeated act answers the same')

const event = await settled(before.data.token)
must(event.billNo === billNo && event.reason === 'cancelled' && event.state === 'done', JSON.stringify(event))

const bill = await api.GET('/v1/bills/{billNo}', { params: { path: { billNo }, query: { scheme } } })
must(bill.data, JSON.stringify(bill.error))
const [found] = bill.data.bills
must(found?.verdict === 'VERDICT_CANCELLED' && found.verdictText === '已取消', JSON.stringify(found))
must(found.cancellations.every((one) => one.state === 'CANCELLATION_STATE_DONE'), 'each order is done')

const cancellationId = found.cancellations[0]?.cancellationId ?? ''
const path = { params: { path: { cancellationId } } }
const one = await api.GET('/v1/cancellations/{cancellationId}', path)
must(one.data && one.data.attempts.length > 0, 'an order was asked for')
const tag = one.response.headers.get('ETag') ?? ''
const same = await api.GET('/v1/cancellations/{cancellationId}', { ...path, headers: { 'If-None-Match': tag } })
must(tag !== '' && same.response.status === 304, 'it is not sent again')

const refused = await api.GET('/v1/cancellations', { params: { query: { pageSize: 501 } } })
must(refused.response.status === 400 && refused.error?.details[0]?.metadata?.['field'] === 'pageSize', 'a page too large')

const act = { params: { path: { scheme } }, body: { reason: '盘点' } }
const paused = await api.POST('/v1/schemes/{scheme}:pause', act)
must(paused.data?.scheme?.conditions.some((condition) => condition.kind === 'paused'), JSON.stringify(paused.error))
const resumed = await api.POST('/v1/schemes/{scheme}:resume', act)
must(resumed.data?.scheme?.conditions.every((condition) => condition.kind !== 'paused'), JSON.stringify(resumed.error))
console.log(`${billNo} ${found.verdictText}`)
