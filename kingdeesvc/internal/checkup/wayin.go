package checkup

import (
	"context"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/form"
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// reach asks for the list of data centres, which needs no login.
func (r *round) reach(ctx context.Context) {
	centers, meta, err := r.client.DataCenters(ctx)
	r.meta = meta
	defer r.encryption(meta, err)
	kind := say("正式服务器", "a real server")
	if meta.Sandbox {
		kind = say("沙箱（非正式服务器）", "a sandbox, no real server")
	}
	class := kingdee.ClassOf(err)
	switch {
	case err == nil:
		r.add("reach", OK, kind.and(say("，有 %d 个数据中心", "; data centres: %d", len(centers))), Text{})
		r.dataCenter(centers)
		return
	case class == kingdee.Unreachable || class == 0:
		r.add("reach", Failed, said(err), advice(err))
		r.skip("data_center")
		return
	case class == kingdee.Unreadable:
		r.add("reach", Warning, said(err), say("如果后面的登录成功，可忽略；否则核对 KINGDEE_BASE_URL，应能在浏览器里打开它",
			"of no importance if the login below works; otherwise check KINGDEE_BASE_URL: a browser should open it"))
	default:
		r.add("reach", OK, kind.and(say("，不公开数据中心列表", "; it does not list its data centres")), Text{})
	}
	r.add("data_center", Skipped, say("服务器没有给出列表", "the server gave no list"), Text{})
}

func (r *round) dataCenter(centers []kingdee.DataCenter) {
	if at := slices.IndexFunc(centers,
		func(c kingdee.DataCenter) bool { return c.ID == r.settings.DataCenterID }); at >= 0 {
		r.add("data_center", OK, say("%s（%s）", "%s (%s)", centers[at].Name, centers[at].ID), Text{})
		return
	}
	names := make([]string, 0, len(centers))
	for _, c := range centers[:min(len(centers), 20)] {
		names = append(names, c.ID+" "+c.Name)
	}
	list := strings.Join(names, "; ")
	r.add("data_center", Failed,
		say("服务器上没有 %s；有：%s", "the server has no %s; it has: %s", r.settings.DataCenterID, list),
		say("把 KINGDEE_ACCT_ID 改为列表中的一个", "set KINGDEE_ACCT_ID to one of the list"))
}

// login pings: a login that works and a form that may not be read are told apart by the class.
func (r *round) login(ctx context.Context) {
	meta, err := r.client.Ping(ctx, r.forms[0].form.ID)
	if !meta.Left.IsZero() {
		r.meta = meta
	}
	info := r.client.Login()
	who := info.UserName
	if who == "" {
		who = r.settings.UserName
	}
	where := info.DataCenterName
	if where == "" {
		where = r.settings.DataCenterID
	}
	switch kingdee.ClassOf(err) {
	case kingdee.Permission, kingdee.FormUnknown, kingdee.Refused, kingdee.FieldUnknown:
		r.entered = true
	default:
		r.entered = err == nil
	}
	if !r.entered {
		r.add("login", Failed, said(err), advice(err))
		r.forms[0].skip("form")
		return
	}
	found := say("用户 %s，方式 %s，账套 %s", "user %s, by %s, in %s", who, r.settings.Way, where)
	if info.Version != "" {
		found = found.and(say("，版本 %s", ", version %s", info.Version))
	}
	if info.DataCenterID != "" && info.DataCenterID != r.settings.DataCenterID {
		r.add("login", Warning, found.and(say("，账套 ID %s 与设置 %s 不同", "; its id %s differs from the setting %s",
			info.DataCenterID, r.settings.DataCenterID)),
			say("确认 KINGDEE_ACCT_ID", "make sure that KINGDEE_ACCT_ID is right"))
	} else {
		r.add("login", OK, found, Text{})
	}
	r.forms[0].may(err)
}

// ping asks for the form and nothing else.
func (r *round) ping(ctx context.Context, f form.Form) error {
	if !r.entered {
		return nil
	}
	_, err := r.client.Ping(ctx, f.ID)
	return err
}

// losing says whether sessions get lost without anybody else's doing, in about the time that a second login takes.
func (r *round) losing(ctx context.Context) bool {
	before := r.client.Losses()
	for range 3 {
		_, _ = r.client.Ping(ctx, r.forms[0].form.ID) // what else is wrong the other questions tell
	}
	return r.client.Losses() != before
}

// second opens another session and looks whether the first one survives it.
func (r *round) second(ctx context.Context) {
	switch {
	case !r.forms[0].queried:
		r.skip("second_login")
		return
	case r.settings.Way == "header":
		r.add("second_login", Skipped, say("签名方式不登录", "signed requests log nobody in"), Text{})
		return
	case r.options.Second == nil:
		r.add("second_login", Skipped, say("为了不中断正在运行的服务，没有尝试；kingdeesvc check 会检查",
			"not tried, so that no running service loses its session; kingdeesvc check does"), Text{})
		return
	}
	if r.losing(ctx) {
		r.add("second_login", Warning,
			say("会话自己就会丢失，看不出第二次登录的影响", "sessions get lost by themselves here, so a second login shows nothing"),
			say("看是否有别的程序用同一个用户，或服务器很快就结束会话；读取会继续，只是多登录几次",
				"see whether another program uses this user, or the server ends sessions soon; reading goes on, with "+
					"more logins"))
		return
	}
	before := r.client.Losses()
	other, err := r.options.Second()
	if err != nil {
		r.add("second_login", Warning, said(err), advice(err))
		return
	}
	defer other.Close(context.WithoutCancel(ctx))
	if _, err := other.Ping(ctx, r.forms[0].form.ID); err != nil {
		r.add("second_login", Warning, said(err), advice(err))
		return
	}
	if _, err := r.client.Ping(ctx, r.forms[0].form.ID); err != nil {
		r.add("second_login", Warning, said(err), advice(err))
		return
	}
	if r.client.Losses() == before {
		r.add("second_login", OK, say("第二次登录不影响第一次", "a second login leaves the first one alone"), Text{})
		return
	}
	advice := say("给 voidrelay 一个专用用户", "give voidrelay a user of its own")
	if r.settings.Sessions > 1 {
		advice = advice.and(say("，并把 KINGDEE_SESSIONS 设为 1", ", and set KINGDEE_SESSIONS to 1"))
	}
	if !r.client.KeepsOthers() {
		advice = advice.and(say("；或试 KINGDEE_KICK_OFF=false", "; or try KINGDEE_KICK_OFF=false"))
	}
	r.add("second_login", Warning, say("第二次登录会把第一次踢下线", "a second login throws the first one out"), advice)
}
