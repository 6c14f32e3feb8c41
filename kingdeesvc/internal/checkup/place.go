package checkup

import (
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// zone compares the setting with the login's STimeZone.
func (r *round) zone() {
	login := r.client.Login()
	_, offset := r.settings.Now().In(r.settings.Zone).Zone()
	own := kingdee.FixedZone(time.Duration(offset) * time.Second).String()
	switch {
	case !r.entered:
		r.skip("zone")
	case !login.HasOffset:
		r.add("zone", OK, say("设置为 %s（%s）；登录没有给出时区", "%s (%s) by the settings; the login names none",
			r.settings.ZoneName, own), Text{})
	case login.UTCOffset == time.Duration(offset)*time.Second:
		r.add("zone", OK, say("%s（%s），与登录一致", "%s (%s), as the login says", r.settings.ZoneName, own), Text{})
	default:
		theirs := kingdee.FixedZone(login.UTCOffset).String()
		r.add("zone", Warning,
			say("设置 %s（%s）与登录的 %s 不同；按登录的时区读取",
				"the setting %s (%s) differs from the login's %s; times are read by the login's", r.settings.ZoneName,
				own, theirs),
			say("把 KINGDEE_TIME_ZONE 改为 %s 或对应的地区名；在此之前编排服务不会推进读取进度",
				"set KINGDEE_TIME_ZONE to %s or the region's name; until then the orchestrator does not move its "+
					"watermark",
				theirs))
	}
}

// clockLimit is the difference from which somebody should look: signed logins carry our time, and marks Kingdee's.
const clockLimit = time.Minute

func (r *round) clock() {
	stats := r.client.Stats()
	switch {
	case r.meta.Left.IsZero() || r.meta.Arrived.IsZero():
		r.skip("clock")
	case !stats.HasSkew:
		r.add("clock", Warning, say("应答没有可用的 Date 头", "no answer has a Date that can be used"),
			say("检查中间的代理或缓存；没有它时按本机时钟退后 10 分钟读取",
				"look at the proxy or cache in between; without it reading stays 10 minutes behind our own clock"))
	case stats.Skew.Abs() > clockLimit:
		r.add("clock", Warning,
			say("与服务器相差 %s（服务器减本机）", "%s apart (the server's less ours)", stats.Skew.Round(time.Second)),
			say("两边都启用 NTP 对时；签名登录会因时间差而失败", "set both clocks by NTP; signed logins fail when clocks differ"))
	default:
		r.add("clock", OK, say("与服务器相差 %s", "%s apart", stats.Skew.Round(100*time.Millisecond)), Text{})
	}
}
