package rule

// Reasons for which a scheme is stopped until a person resumes it.
const (
	StopDataCenter   = "DATA_CENTER_DIFFERS"
	StopEnvironment  = "ENVIRONMENT_DIFFERS"
	StopMixed        = "ENVIRONMENTS_MIXED"
	StopNotAllowed   = "SCHEME_NOT_ALLOWED"
	StopAccount      = "WMS_ACCOUNT_DIFFERS"
	StopFieldUnknown = "FIELD_UNKNOWN"
	StopZone         = "TIME_ZONE_DIFFERS"
)

// SuspectUndecodable is the reason of permission_suspect where bills are shown that cannot be decoded, one after the
// other.
const SuspectUndecodable = "ALL_BILLS_UNDECODABLE"

// stopReasons are the words for each reason of scheme_stopped.
func stopReasons() []ConditionRow {
	row := func(reason, messageZH, actionZH, messageEN, actionEN string) ConditionRow {
		return ConditionRow{
			Kind: ConditionSchemeStopped, Subject: SubjectScheme, Reason: reason, Reading: true, Sending: true,
			ByPerson:  true,
			MessageZH: "方案已停止：" + messageZH, ActionZH: actionZH + `：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "the scheme is stopped: " + messageEN,
			ActionEN:  actionEN + `: voidrelay resume "{scheme}" --reason "…"`,
		}
	}
	return []ConditionRow{
		{
			Kind: ConditionPermissionSuspect, Subject: SubjectScheme, Reason: SuspectUndecodable, Reading: true,
			Sending: true, ByPerson: true,
			MessageZH: "连续多张单据都无法识别，疑似字段或权限有变",
			ActionZH:  `核对金蝶账号的字段权限和方案字段，改正后：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "one bill after the other cannot be decoded: field permissions may have changed",
			ActionEN: "check the user's field permissions and the scheme's fields, then: " +
				`voidrelay resume "{scheme}" --reason "…"`,
		},
		row(StopDataCenter, "金蝶登录的数据中心与方案不一致", "核对 KINGDEE_ACCT_ID 和方案里的数据中心，改正后",
			"the login is to another data centre than the scheme's",
			"check KINGDEE_ACCT_ID and the scheme's data centre, then"),
		row(StopEnvironment, "读取进度是在另一种环境（正式或沙箱）下建立的", "改回原来的环境，或换一个新方案名，然后",
			"its watermark was made on the other kind of server (real or sandbox)",
			"go back to that one or give the scheme a new name, then"),
		row(StopMixed, "金蝶和旺店通一个是正式、一个是沙箱", "两边都用正式环境或都用沙箱，改正后",
			"one of Kingdee and the WMS is real, the other a sandbox",
			"use two real ones or two sandboxes, then"),
		row(StopNotAllowed, "方案不允许用于该环境", "按说明补全方案（正式环境需要 examples），然后",
			"it may not be used here as it is",
			"complete the scheme as the detail says (real vendors need examples), then"),
		row(StopAccount, "旺店通账号与首次使用时不同", "核对 WMS 账号配置；确需更换请用新的方案名，否则改回后",
			"the WMS account is another one than the scheme began with",
			"go back to that account or give the scheme a new name, then"),
		row(StopFieldUnknown, "金蝶不认识方案要读的字段", "核对方案的字段名，改正后",
			"Kingdee does not know a field that it reads",
			"check the scheme's field names, then"),
		row(StopZone, "金蝶服务器时间现在按另一个时区读取",
			"若 KINGDEE_TIME_ZONE 改错了，先改回；若原来是错的，恢复后按新时区继续，并对之前的时段做一次回补（backfill）",
			"the times of the Kingdee server are now read in another zone",
			"if KINGDEE_TIME_ZONE was changed by mistake, change it back first; if it was wrong before, backfill the "+
				"time before afterwards; then"),
	}
}
