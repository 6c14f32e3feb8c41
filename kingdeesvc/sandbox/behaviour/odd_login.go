package behaviour

import (
	"encoding/json"
	"strconv"
)

// OddLogins are the ways in which servers write a field of the login's answer with another JSON type, by name.
func OddLogins() map[string]func(answer map[string]any) {
	context := func(change func(map[string]any)) func(map[string]any) {
		return func(answer map[string]any) {
			if context, ok := answer["Context"].(map[string]any); ok {
				change(context)
			}
		}
	}
	ticks := func(write func(int64) any) func(map[string]any) {
		return context(func(c map[string]any) {
			if zone, ok := c["STimeZone"].(TimeZone); ok {
				c["STimeZone"] = map[string]any{
					"OffsetTicks": write(zone.OffsetTicks), "StandardName": zone.StandardName,
				}
			}
		})
	}
	return map[string]func(map[string]any){
		"code_number": func(a map[string]any) { a["MessageCode"] = 5003015 },
		"type_text":   func(a map[string]any) { a["LoginResultType"] = strconv.Itoa(a["LoginResultType"].(int)) },
		"message_list": func(a map[string]any) {
			a["Message"] = []map[string]any{{"Key": 2052, "Value": a["Message"]}}
		},
		"ticks_text":     ticks(func(n int64) any { return strconv.FormatInt(n, 10) }),
		"ticks_float":    ticks(func(n int64) any { return json.RawMessage(strconv.FormatInt(n, 10) + ".0") }),
		"zone_text":      context(func(c map[string]any) { c["STimeZone"] = "China Standard Time" }),
		"version_number": context(func(c map[string]any) { c["DisplayVersion"] = 8.2 }),
		"name_by_language": context(func(c map[string]any) {
			c["DataCenterName"] = MultiLanguage(c["DataCenterName"].(string))
		}),
		"context_text": func(a map[string]any) { a["Context"] = "" },
	}
}

// TimeZone is a zone in the login answer; 288000000000 ticks are +08:00.
type TimeZone struct {
	OffsetTicks  int64  `json:"OffsetTicks"`
	StandardName string `json:"StandardName"`
	Number       string `json:"Number"`
}

// MultiLanguage is a text as the object model writes it, one entry a language.
func MultiLanguage(text string) []map[string]any {
	return []map[string]any{{"Key": 2052, "Value": text}}
}
