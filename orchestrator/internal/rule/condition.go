package rule

// ConditionKind is a kind of condition (状况): what is everybody's trouble, one row for each subject while it lasts,
// and never a count for each order.
type ConditionKind string

// The conditions of reading.
const (
	// ConditionKingdeeAway: Kingdee does not answer.
	ConditionKingdeeAway ConditionKind = "kingdee_away"
	// ConditionSessionContended: sessions in use are lost, and a new login does not mend it.
	ConditionSessionContended ConditionKind = "session_contended"
	// ConditionLoginRefused: Kingdee refuses the login. It is tried seldom, because accounts lock.
	ConditionLoginRefused ConditionKind = "login_refused"
	// ConditionClockAhead: Kingdee's clock or zone does not fit the stamps of its bills.
	ConditionClockAhead ConditionKind = "clock_ahead"
	// ConditionClockBehind: bills appear with stamps below the edge of every run.
	ConditionClockBehind ConditionKind = "clock_behind"
	// ConditionPermissionSuspect: Kingdee does not show what the ledger knows.
	ConditionPermissionSuspect ConditionKind = "permission_suspect"
	// ConditionKingdeeWentBack: an older copy of Kingdee answers.
	ConditionKingdeeWentBack ConditionKind = "kingdee_went_back"
	// ConditionReadingBehind: the last complete run of a scheme is older than five intervals.
	ConditionReadingBehind ConditionKind = "reading_behind"
	// ConditionSchemeStopped: what a scheme reads or sends to is not what it began with, or not what it may use; the
	// reason names which.
	ConditionSchemeStopped ConditionKind = "scheme_stopped"
)

// The conditions of sending.
const (
	// ConditionKingdeeSlow: verifications of a trigger take longer than half of what a request may wait for one.
	ConditionKingdeeSlow ConditionKind = "kingdee_slow"
	// ConditionWMSAway: the WMS does not answer an account, neither a cancel nor the harmless call.
	ConditionWMSAway ConditionKind = "wms_away"
	// ConditionThrottled: the WMS takes no more requests of an account for a while.
	ConditionThrottled ConditionKind = "throttled"
	// ConditionAccountRefused: the WMS does not accept an account.
	ConditionAccountRefused ConditionKind = "account_refused"
	// ConditionAccountClock: the WMS refuses an account for the time that its requests carry.
	ConditionAccountClock ConditionKind = "account_clock"
	// ConditionAccountMissing: the WMS adapter of one host does not have an account.
	ConditionAccountMissing ConditionKind = "account_missing"
	// ConditionClocksApart: the clocks of an orchestrator and of the wmssvc that it asks differ too much.
	ConditionClocksApart ConditionKind = "clocks_apart"
	// ConditionMappingSuspected: the first answers to a scheme are nearly all wrong.
	ConditionMappingSuspected ConditionKind = "mapping_suspected"
	// ConditionSafetyLimit: more new cancellations than a scheme allows in an hour or a day; the reason names which.
	ConditionSafetyLimit ConditionKind = "safety_limit"
	// ConditionPaused: a person paused a scheme.
	ConditionPaused ConditionKind = "paused"
	// ConditionStopAll: a person stopped everything.
	ConditionStopAll ConditionKind = "stop_all"
	// ConditionCancelledElsewhere: another system cancels the orders of a scheme, too.
	ConditionCancelledElsewhere ConditionKind = "cancelled_elsewhere"
)

// The conditions of a host.
const (
	// ConditionAdapterAway: a host does not reach one of its adapters; the reason names which.
	ConditionAdapterAway ConditionKind = "adapter_away"
	// ConditionAdapterRefused: an adapter does not let a host in; the reason names which.
	ConditionAdapterRefused ConditionKind = "adapter_refused"
	// ConditionLedgerAway: a host does not reach the ledger.
	ConditionLedgerAway ConditionKind = "ledger_away"
	// ConditionDatabaseReadOnly: the ledger's database takes no writes.
	ConditionDatabaseReadOnly ConditionKind = "database_read_only"
	// ConditionLedgerWentBack: the ledger is behind what a host remembers of it.
	ConditionLedgerWentBack ConditionKind = "ledger_went_back"
	// ConditionSchemeFileDiffers: the schemes file of a host is not what the ledger works by.
	ConditionSchemeFileDiffers ConditionKind = "scheme_file_differs"
	// ConditionSchemeUnreadable: a host's program cannot read the newest revision of a scheme; the detail names it.
	ConditionSchemeUnreadable ConditionKind = "scheme_unreadable"
	// ConditionFileBroken: a file that a setting names, the reason, cannot be used; what was read before is in force.
	ConditionFileBroken ConditionKind = "file_broken"
	// ConditionCertificateEnding: a certificate in such a file ends within 30 days, or has ended.
	ConditionCertificateEnding ConditionKind = "certificate_ending"
)

// SlowForSessions is the reason of a kingdee_slow that more sessions with Kingdee would mend.
const SlowForSessions = "sessions"

// Subject is what conditions of a kind are about.
type Subject string

// The subjects. A condition carries the names that belong to its subject and no others.
const (
	SubjectEverything        Subject = "everything"
	SubjectDataCenter        Subject = "data_center"
	SubjectDataCenterTrigger Subject = "data_center_trigger"
	SubjectScheme            Subject = "scheme"
	SubjectAccount           Subject = "account"
	SubjectAccountHost       Subject = "account_host"
	SubjectHost              Subject = "host"
)

// ConditionRow says what a kind of condition is about, what it keeps from going on, and how it ends.
type ConditionRow struct {
	Kind    ConditionKind
	Subject Subject
	// Reason narrows the words to conditions of this reason; empty: all of the kind.
	Reason string
	// Reading and Sending are blocked while it lasts.
	Reading, Sending bool
	// ByPerson: it lasts until a person acts. Otherwise it ends by itself.
	ByPerson bool
	// The words: what happened and the next step, with {scheme}, {data_center}, {account}, {trigger}, {host} and
	// {reason} for the names that the condition carries.
	MessageZH, ActionZH, MessageEN, ActionEN string
}

// ConditionRows are all kinds, each with its general row first. Migrate writes them into the ledger, where
// reporting.condition reads the words, and the one statement that opens a condition what it blocks.
func ConditionRows() []ConditionRow {
	rows := append(readingConditions(), sendingConditions()...)
	return append(append(rows, hostConditions()...), stopReasons()...)
}

func readingConditions() []ConditionRow {
	return []ConditionRow{
		{
			Kind: ConditionKingdeeAway, Subject: SubjectDataCenter, Reading: true,
			MessageZH: "金蝶没有应答，读取暂停", ActionZH: "检查金蝶服务器和网络；恢复后自动继续",
			MessageEN: "Kingdee does not answer; reading waits",
			ActionEN:  "check the Kingdee server and the network; it goes on by itself",
		},
		{
			Kind: ConditionSessionContended, Subject: SubjectDataCenter, Reading: true,
			MessageZH: "金蝶会话反复失效，疑似同一账号在别处登录", ActionZH: "为 voidrelay 使用专用的集成用户；恢复后自动继续",
			MessageEN: "Kingdee sessions are lost again and again: the same user may log in elsewhere",
			ActionEN:  "give voidrelay a user of its own; it goes on by itself",
		},
		{
			Kind: ConditionLoginRefused, Subject: SubjectDataCenter, Reading: true,
			MessageZH: "金蝶拒绝登录，读取暂停", ActionZH: "检查 kingdeesvc 的账号、应用 ID 和密钥（kingdeesvc check）；改正并重启后立即重试，否则 30 分钟后再试",
			MessageEN: "Kingdee refuses the login; reading waits",
			ActionEN: "check user, application id and secret of kingdeesvc (kingdeesvc check); a restart tries at " +
				"once, otherwise it is tried again after 30 minutes",
		},
		{
			Kind: ConditionClockAhead, Subject: SubjectDataCenter, Reading: true,
			MessageZH: "时间戳或时区与金蝶服务器时钟不符，读取进度暂停前移",
			ActionZH:  "核对金蝶服务器时间与 KINGDEE_TIME_ZONE；恢复正常后自动继续",
			MessageEN: "stamps or the zone do not fit Kingdee's clock; the watermark stands still",
			ActionEN:  "compare the server's time and KINGDEE_TIME_ZONE; it goes on by itself once they fit",
		},
		{
			Kind: ConditionClockBehind, Subject: SubjectDataCenter,
			MessageZH: "有单据以早于读取范围的时间戳出现，已扩大重读范围", ActionZH: "核对金蝶各应用服务器的时间",
			MessageEN: "bills appear with stamps below what a run reads; the overlap is wider for now",
			ActionEN:  "compare the clocks of Kingdee's application servers",
		},
		{
			Kind: ConditionPermissionSuspect, Subject: SubjectScheme, Reading: true, Sending: true, ByPerson: true,
			MessageZH: "金蝶查询看不到账本已知的单据或字段，疑似权限有变；期间作废的单据可能看不到",
			ActionZH:  `在金蝶检查该用户的数据、组织和字段权限，改正后：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "Kingdee does not show bills or fields that the ledger knows: permissions may have changed, " +
				"and voids may go unseen",
			ActionEN: "check the user's data, organisation and field permissions in Kingdee, then: " +
				`voidrelay resume "{scheme}" --reason "…"`,
		},
		{
			Kind: ConditionKingdeeWentBack, Subject: SubjectDataCenter, Reading: true, Sending: true, ByPerson: true,
			MessageZH: "多张已知单据的时间戳变早了，金蝶疑似恢复到了旧备份；读取和发送暂停，缺失的单据不算删除",
			ActionZH: `向金蝶管理员查明恢复到哪个时间点（如 2026-11-25T08:00:00+08:00），然后：` +
				`voidrelay resume "{scheme}" --kingdee-restored-to "……" --reason "……"`,
			MessageEN: "stamps of known bills went back: Kingdee may have been restored from an older copy; " +
				"nothing is read or sent, and a missing bill does not count as deleted",
			ActionEN: `ask Kingdee's administrator to which time it was restored (such as ` +
				`2026-11-25T08:00:00+08:00), then: voidrelay resume "{scheme}" --kingdee-restored-to "…" --reason "…"`,
		},
		{
			Kind: ConditionReadingBehind, Subject: SubjectScheme,
			MessageZH: "超过五个周期没有完成一次读取，现在不知道单据的最新情况",
			ActionZH: `先处理该账套的其他状况；没有其他状况时确认 orchestrator 在运行；恢复后自动继续；` +
				`查看读取为何没有完成：voidrelay runs list "{scheme}"`,
			MessageEN: "no run was complete for five intervals: what became of bills since is not known",
			ActionEN: `settle other conditions of its data centre first; where there are none see that an ` +
				`orchestrator is up; it goes on by itself; see why runs do not end: voidrelay runs list "{scheme}"`,
		},
		{
			Kind: ConditionSchemeStopped, Subject: SubjectScheme, Reading: true, Sending: true, ByPerson: true,
			MessageZH: "方案已停止，不再读取和发送", ActionZH: `按停止原因处理后：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "the scheme is stopped; it neither reads nor sends",
			ActionEN:  `settle the reason, then: voidrelay resume "{scheme}" --reason "…"`,
		},
	}
}

func sendingConditions() []ConditionRow {
	return []ConditionRow{
		{
			Kind: ConditionKingdeeSlow, Subject: SubjectDataCenterTrigger, Sending: true,
			MessageZH: "金蝶应答太慢，发送前的核实来不及完成，{trigger} 的取消等待",
			ActionZH:  "查明金蝶变慢的原因；作废和删除的 verify_after 最长可设 300s；金蝶变快后自动继续",
			MessageEN: "Kingdee answers too slowly to verify a bill before its request is sent; cancellations of " +
				"{trigger} wait",
			ActionEN: "see what slows Kingdee; for voided and deleted bills verify_after may be raised to 300s; it " +
				"goes on by itself once Kingdee is faster",
		},
		{
			Kind: ConditionKingdeeSlow, Subject: SubjectDataCenterTrigger, Reason: SlowForSessions, Sending: true,
			MessageZH: "发送前核实一张单据的几次查询在金蝶会话上排队，来不及完成，{trigger} 的取消等待",
			ActionZH:  "调大 kingdeesvc 的 KINGDEE_SESSIONS（如 3）使查询并行：一个会话一次只处理一个请求；金蝶变快后自动继续",
			MessageEN: "the questions that verify a bill before its request is sent wait for each other's session " +
				"and take too long; cancellations of {trigger} wait",
			ActionEN: "set KINGDEE_SESSIONS of kingdeesvc higher, such as 3: one session runs its requests one after " +
				"the other; it goes on by itself once Kingdee is faster",
		},
		{
			Kind: ConditionWMSAway, Subject: SubjectAccount, Sending: true,
			MessageZH: "旺店通没有应答，账号 {account} 的取消全部等待", ActionZH: "检查旺店通服务和网络；恢复后自动继续发送",
			MessageEN: "the WMS does not answer account {account}; its cancellations wait",
			ActionEN:  "check the WMS and the network; sending goes on by itself",
		},
		{
			Kind: ConditionThrottled, Subject: SubjectAccount, Sending: true,
			MessageZH: "旺店通限流，账号 {account} 的取消等待", ActionZH: "到时自动继续；若经常出现，调低 wmssvc 的请求速度或请旺店通放宽",
			MessageEN: "the WMS takes no more requests of account {account} for a while",
			ActionEN:  "it goes on by itself; if it comes often, lower wmssvc's pace or ask for a higher limit",
		},
		{
			Kind: ConditionAccountRefused, Subject: SubjectAccount, Sending: true,
			MessageZH: "旺店通不接受账号 {account}，已暂停发送，每 5 分钟自动重试",
			ActionZH:  "检查旺店通账号、密钥、接口权限和 IP 白名单（wmssvc check）；改正后自动恢复",
			MessageEN: "the WMS does not accept account {account}; nothing is sent to it; it is asked every five " +
				"minutes",
			ActionEN: "check account, key, permission of the interface and the list of allowed addresses " +
				"(wmssvc check); it goes on by itself",
		},
		{
			Kind: ConditionAccountClock, Subject: SubjectAccount, Sending: true,
			MessageZH: "旺店通因时钟不一致拒绝账号 {account}，已暂停发送，每 5 分钟自动重试",
			ActionZH:  "请为 wmssvc 所在主机启用 NTP 对时；若本机时间无误，请通知旺店通管理员；改正后自动恢复",
			MessageEN: "the WMS refuses account {account} because the clocks differ; nothing is sent to it; it is " +
				"asked every five minutes",
			ActionEN: "let the host of wmssvc keep its time by NTP; if it does, tell the WMS's operator; it goes on " +
				"by itself",
		},
		{
			Kind: ConditionAccountMissing, Subject: SubjectAccountHost, Sending: true,
			MessageZH: "主机 {host} 的 wmssvc 没有配置账号 {account}，该主机不发送",
			ActionZH:  "在该主机的 wmssvc 账号文件里补上此账号，或改正方案的仓库对照表；补上后自动继续",
			MessageEN: "wmssvc of host {host} does not have account {account}; that host does not send to it",
			ActionEN:  "add the account to wmssvc on that host, or correct the warehouse table; it goes on by itself",
		},
		{
			Kind: ConditionClocksApart, Subject: SubjectAccountHost, Sending: true,
			MessageZH: "主机 {host} 的时钟与它所用的 wmssvc 相差超过 2 秒，该主机不向账号 {account} 发送",
			ActionZH:  "请为两台主机启用 NTP 对时；一致后自动继续",
			MessageEN: "the clocks of host {host} and of the wmssvc that it asks are more than 2 seconds apart; that " +
				"host sends nothing to account {account}",
			ActionEN: "let both hosts keep their time by NTP; it goes on by itself",
		},
		{
			Kind: ConditionMappingSuspected, Subject: SubjectScheme, Sending: true, ByPerson: true,
			MessageZH: "旺店通对该方案的答复全部是“找不到”或“拒绝”，疑似映射有误，已暂停发送",
			ActionZH:  `在旺店通查看例单，核对方案的单号、仓库和单据类型映射，改正后：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "the WMS knows none of this scheme's orders or refuses all of them: its mapping is suspected, " +
				"sending is paused",
			ActionEN: "look at the example orders in the WMS, check number, warehouse and type of the mapping, then: " +
				`voidrelay resume "{scheme}" --reason "…"`,
		},
		safetyLimit("", "新取消数量超过上限", "too many new cancellations"),
		safetyLimit(string(HoldSafetyLimitHour), "一小时内新取消数量超过上限", "too many new cancellations in an hour"),
		safetyLimit(string(HoldSafetyLimitDay), "一天内新取消数量超过上限", "too many new cancellations in a day"),
		{
			Kind: ConditionPaused, Subject: SubjectScheme, Sending: true, ByPerson: true,
			MessageZH: "方案已由人工暂停发送", ActionZH: `可以继续时：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "a person paused the scheme's sending",
			ActionEN:  `when it may go on: voidrelay resume "{scheme}" --reason "…"`,
		},
		{
			Kind: ConditionStopAll, Subject: SubjectEverything, Sending: true, ByPerson: true,
			MessageZH: "已全部停发", ActionZH: `可以继续时：voidrelay resume-all --reason "……"`,
			MessageEN: "all sending is stopped", ActionEN: `when it may go on: voidrelay resume-all --reason "…"`,
		},
		{
			Kind: ConditionCancelledElsewhere, Subject: SubjectScheme, ByPerson: true,
			MessageZH: "旺店通对首次请求多次答复“已取消”，疑似另有系统也在取消该方案的仓库单",
			ActionZH:  `停用另一系统的取消任务；确认后：voidrelay resume "{scheme}" --reason "……"`,
			MessageEN: "the WMS says to first requests that the order is cancelled already: another system may " +
				"cancel for this scheme, too",
			ActionEN: `switch the other system's cancels off; then: voidrelay resume "{scheme}" --reason "…"`,
		},
	}
}

// safetyLimit blocks no sending by itself: what is behind the limit is held.
func safetyLimit(reason, chinese, english string) ConditionRow {
	return ConditionRow{
		Kind: ConditionSafetyLimit, Subject: SubjectScheme, Reason: reason, ByPerson: true,
		MessageZH: chinese + "，未发出的全部待放行",
		ActionZH:  `确认这批作废属实后放行：voidrelay release "{scheme}" --hold {reason} --reason "……"`,
		MessageEN: english + "; what was not sent is held",
		ActionEN: "make sure that these voids are meant, then: " +
			`voidrelay release "{scheme}" --hold {reason} --reason "…"`,
	}
}

func hostConditions() []ConditionRow {
	return []ConditionRow{
		{
			Kind: ConditionAdapterAway, Subject: SubjectHost,
			MessageZH: "主机 {host} 连不上 {reason} 适配器", ActionZH: "检查该适配器进程及其地址设置；恢复后自动继续",
			MessageEN: "host {host} does not reach the {reason} adapter",
			ActionEN:  "check its process and the address in the settings; it goes on by itself",
		},
		{
			Kind: ConditionAdapterAway, Subject: SubjectHost, Reason: "kingdee", Reading: true,
			MessageZH: "主机 {host} 连不上金蝶适配器 kingdeesvc，该主机不读取",
			ActionZH:  "检查 kingdeesvc 进程和 KINGDEESVC_TARGET；恢复后自动继续",
			MessageEN: "host {host} does not reach kingdeesvc; it reads nothing",
			ActionEN:  "check the process of kingdeesvc and KINGDEESVC_TARGET; it goes on by itself",
		},
		{
			Kind: ConditionAdapterAway, Subject: SubjectHost, Reason: "wms", Sending: true,
			MessageZH: "主机 {host} 连不上旺店通适配器 wmssvc，该主机不发送",
			ActionZH:  "检查 wmssvc 进程和 WMSSVC_TARGET；恢复后自动继续",
			MessageEN: "host {host} does not reach wmssvc; it sends nothing",
			ActionEN:  "check the process of wmssvc and WMSSVC_TARGET; it goes on by itself",
		},
		{
			Kind: ConditionAdapterRefused, Subject: SubjectHost,
			MessageZH: "{reason} 适配器拒绝主机 {host} 的调用", ActionZH: "核对 ADAPTER_TOKEN 或证书；改好后自动继续",
			MessageEN: "the {reason} adapter does not let host {host} in",
			ActionEN:  "check ADAPTER_TOKEN, or the certificate; it goes on by itself",
		},
		{
			Kind: ConditionAdapterRefused, Subject: SubjectHost, Reason: "kingdee", Reading: true,
			MessageZH: "金蝶适配器 kingdeesvc 拒绝主机 {host} 的调用，该主机不读取",
			ActionZH: "核对编排服务的 ADAPTER_TOKEN（或证书名），它必须在 kingdeesvc 的 AUTH_CALLERS_FILE 里，" +
				"角色 viewer；改好后自动继续",
			MessageEN: "kingdeesvc does not let host {host} in; it reads nothing",
			ActionEN: "check the orchestrator's ADAPTER_TOKEN, or the name of its certificate: kingdeesvc must have " +
				"it in its AUTH_CALLERS_FILE, as a viewer; it goes on by itself",
		},
		{
			Kind: ConditionAdapterRefused, Subject: SubjectHost, Reason: "wms", Sending: true,
			MessageZH: "旺店通适配器 wmssvc 拒绝主机 {host} 的调用，该主机不发送",
			ActionZH: "核对编排服务的 ADAPTER_TOKEN（或证书名），它必须在 wmssvc 的 AUTH_CALLERS_FILE 里，" +
				"其名称还必须在 WMS_CALLERS 里；改好后自动继续",
			MessageEN: "wmssvc does not let host {host} in; it sends nothing",
			ActionEN: "check the orchestrator's ADAPTER_TOKEN, or the name of its certificate: wmssvc must have it " +
				"in its AUTH_CALLERS_FILE, and its name in WMS_CALLERS; it goes on by itself",
		},
		{
			Kind: ConditionLedgerAway, Subject: SubjectHost, Reading: true, Sending: true,
			MessageZH: "主机 {host} 连不上账本数据库", ActionZH: "检查 Postgres 和 DATABASE_URL；恢复后自动继续",
			MessageEN: "host {host} does not reach the ledger",
			ActionEN:  "check Postgres and DATABASE_URL; it goes on by itself",
		},
		{
			Kind: ConditionDatabaseReadOnly, Subject: SubjectHost, Reading: true, Sending: true,
			MessageZH: "账本数据库只读，无法记录，读取和发送暂停", ActionZH: "检查磁盘空间、主备切换和 default_transaction_read_only；恢复后自动继续",
			MessageEN: "the ledger's database is read only; nothing is read or sent",
			ActionEN:  "check disk space, a switchover and default_transaction_read_only; it goes on by itself",
		},
		{
			Kind: ConditionLedgerWentBack, Subject: SubjectHost, Reading: true, Sending: true, ByPerson: true,
			MessageZH: "账本比主机 {host} 记得的旧，疑似恢复了旧备份，或切换时丢了最后的数据；不读取也不发送",
			ActionZH:  `用 ledger show 看缺了什么，补做其中的暂停、停发和不取消，然后：voidrelay ledger confirm --reason "……"`,
			MessageEN: "the ledger is behind what host {host} remembers: it may be an older back-up, or a switchover " +
				"lost the last data; nothing is read or sent",
			ActionEN: "see by ledger show what is missing, pause, stop and ignore again what was, then: " +
				`voidrelay ledger confirm --reason "…"`,
		},
		{
			Kind: ConditionSchemeFileDiffers, Subject: SubjectHost,
			MessageZH: "主机 {host} 的方案文件与账本中正在使用的方案不同；以账本为准，照常工作",
			ActionZH:  "用 scheme diff 看差别，用 scheme apply 采用文件；账本中正在使用的方案，可用来更新文件：voidrelay scheme export",
			MessageEN: "the schemes file of host {host} is not what the ledger works by; the ledger counts, and work " +
				"goes on",
			ActionEN: "see how by scheme diff, and adopt the file by scheme apply; what the ledger works by, to " +
				"renew the file with: voidrelay scheme export",
		},
		{
			Kind: ConditionSchemeUnreadable, Subject: SubjectHost,
			MessageZH: "主机 {host} 的程序读不懂账本中最新的方案，该主机不处理这些方案",
			ActionZH:  "把该主机升级到与其他主机相同的版本；改好后自动继续",
			MessageEN: "the program of host {host} cannot read the newest revision of a scheme, and leaves it alone",
			ActionEN:  "upgrade that host to the version of the others; it goes on by itself",
		},
		{
			Kind: ConditionFileBroken, Subject: SubjectHost,
			MessageZH: "主机 {host} 读不了 {reason} 指的文件，仍用先前读到的内容",
			ActionZH:  "看该服务的日志里写的原因，改好文件；改好后自动采用，无需重启，但改好之前不要重启",
			MessageEN: "host {host} cannot use the file of {reason}; what was read of it before stays in force",
			ActionEN: "see why in the log of that service and mend the file; it is taken by itself, without a " +
				"restart, and until then a restart would fail",
		},
		{
			Kind: ConditionCertificateEnding, Subject: SubjectHost,
			MessageZH: "主机 {host} 的 {reason} 中有证书将在 30 天内到期，或已到期",
			ActionZH:  "换上新证书；服务自动采用，无需重启",
			MessageEN: "a certificate in {reason} of host {host} ends within 30 days, or has ended",
			ActionEN:  "put the next one in its place; the services take it by themselves, without a restart",
		},
	}
}
