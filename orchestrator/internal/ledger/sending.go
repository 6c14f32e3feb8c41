package ledger

// AboutScheme is true of a condition o that is about a scheme s, its data centre, or everything, and of one about an
// account; not of one about a host.
const AboutScheme = `(coalesce(o.scheme, s.scheme) = s.scheme and o.data_center_id in ('', s.data_center_id)
    and o.host = '')`

// MaySend is true of a cancellation c of scheme s for which requests may be sent now. Whatever stops sending stands in
// these rows, so that every orchestrator obeys it with its next statement: what gathers, loads and leases asks this and
// nothing else. While a remap is under way nobody knows what bills claim. A condition about a trigger stops
// verifications, not what is verified; one about a host, that host.
const MaySend = `(s.active and s.mode = 'send' and s.remap_run_id is null and not exists (
    select from condition o
    where o.end_time is null and o.blocks_sending and o.account in ('', c.account) and o.trigger = ''
      and ` + AboutScheme + `))`

// CancelledBefore is true of a cancellation c whose order was cancelled in an earlier generation of its bill, which was
// seen live in the present one: one that only keeps the snapshot made no order anew.
const CancelledBefore = `exists (
    select from bill_snapshot b
    where b.scheme = c.scheme and b.bill_id = c.bill_id and b.generation = c.generation) and exists (
    select from cancellation o join outcome e using (cancellation_id)
    where o.scheme = c.scheme and o.bill_id = c.bill_id and o.order_id = c.order_id
      and o.generation < c.generation and e.state = 'done' and e.revoke_time is null)`

// BlocksReading finds the conditions o that keep a scheme s from being read.
const BlocksReading = `(o.end_time is null and o.blocks_reading and ` + AboutScheme + `)`

// StopReason finds why a scheme s is not read until a person acts: the reason of the oldest such condition, or its kind
// where it has none.
const StopReason = `
    select coalesce(nullif(o.reason, ''), o.kind) as stop_reason
    from condition o
    where ` + BlocksReading + ` and o.by_person
    order by o.condition_id
    limit 1`

// RestsReading finds the conditions o while which runs of a scheme s are not tried at all: they end by themselves, once
// a probe says so. While Kingdee's clock is not believed pages are read all the same, and only the watermark stands
// still.
const RestsReading = `(` + BlocksReading + ` and not o.by_person and o.kind <> 'clock_ahead')`

// KeepsUnsent is true of the conditions o, open or over, while which orders of a scheme s are not sent: they block
// sending, or the reading without which nothing is sent.
const KeepsUnsent = `((o.blocks_sending or o.blocks_reading and o.kind <> 'clock_ahead') and ` + AboutScheme + `)`

// MayVerify is true of a cancellation c of scheme s that a batch can do something about: Kingdee can be asked, or its
// bill was read so lately that nobody need ask.
const MayVerify = `(c.verified_time > now() - interval '10 seconds' or not exists (
    select from condition o where ` + RestsReading + `))`
