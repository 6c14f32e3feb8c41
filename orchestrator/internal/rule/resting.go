package rule

import "time"

// RestingFor is how long a cancellation has rested in all, because of conditions of its account, when people are told
// to stop the order by hand.
const RestingFor = 2 * time.Hour
