-- What keeps requests from being sent: pauses of a scheme or an account, and the stop of everything. What tells a suspected mapping.
-- Who moved the watermark by hand.

-- +goose Up

alter table scheme
    add column pause_reason text not null default '' check (pause_reason in ('', 'operator', 'mapping_suspected')),
    add column pause_detail text not null default '',
    add column pause_time timestamptz,
    add constraint scheme_pause check ((pause_reason = '') = (pause_time is null));
comment on column scheme.pause_reason is 'why its sending is paused; it reads and withdraws all the same';

create table account_pause (
    account    text primary key,
    detail     text not null,
    pause_time timestamptz not null default now(),
    probe_time timestamptz not null
);
comment on table account_pause is 'WMS accounts whose credentials were refused: nothing is sent to them until the harmless call runs again';
comment on column account_pause.probe_time is 'when the harmless call is made next';

create table stop_all (
    stopped   boolean primary key default true check (stopped),
    stop_time timestamptz not null,
    actor     text not null,
    reason    text not null
);
comment on table stop_all is 'while its one row is there, no orchestrator sends anything for any scheme';

alter table operator_action alter column scheme drop not null;
comment on column operator_action.scheme is 'null for what concerns all schemes';

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('mapping_suspected', '', '旺店通对该方案的答复全部是“找不到”或“拒绝”，疑似映射有误，已暂停发送', '在旺店通查看例单，核对方案的单号、仓库和单据类型映射；改正后恢复（resume）',
    'the WMS knows none of this scheme''s orders or refuses all of them: its mapping is suspected, sending is paused', 'look at the example orders in the WMS, check number, warehouse and type of the mapping, then resume the scheme'),
('wms_auth_order', '', '旺店通账号可用，但这一单的请求被当作无权限拒绝，已停下', '核对该仓库、货主是否授权给此账号，处理后重试；需要时在旺店通手工取消该单',
    'the WMS account is accepted, but the request for this order is refused as not allowed', 'check whether warehouse and owner are open to this account, then retry it; cancel the order by hand if needed');
update work_kind set message_zh = '旺店通不接受我方身份，该账号已暂停发送，每 5 分钟自动重试', action_zh = '检查旺店通账号、密钥、接口权限和 IP 白名单，改正后自动恢复',
    message_en = 'the WMS does not accept our credentials; nothing is sent to this account, which is probed every five minutes',
    action_en = 'check account, key, permission of the interface and the list of allowed addresses; it goes on by itself'
where kind = 'wms_auth';

create table mapping_answers (
    scheme     text not null references scheme,
    revision   integer not null,
    answers    integer not null default 0,
    bad_in_row integer not null default 0,
    examples   text[] not null default '{}',
    primary key (scheme, revision)
) with (fillfactor = 50);
comment on table mapping_answers is 'what the WMS said to the cancellations of a scheme revision, each counted once as long as it is bad: tells a wrong mapping from single wrong orders';
comment on column mapping_answers.answers is 'how many answers; exact only up to the first few';
comment on column mapping_answers.bad_in_row is 'how many in a row, up to now, were not_found or rejected';
comment on column mapping_answers.examples is 'some of those in a row, for people';

create table watermark_change (
    watermark_change_id bigint generated always as identity primary key,
    scheme       text not null references scheme,
    move_time    timestamptz not null,
    watermark_before  timestamptz not null,
    watermark_after   timestamptz not null,
    actor        text not null,
    reason       text not null
);
create index watermark_change_newest on watermark_change (scheme, move_time desc);
comment on table watermark_change is 'each move of a watermark by a person; the moves by runs stand with the runs';

create view reporting.watermark_change as
select m.scheme, m.move_time, m.watermark_before, m.watermark_after, null::bigint as run_id, m.actor, m.reason
from voidrelay.watermark_change m
union all
select p.scheme, p.end_time, p.watermark_before, p.watermark_after, p.run_id, '', ''
from voidrelay.run p
where p.state = 'complete' and p.watermark_after is distinct from p.watermark_before;
comment on view reporting.watermark_change is '读取进度变动: each move of a watermark, by a person or by a run that found something; incremental runs that find nothing move it without a row';
comment on column reporting.watermark_change.watermark_before is 'null for the baseline';
comment on column reporting.watermark_change.run_id is 'the run that moved it; null for a person';
comment on column reporting.watermark_change.actor is '操作人; empty for a run';
comment on column reporting.watermark_change.reason is '原因';
