package ledger

// MaySend is true of a cancellation c of scheme s for which requests may be sent now. Whatever stops sending stands in
// these rows, so that every orchestrator obeys it with its next statement: what gathers, loads and leases asks this and
// nothing else.
const MaySend = `(s.state = 'running' and s.active and s.mode = 'send' and s.pause_reason = ''
    and not exists (select from stop_all)
    and not exists (select from account_pause p where p.account = c.account))`
