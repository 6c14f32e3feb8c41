-- What people read: the verdicts, the words for each kind of trouble, and the schema of the views for people with SQL.
-- Each view is a file of its own in the folder reporting beside this one; migrate makes them once the tables are there.

-- +goose Up

create schema reporting;
comment on schema reporting is
    'voidrelay: what became of voided bills. Read only; the tables behind it may change';

create table reporting_view (
    view         text primary key,
    content_hash text not null,
    make_time    timestamptz not null default now()
);
comment on table reporting_view is
    'the views of the schema reporting that are ours, with the file that each was made from: one whose file has not '
    'changed is not touched';
comment on column reporting_view.content_hash is 'SHA-256 of the file';

create table verdict (
    place      integer primary key,
    classes    text[] not null,
    facts      text[] not null,
    verdict    text not null,
    verdict_zh text not null,
    verdict_en text not null,
    reason_zh  text not null,
    reason_en  text not null
);
comment on table verdict is
    'the decision table of the verdict on a bill, written by migrate as the rules have it: the first row that fits '
    'counts';
comment on column verdict.classes is 'the classes of bills that it is about; empty: all';
comment on column verdict.facts is 'what must be true of the bill, whatever else is: see reporting.bill_verdict';
comment on column verdict.reason_zh is
    'a format: %1$s the oldest open work item, %2$s why it is held, %3$s class_reason, %4$s the same in words; numbers '
    'of orders: %5$s owed, %6$s done, %7$s held, %8$s needs_attention, %9$s too_late, %10$s left alone; '
    '%11$s the condition that blocks';
comment on column verdict.reason_en is 'as reason_zh';

create table class_reason (
    reason    text primary key,
    reason_zh text not null,
    reason_en text not null
);
comment on table class_reason is
    'words for a bill''s class_reason, written by migrate; {part} is the part of the scheme that it names';

create table plain_word (
    about   text not null,
    code    text not null,
    word_zh text not null,
    word_en text not null,
    primary key (about, code)
);
comment on table plain_word is
    'plain words for the codes that people read: migrate makes reporting.word_zh of them. A code without any is shown '
    'as it is';

insert into plain_word (about, code, word_zh, word_en) values
('state', 'done', '已取消', 'cancelled'),
('state', 'withdrawn', '已撤回', 'withdrawn'),
('state', 'dry_run', '仅观察', 'only watched'),
('state', 'closed', '已关闭', 'closed'),
('outcome', 'cancelled', '旺店通已取消', 'the WMS cancelled it'),
('outcome', 'already_cancelled', '旺店通答复此前已取消', 'the WMS says that it was cancelled before'),
('outcome', 'not_found_after_possible_cancel', '旺店通已无此单，先前的请求应已取消',
 'the WMS has it no longer; an earlier request will have cancelled it'),
('outcome', 'no_order', '旺店通从未有过对应的仓库单', 'the WMS never had such an order'),
('outcome', 'nothing_to_cancel', '追问：没有可取消的仓库单', 'asked again, nothing to cancel'),
('outcome', 'no_trigger', '不再需要取消', 'nothing calls for it any longer'),
('outcome', 'decided anew', '单据重新判定', 'its bill was decided again'),
('outcome', 'scheme_retired', '方案已停用', 'the scheme is retired'),
('outcome', 'order_claimed', '仓库单由另一张单据占用', 'another bill claims the order'),
('outcome', 'not_asked', '不再追问：仓库单由另一张单据占用', 'not asked: another bill claims the order'),
('outcome', 'owed', '不再追问：该仓库单已应取消', 'not asked: the order is owed by now'),
('outcome', 'corrected', '仓库单的名称已更正，按新名称重新判定', 'its order is named otherwise by now'),
('outcome', 'not_in_scheme', '仓库或单据种类已不在方案内', 'its warehouse or order kind is not in the scheme any longer'),
('outcome', 'taken_over', '同一张单据后来的一次生效接替了它', 'a later generation of the bill took it over'),
('outcome', 'dry_run', '方案处于仅观察模式，未发送', 'the scheme only watches; nothing was sent'),
('outcome', 'ignored', '人工决定不取消', 'a person decided not to cancel'),
('outcome', 'marked_done', '人工标记已取消', 'a person marked it as cancelled'),
('disposition', 'cancelled', '已取消', 'cancelled'),
('disposition', 'already_cancelled', '此前已取消', 'cancelled before'),
('disposition', 'in_progress', '处理中', 'in progress'),
('disposition', 'too_late', '来不及', 'too late'),
('disposition', 'not_found', '查无此单', 'no such order'),
('disposition', 'rejected', '拒绝', 'rejected'),
('disposition', 'auth', '账号或该单不允许', 'not allowed'),
('disposition', 'throttled', '请求过快', 'too fast'),
('disposition', 'not_sent', '没有发出', 'not sent'),
('disposition', 'unknown', '没有明确答复', 'no clear answer'),
('hold_reason', 'no_event_time', '没有作废时间', 'no date tells when it was voided or un-audited'),
('hold_reason', 'safety_limit_hour', '达到每小时上限', 'the limit of an hour is reached'),
('hold_reason', 'safety_limit_day', '达到每日上限', 'the limit of a day is reached'),
('hold_reason', 'number_reuse_unsaid', '方案没有说明旺店通是否再接受该单号',
 'the scheme does not say whether the WMS takes the number again'),
('hold_reason', 'many_deleted', '同时被删除的单据过多', 'too many bills were deleted together'),
('class', 'live', '有效', 'live'),
('class', 'voided', '已作废', 'voided'),
('class', 'un_audited', '已反审核', 'un-audited'),
('class', 'never_audited', '从未审核', 'never audited'),
('class', 'before_cutover', '早于启用时间', 'before the cutover'),
('class', 'not_selected', '不属于方案', 'not of the scheme'),
('class', 'outside', '不归本方案', 'outside'),
('class', 'undecodable', '无法识别', 'cannot be decoded'),
('class', 'deleted', '已删除', 'deleted'),
('document_status', 'Z', '暂存', 'draft'),
('document_status', 'A', '创建', 'created'),
('document_status', 'B', '审核中', 'in approval'),
('document_status', 'C', '已审核', 'audited'),
('document_status', 'D', '重新审核', 'to be audited again'),
('cancel_status', 'A', '未作废', 'not voided'),
('cancel_status', 'B', '已作废', 'voided'),
('trigger', 'voided', '作废', 'voided'),
('trigger', 'un_audited', '反审核', 'un-audited'),
('trigger', 'deleted', '删除', 'deleted'),
('close_reason', 'owed anew', '重新记入应取消', 'it is owed again'),
('close_reason', 'owed now', '该仓库单已应取消', 'the order is owed by now'),
('close_reason', 'owed for another reason, too', '另有原因应取消', 'it is owed for another reason, too'),
('close_reason', 'nobody claims the order', '没有单据占用该仓库单', 'nobody claims the order'),
('close_reason', 'not live again, and its order is cancelled', '单据没有再次有效，仓库单已取消',
 'it is not live again, and its order is cancelled'),
('close_reason', 'the order''s cancellation has ended', '该仓库单的取消已了结',
 'the cancellation of the order has ended'),
('close_reason', 'nothing was sent', '请求没有发出', 'nothing was sent'),
('close_reason', 'released', '已放行', 'released'),
('close_reason', 'dry_run', '方案改为仅观察', 'the scheme only watches by now'),
('close_reason', 'nothing waits for it any longer', '已没有取消等待它', 'nothing waits for it any longer'),
('close_reason', 'settled by the WMS', '旺店通已有答复', 'the WMS settled it'),
('close_reason', 'withdrawn: no_trigger', '取消已撤回：不再需要取消', 'withdrawn: nothing calls for it any longer'),
('close_reason', 'it is in the scheme again', '仓库或单据种类已回到方案内', 'its warehouse or order kind is in the scheme again'),
('close_reason', 'withdrawn: not_in_scheme', '取消已撤回：仓库或单据种类已不在方案内',
 'withdrawn: its warehouse or order kind is not in the scheme any longer'),
('close_reason', 'withdrawn: order_claimed', '取消已撤回：仓库单由另一张单据占用',
 'withdrawn: another bill claims the order'),
('close_reason', 'withdrawn: not_asked', '不再追问：仓库单由另一张单据占用',
 'not asked: another bill claims the order'),
('close_reason', 'nothing rests any longer', '已没有搁置的仓库单', 'nothing rests any longer'),
('close_reason', 'no trigger holds any longer', '不再需要取消', 'nothing calls for it any longer'),
('close_reason', 'read again', '已重新读到', 'it was read again'),
('close_reason', 'no bill waits for it', '已没有单据等待它', 'no bill waits for it'),
('close_reason', 'nothing of it is held any longer', '已没有待放行的取消', 'nothing of it is held any longer'),
('close_reason', 'a reconcile run missed nothing', '核对没有发现遗漏', 'a reconcile run missed nothing'),
('close_act', 'taken', '接替', 'taken over'),
('close_act', 'retried', '重试', 'retried'),
('close_act', 'ignored', '不取消', 'ignored'),
('close_act', 'marked_done', '标记已取消', 'marked done'),
('close_act', 'closed', '关闭', 'closed'),
('close_act', 'reclassified', '归类', 'reclassified'),
('close_act', 'released', '放行', 'released'),
('state', 'planned', '待记账', 'planned'),
('state', 'open', '待发送', 'open'),
('state', 'held', '待放行', 'held'),
('state', 'needs_attention', '待人工', 'needs a person'),
('class', 'never_seen_live', '从未读到有效', 'never seen live'),
('class', 'unchanged', '没有变化', 'unchanged'),
('class', 'stale', '比账本旧', 'older than the ledger'),
('hold_reason', 'part_was_away', '方案的一部分曾停用', 'a part of the scheme was away'),
('disposition', 'provisional', '待确认', 'provisional'),
('evidence', 'snapshot', '读到过有效', 'seen live'),
('evidence', 'approved', '有审核日期', 'it carries an approve date'),
('evidence', 'weak', '依据不足', 'weak'),
('orders_from', 'snapshot', '有效时的内容', 'the bill as it was live'),
('orders_from', 'current', '当前内容', 'the bill as it is'),
('bill_kind', 'Assembly', '组装', 'assembly'),
('bill_kind', 'Dassembly', '拆卸', 'disassembly'),
('direction', 'in', '入库', 'in'),
('direction', 'out', '出库', 'out'),
('run_kind', 'baseline', '基线', 'baseline'),
('run_kind', 'incremental', '增量', 'incremental'),
('run_kind', 'recheck', '复查', 'recheck'),
('run_kind', 'reconcile', '核对', 'reconcile'),
('run_kind', 'backfill', '回补', 'backfill'),
('run_kind', 'remap', '重映射', 'remap'),
('run_state', 'running', '进行中', 'running'),
('run_state', 'planned', '计划完成', 'planned'),
('run_state', 'applying', '执行中', 'applying'),
('run_state', 'complete', '已完成', 'complete'),
('run_state', 'failed', '失败', 'failed'),
('run_state', 'cancelled', '已撤销', 'cancelled'),
('mode', 'dry_run', '仅观察', 'only watches'),
('mode', 'send', '发送', 'sends'),
('work_kind', 'too_late', '来不及', 'too late'),
('work_kind', 'rejected', '被拒绝', 'rejected'),
('work_kind', 'answer_unrecognised', '答复未识别', 'answer unrecognised'),
('work_kind', 'order_not_found', '查无此单', 'order not found'),
('work_kind', 'in_progress_too_long', '处理中过久', 'in progress too long'),
('work_kind', 'outcome_unknown', '结果未知', 'outcome unknown'),
('work_kind', 'bill_unread', '单据读不到', 'bill unread'),
('work_kind', 'restored_after_cancel', '取消后单据恢复', 'restored after cancel'),
('work_kind', 'order_vanished', '仓库单不再对应', 'order vanished'),
('work_kind', 'bill_without_lines', '单据没有明细', 'bill without lines'),
('work_kind', 'warehouse_not_mapped', '仓库未映射', 'warehouse not mapped'),
('work_kind', 'line_without_warehouse', '明细没有仓库', 'line without warehouse'),
('work_kind', 'bill_undecodable', '单据无法识别', 'bill undecodable'),
('work_kind', 'order_claimed', '仓库单被占用', 'order claimed'),
('work_kind', 'claim_unconfirmed', '占用待确认', 'claim unconfirmed'),
('work_kind', 'no_event_time', '没有作废时间', 'no event time'),
('work_kind', 'stamp_ahead', '时间超前', 'stamp ahead'),
('work_kind', 'runs_miss_changes', '读取有遗漏', 'runs miss changes'),
('work_kind', 'request_refused', '请求被拒', 'request refused'),
('work_kind', 'number_reuse_unsaid', '单号重用未说明', 'number reuse unsaid'),
('work_kind', 'old_order_cancelled', '旧仓库单已取消', 'old order cancelled'),
('work_kind', 'many_inferred', '推断过多', 'many inferred'),
('work_kind', 'trigger_off', '触发条件未启用', 'trigger off'),
('work_kind', 'wms_auth_order', '该单不允许取消', 'WMS auth order'),
('work_kind', 'many_deleted', '批量删除', 'many deleted'),
('work_kind', 'not_in_scheme', '已移出方案，结果不明', 'taken out, outcome unknown'),
('work_kind', 'part_was_away', '方案部分曾停用', 'part was away'),
('work_kind', 'before_cutover', '启用前已结束', 'ended before the cutover'),
('work_kind', 'resting_orders', '搁置的仓库单', 'resting orders'),
('condition_kind', 'kingdee_away', '金蝶无法访问', 'kingdee away'),
('condition_kind', 'session_contended', '金蝶会话被占用', 'session contended'),
('condition_kind', 'login_refused', '金蝶登录被拒', 'login refused'),
('condition_kind', 'clock_ahead', '金蝶时钟超前', 'clock ahead'),
('condition_kind', 'clock_behind', '金蝶时钟落后', 'clock behind'),
('condition_kind', 'permission_suspect', '疑似权限缺失', 'permission suspect'),
('condition_kind', 'kingdee_went_back', '金蝶数据回退', 'kingdee went back'),
('condition_kind', 'reading_behind', '读取滞后', 'reading behind'),
('condition_kind', 'scheme_stopped', '方案停读', 'scheme stopped'),
('condition_kind', 'kingdee_slow', '金蝶过慢', 'kingdee slow'),
('condition_kind', 'wms_away', '旺店通无法访问', 'WMS away'),
('condition_kind', 'throttled', '旺店通限流', 'throttled'),
('condition_kind', 'account_refused', '账号被拒', 'account refused'),
('condition_kind', 'account_clock', '账号时钟不符', 'account clock'),
('condition_kind', 'account_missing', '账号缺失', 'account missing'),
('condition_kind', 'clocks_apart', '主机时钟不一致', 'clocks apart'),
('condition_kind', 'mapping_suspected', '疑似映射有误', 'mapping suspected'),
('condition_kind', 'safety_limit', '达到上限', 'safety limit'),
('condition_kind', 'paused', '已暂停', 'paused'),
('condition_kind', 'stop_all', '全部停发', 'stop all'),
('condition_kind', 'cancelled_elsewhere', '他处取消', 'cancelled elsewhere'),
('condition_kind', 'adapter_away', '适配服务无法访问', 'adapter away'),
('condition_kind', 'adapter_refused', '适配服务拒绝', 'adapter refused'),
('condition_kind', 'ledger_away', '账本无法访问', 'ledger away'),
('condition_kind', 'database_read_only', '数据库只读', 'database read only'),
('condition_kind', 'ledger_went_back', '账本回退', 'ledger went back'),
('condition_kind', 'scheme_file_differs', '方案文件不一致', 'scheme file differs'),
('condition_kind', 'scheme_unreadable', '方案无法读取', 'scheme unreadable'),
('condition_kind', 'file_broken', '文件损坏', 'file broken'),
('condition_kind', 'certificate_ending', '证书将到期', 'certificate ending'),
('chore', 'evidence_months', '删除旧月份的往来报文', 'evidence months'),
('chore', 'evidence_rest', '删除零散的旧报文', 'evidence rest'),
('chore', 'bills_without_cancellation', '遗忘从未涉及取消的旧单据', 'bills without cancellation'),
('chore', 'snapshots_of_past_lives', '遗忘以往各次生效的快照', 'snapshots of past lives'),
('chore', 'quiet_reconciles', '遗忘没有发现的核对', 'quiet reconciles'),
('chore', 'first_replies', '遗忘旧的首次答复', 'first replies'),
('chore', 'events', '遗忘旧事件', 'events'),
('chore', 'counts', '汇总计数', 'counts'),
('chore', 'queue_indexes', '重建队列索引', 'queue indexes')
;

create table work_kind (
    kind       text not null,
    subject    text not null default '',
    message_zh text not null,
    action_zh  text not null,
    message_en text not null,
    action_en  text not null,
    primary key (kind, subject)
);
comment on table work_kind is
    'what a kind of work item means and what to do about it: the one place for these words, used by the views and by '
    'REST';
comment on column work_kind.action_zh is
    'what to do; {scheme}, {id}, {item} and {bill} stand for the item''s scheme, cancellation, number and '
    'bill number (in quotes for a shell), so that a command works as printed';
comment on column work_kind.subject is
    'empty = the kind in general; else the words for this subject only';

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('too_late', '',
    '仓库已执行该单，旺店通来不及取消',
    '与仓库核对实物和库存，在旺店通手工冲销，然后：voidrelay ignore "{scheme}" --ids {id} --reason "……"',
    'the warehouse has worked on the order; it is too late to cancel',
    'check goods and stock with the warehouse and reverse it by hand in the WMS, then: voidrelay ignore '
    '"{scheme}" --ids {id} --reason "…"'),
('too_late', 'partly_received',
    '仓库已执行该单的一部分，旺店通来不及取消',
    '请仓库在旺店通终止（关闭）该单余下的部分，核对已执行的实物和库存，手工冲销，然后：voidrelay ignore "{scheme}" --ids {id} --reason "……"',
    'the warehouse has worked on a part of the order; it is too late to cancel',
    'have the warehouse terminate what is left of it in the WMS, check the goods and stock that it has worked on and '
    'reverse them by hand, then: voidrelay ignore "{scheme}" --ids {id} --reason "…"'),
('rejected', '',
    '旺店通拒绝取消',
    '按返回的原因在旺店通处理，然后：voidrelay retry "{scheme}" --ids {id} --reason "……"',
    'the WMS refused the cancel for a known reason',
    'settle the reason in the WMS, then: voidrelay retry "{scheme}" --ids {id} --reason "…"'),
('answer_unrecognised', '',
    '旺店通的答复没有人认识，{waiting} 个仓库单在等它的含义',
    '在旺店通查看其中一单的状态（清单：voidrelay cancellations --item {item}），归类为 cancelled、already_cancelled、in_progress、'
    'too_late、not_found 或 rejected；例如已撤单则：voidrelay reclassify --item {item} already_cancelled --reason "……"',
    'nobody knows this answer of the WMS, and {waiting} orders wait until it is known what it means',
    'look at one of the orders in the WMS (voidrelay cancellations --item {item} lists them) and say cancelled, '
    'already_cancelled, in_progress, too_late, not_found or rejected; where it was cancelled before: voidrelay '
    'reclassify --item {item} already_cancelled --reason "…"'),
('old_order_cancelled', '',
    '旺店通答复该单已取消，但该单据上次生效时已取消过同一仓库单：旺店通说的可能是旧单，新单可能换了单号',
    '在旺店通查这张单据是否以其他单号又推了一次，有则手工取消；然后：voidrelay done "{scheme}" --ids {id} --reason "……"',
    'the WMS says that the order is cancelled already, but it was cancelled for an earlier generation of this bill: it '
    'may speak of the old order, and the new one may have another number',
    'look in the WMS whether the bill was pushed again under another number, and cancel that by hand; then: voidrelay '
    'done "{scheme}" --ids {id} --reason "…"'),
('many_inferred', '',
    '一小时内有多个仓库单未得到旺店通明确答复即视为已取消',
    '在旺店通抽查这些单是否确已取消，是则：voidrelay close {item} --reason "……"',
    'in an hour many orders counted as cancelled although the WMS had not said so: an answer was lost, and then they '
    'were not found',
    'look some of them up in the WMS; if they are cancelled: voidrelay close {item} --reason "…"'),
('trigger_off', '',
    '方案未启用此触发条件，这些单据的仓库单仍在',
    '要取消它们：在方案文件的 triggers 中加入该条件并应用；接受现状（不再提示）：voidrelay close {item} --reason "……"',
    'the scheme leaves this trigger out, and the orders of these bills stand',
    'to have such orders cancelled, add the trigger to the scheme''s file and apply it; to accept that they stand, and '
    'not be told again: voidrelay close {item} --reason "…"'),
('order_not_found', '',
    '旺店通找不到该单，超过等待时间',
    '核对单号、仓库和单据类型的映射，改正后：voidrelay retry "{scheme}" --kind order_not_found --reason "……"',
    'the WMS does not know the order, longer than the grace',
    'check number, warehouse and type of the mapping; once it is right: voidrelay retry "{scheme}" --kind '
    'order_not_found --reason "…"'),
('in_progress_too_long', '',
    '旺店通一直答复“拦截中”',
    '与仓库确认拦截结果，然后：voidrelay retry "{scheme}" --ids {id} --reason "……"',
    'the WMS keeps saying that the cancel is under way',
    'ask the warehouse what came of it, then: voidrelay retry "{scheme}" --ids {id} --reason "…"'),
('outcome_unknown', '',
    '多次请求都没有得到明确结果，可能已取消，也可能没有',
    '在旺店通查看该单状态；未取消则：voidrelay retry "{scheme}" --ids {id} --reason "……"',
    'no request got a clear answer; it may or may not be cancelled',
    'look at the order in the WMS; if it is not cancelled: voidrelay retry "{scheme}" --ids {id} --reason "…"'),
('not_in_scheme', '',
    '仓库或单据种类已移出方案，移出前发出的请求结果不明，不再发送请求',
    '在旺店通查看该单状态；应取消而未取消的请人工取消，或把仓库加回方案（会自动继续）；已取消则：'
    'voidrelay done "{scheme}" --ids {id} --reason "……"',
    'its warehouse or order kind was taken out of the scheme; a request had left before that, nobody knows what came '
    'of it, and none is sent any longer',
    'look at the order in the WMS; if it is to be cancelled and is not, cancel it by hand, or take the warehouse into '
    'the scheme again, and it goes on by itself; if it is cancelled: '
    'voidrelay done "{scheme}" --ids {id} --reason "…"'),
('wms_auth_order', '',
    '旺店通账号可用，但这一单的请求被当作无权限拒绝，已停下',
    '核对该仓库、货主是否授权给此账号，然后：voidrelay retry "{scheme}" --ids {id} --reason "……"',
    'the WMS account is accepted, but the request for this order is refused as not allowed',
    'check whether warehouse and owner are open to this account, then: voidrelay retry "{scheme}" --ids {id} '
    '--reason "…"'),
('bill_unread', '',
    '长时间无法从金蝶读到该单据，未发送任何请求',
    '检查金蝶连接、账号权限，以及单据是否已被删除，然后：voidrelay retry "{scheme}" --kind bill_unread --reason "……"',
    'the bill could not be read from Kingdee for a long time; nothing was sent',
    'check connection, permissions and whether the bill was deleted, then: voidrelay retry "{scheme}" --kind '
    'bill_unread --reason "…"'),
('restored_after_cancel', '',
    '取消请求可能已到达旺店通，但单据又恢复有效',
    '在旺店通查看该单；若已取消而单据仍有效，需重新下推；处理后：voidrelay close {item} --reason "……"',
    'a cancel may have reached the WMS and the bill is live again',
    'look at the order in the WMS; if it is cancelled, push the bill again; then: voidrelay close {item} '
    '--reason "…"'),
('order_vanished', '',
    '单据修改后少了原来的仓库，原仓库单可能仍在旺店通',
    '在旺店通查看原仓库的单据，需要时手工取消；处理后：voidrelay close {item} --reason "……"',
    'the bill no longer has a warehouse that it had; that order may still be in the WMS',
    'look for the order of that warehouse in the WMS and cancel it by hand if needed; then: voidrelay close '
    '{item} --reason "…"'),
('warehouse_not_mapped', '',
    '仓库不在方案的仓库对照表内',
    '把该仓库加入方案的对照表，或标为 outside（不归旺店通管理），再应用方案：等待的单据随后自动处理，此待办自动关闭；若不再处理：voidrelay close {item} --reason "……"',
    'the warehouse is not in the scheme''s table',
    'add it to the table, or mark it outside if the WMS does not run it, and apply the scheme: what waited is planned, '
    'and this item closes by itself; to leave it: voidrelay close {item} --reason "…"'),
('line_without_warehouse', '',
    '单据有的行没有写明仓库，无法得知这些行对应的仓库单；写明仓库的行照常取消',
    '在旺店通按单号查看这些行是否另有单据，需要时手工取消；处理后：voidrelay close {item} --reason "……"',
    'lines of the bill name no warehouse, so nothing tells whether an order was made of them; the orders of '
    'lines that name one are cancelled',
    'look for its number in the WMS and cancel by hand what is left of it, if needed; then: voidrelay close {item} '
    '--reason "…"'),
('stamp_ahead', '',
    '单据带有晚于金蝶服务器时钟的时间',
    '在金蝶核对该单据的各个日期；读取不受影响。处理后：voidrelay close {item} --reason "……"',
    'a bill carries a time that lies ahead of Kingdee''s clock',
    'look at its dates in Kingdee; reading goes on all the same; then: voidrelay close {item} --reason "…"'),
('runs_miss_changes', '',
    '连续三次核对都补上了增量读取漏掉的单据',
    '核对金蝶各应用服务器的时间，以及该用户的数据权限；恢复正常后自动关闭，或：voidrelay close {item} --reason "……"',
    'three reconcile runs in a row repaired what incremental runs had missed',
    'compare the clocks of Kingdee''s application servers and check the user''s data permission; it closes by itself '
    'once nothing is missed, or: voidrelay close {item} --reason "…"'),
('bill_without_lines', '',
    '单据已作废，但没有任何行，无法得知对应的仓库单',
    '在旺店通查看是否有该单号的单据，需要时手工取消；处理后：voidrelay close {item} --reason "……"',
    'the bill is voided and has no lines, so nothing tells which order it gave rise to',
    'look for its number in the WMS and cancel the order by hand if needed; then: voidrelay close {item} '
    '--reason "…"'),
('bill_undecodable', '',
    '单据数据不完整或无法识别，已停下',
    '在金蝶检查该单据的必填字段，修正后自动恢复，或立即读取：voidrelay read "{scheme}"',
    'the bill cannot be decoded',
    'check its mandatory fields in Kingdee; it goes on by itself once they are right, or at once: voidrelay read '
    '"{scheme}"'),
('order_claimed', '',
    '该仓库单同时属于另一张未作废的单据，未发送，取消已撤回',
    '在金蝶确认该仓库单归哪张单据：若归那张单据，无需处理；若该仓库单不应再执行，请仓库手工拦下。处理后：voidrelay close {item} --reason "……"',
    'another bill that is not voided claims the order; nothing was sent, and the cancellation is withdrawn',
    'find out in Kingdee whose order it is: if it is that bill''s, nothing need be done; if it must not be carried '
    'out, have the warehouse stop it by hand; then: voidrelay close {item} --reason "…"'),
('claim_unconfirmed', '',
    '另一张单据可能占用该仓库单，金蝶一直无法确认，未发送',
    '在金蝶查看那张单据（是否被删除或被隐藏、该用户能否看到）；确认后自动继续，或立即读取：voidrelay read "{scheme}"',
    'another bill may claim the order, and Kingdee has not confirmed it; nothing was sent',
    'look for that bill in Kingdee (deleted, or hidden from the user?); it goes on by itself once it is confirmed, or '
    'read at once: voidrelay read "{scheme}"'),
('no_event_time', '',
    '单据没有任何日期可判断作废（或关闭、反审核）是否早于启用，未发送',
    '在金蝶确认作废（或关闭、反审核）时间，晚于启用则放行：voidrelay release "{scheme}" --bill {bill} --hold no_event_time --reason "……"',
    'no date tells whether it was voided (or closed, un-audited) before the start; nothing was sent',
    'find out in Kingdee when that was; if it was after the start: voidrelay release '
    '"{scheme}" --bill {bill} --hold no_event_time --reason "…"'),
('request_refused', '',
    '取消请求的内容不合规，未发送',
    '按提示修正方案的映射或单据内容，然后：voidrelay retry "{scheme}" --ids {id} --reason "……"',
    'the request was refused before it was sent',
    'correct the mapping or the bill as the detail says, then: voidrelay retry "{scheme}" --ids {id} --reason "…"'),
('number_reuse_unsaid', '',
    '单据已反审核，方案未说明旺店通是否接受同一单号再次下单，未发送',
    '确认该单不会再审核、或旺店通接受同一单号（可在方案写明 number_reuse: same），然后放行：voidrelay release "{scheme}" --ids {id} '
    '--reason "……"',
    'the bill is un-audited, and the scheme does not say whether the WMS takes the same number again; nothing '
    'was sent',
    'make sure that the bill will not be audited again, or that the WMS takes the number again (the scheme may '
    'say number_reuse: same), then: voidrelay release "{scheme}" --ids {id} --reason "…"'),
('many_deleted', '',
    '一次核对中发现多张单据已被删除，或缺失的正是最新的单据，取消全部暂停发送',
    '在金蝶确认这些单据确实被删除（而不是权限或账套问题），属实再放行：voidrelay release "{scheme}" --hold many_deleted --reason "……"',
    'many bills were found deleted in one reconcile run, or just the newest; nothing of them is sent',
    'make sure in Kingdee that they are really deleted and not hidden, then: voidrelay release "{scheme}" --hold '
    'many_deleted --reason "…"'),
('part_was_away', '',
    '方案或其某一部分（仓库、触发、组织、种类）停用超过一天后恢复，其间作废的单据已全部暂停，未发送',
    '逐单核对是否仍需拦截（报表 cancellation_outcome，状态 held），需要则放行：voidrelay release "{scheme}" --hold part_was_away --reason "……"',
    'the scheme or a part of it (warehouse, trigger, organisation, kind) is back after more than a day; what happened '
    'meanwhile is held, and nothing of it is sent',
    'look through what is held (state held in reporting.cancellation_outcome), and where it is still to be cancelled: '
    'voidrelay release "{scheme}" --hold part_was_away --reason "…"'),
('before_cutover', '',
    '这些单据曾有效，但在方案加入该部分（触发条件、组织、仓库、种类）之前已结束，其仓库单未取消',
    '要取消它们：按单号或时间回补，加 --before-cutover；接受现状：voidrelay close {item} --reason "……"',
    'these bills were live, and had ended before the part (trigger, organisation, warehouse, kind) came into the '
    'scheme: their orders are not cancelled',
    'to have them cancelled, backfill them by number or time with --before-cutover; to accept that they stand: '
    'voidrelay close {item} --reason "…"'),
('resting_orders', '',
    '这些仓库单的取消无法发送（因状况，或一直未能发出、请求过快），已累计等待两小时以上',
    '先打电话请仓库拦下这些单据；恢复后自动继续发送，全部发出后此待办自动关闭。原因见：voidrelay conditions',
    'the cancellations of these orders have waited for two hours in all: conditions kept them from being sent, or each '
    'request was not sent or came too fast',
    'phone the warehouse and have these orders stopped; sending goes on by itself, and then this item closes; why: '
    'voidrelay conditions')
;
