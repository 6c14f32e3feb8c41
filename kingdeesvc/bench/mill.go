package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
)

// mill is a Kingdee that makes bills up while it is asked: it knows logins and the queries that kingdeesvc makes of
// this form, and keeps nothing. Its bills have the ids 1 to bills.
type mill struct{ bills int64 }

const login = `{"Message":null,"LoginResultType":1,"Context":{"DBid":"` + sandbox.DefaultAcctID +
	`","UserName":"mill","DataCenterName":"mill",` +
	`"STimeZone":{"OffsetTicks":288000000000}},"KDSVCSessionId":"mill","IsSuccessByAPI":true}`

// ServeHTTP implements http.Handler.
func (m mill) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(sandbox.SandboxHeader, "mill")
	w.Header().Set("Content-Type", "application/json")
	if !strings.Contains(r.URL.Path, "ExecuteBillQuery") {
		_, _ = w.Write([]byte(login))
		return
	}
	var call struct {
		Data struct {
			FieldKeys, FilterString string
			StartRow, Limit         int
		} `json:"data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	keys := strings.Split(call.Data.FieldKeys, ",")
	_, _ = w.Write(m.rows(keys, call.Data.FilterString, call.Data.StartRow, call.Data.Limit))
}

var (
	above  = regexp.MustCompile(`FID > (\d+)`)
	single = regexp.MustCompile(`FID = (-?\d+)`)
	among  = regexp.MustCompile(`FID in \(([\d,]+)\)`)
)

// ids are those that a filter leaves: the listed ones, or all above a bound.
func (m mill) ids(filter string) func(yield func(int64) bool) {
	after := int64(0)
	if match := above.FindStringSubmatch(filter); match != nil {
		after, _ = strconv.ParseInt(match[1], 10, 64)
	}
	var listed []string
	if match := among.FindStringSubmatch(filter); match != nil {
		listed = strings.Split(match[1], ",")
	} else if match := single.FindStringSubmatch(filter); match != nil {
		listed = match[1:]
	}
	return func(yield func(int64) bool) {
		if listed == nil {
			for id := after + 1; id <= m.bills && yield(id); id++ {
			}
			return
		}
		for _, text := range listed {
			id, err := strconv.ParseInt(text, 10, 64)
			if err == nil && id > after && id <= m.bills && !yield(id) {
				return
			}
		}
	}
}

func (m mill) rows(keys []string, filter string, start, limit int) []byte {
	lines := 1
	for _, key := range keys {
		if key == "FEntity_FEntryID" {
			lines = linesPerBill
		}
	}
	out := []byte{'['}
	for id := range m.ids(filter) {
		for line := range lines {
			if start > 0 {
				start--
				continue
			}
			if limit--; limit < 0 {
				return append(out, ']')
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			for i, key := range keys {
				out = append(out, "[,"[min(i, 1)])
				out = cell(out, key, id, line)
			}
			out = append(out, ']')
		}
	}
	return append(out, ']')
}

// cell writes what an ordinary bill has under a key.
func cell(out []byte, key string, id int64, line int) []byte {
	switch strings.ToUpper(key) {
	case "FID":
		return strconv.AppendInt(out, id, 10)
	case "FENTITY_FENTRYID":
		return strconv.AppendInt(out, id*linesPerBill+int64(line), 10)
	case "FBILLNO":
		return fmt.Appendf(out, `"ZZCX%09d"`, id)
	case "FDOCUMENTSTATUS":
		return append(out, `"C"`...)
	case "FCANCELSTATUS":
		return append(out, `"A"`...)
	case "FAFFAIRTYPE":
		return append(out, `"Assembly"`...)
	case "FCANCELDATE", "FEXPIRYDATE":
		return append(out, "null"...)
	case "FCREATEDATE", "FMODIFYDATE", "FAPPROVEDATE":
		return append(out, `"2024-04-11T15:46:44.72"`...)
	case "FDATE", "FPRODUCEDATE":
		return append(out, `"2024-04-11T00:00:00"`...)
	case "FEE", "FEE_ETY", "FQTY":
		return append(out, "12.50"...)
	case "FBOMID":
		return append(out, '0')
	}
	return append(out, `"BD_OwnerOrg"`...)
}
