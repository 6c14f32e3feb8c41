package memory

import (
	"fmt"
	"strings"
	"time"
)

// Words says in one line, in both languages, how far a ledger is behind.
func (l Lost) Words() string {
	var why []string
	for _, w := range []struct {
		so    bool
		words string
	}{
		{l.AnotherLedger, "不是记得的那个账本 another ledger"},
		{l.AnotherServer, "另一台数据库服务器 another server"},
		{l.AnotherTimeline, "数据库发生过切换或恢复 another timeline"},
	} {
		if w.so {
			why = append(why, w.words)
		}
	}
	seen := fmt.Sprintf("记得到 seen up to event %d (%s)，账本到 the ledger ends at %d", l.Newest.Number,
		l.Newest.Time.UTC().Format(time.RFC3339), l.HasNewest)
	if !l.HasTime.IsZero() {
		seen += " (" + l.HasTime.UTC().Format(time.RFC3339) + ")"
	}
	why = append(why, seen, fmt.Sprintf("缺 missing: 操作 acts %d，结果 outcomes %d", l.ActCount, l.OutcomeCount))
	return strings.Join(why, "；")
}
