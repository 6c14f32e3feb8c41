package ledger

// CountRows is how many ids a block of cancellation_count spans, and so how many rows a count reads at most that
// is asked for.
const CountRows = 50_000

// EndStates are those that a block's count keeps; what has not ended has a table of its own.
const EndStates = `('done', 'withdrawn', 'dry_run', 'closed')`
