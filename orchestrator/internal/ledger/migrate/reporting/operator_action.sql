create or replace view reporting.operator_action as
select o.operator_action_id, o.create_time, o.actor, o.verb,
       case o.verb when 'set_mode' then '设置模式'
                   when 'resume' then '恢复'
                   when 'release' then '放行'
                   when 'start_run' then '请求读取'
                   when 'retry' then '重试'
                   when 'ignore' then '不取消'
                   when 'mark_done' then '标记已取消'
                   when 'reclassify' then '答复归类'
                   when 'close_work' then '关闭待办'
                   when 'pause' then '暂停发送'
                   when 'stop_all' then '全部停发'
                   when 'resume_all' then '恢复全部'
                   when 'confirm_ledger' then '确认账本'
                   when 'move_watermark' then '移动读取进度'
                   when 'start_backfill' then '开始回补'
                   when 'apply_backfill' then '执行回补计划'
                   when 'cancel_backfill' then '撤销回补'
                   when 'apply_scheme' then '应用方案'
                   when 'retire_scheme' then '停用方案'
                   when 'save_draft' then '保存草稿'
                   when 'discard_draft' then '丢弃草稿'
                   when 'change_callers' then '调用方变动'
                   else o.verb end as verb_zh,
       o.scheme, o.reason, o.parameters, o.result,
       (select count(*)
        from voidrelay.operator_action_cancellation l
        where l.operator_action_id = o.operator_action_id) as changed,
       o.request_id, o.create_time at time zone 'Asia/Shanghai' as create_time_beijing
from voidrelay.operator_action o;

comment on view reporting.operator_action is '人工操作: what persons did, who, when and why';
comment on column reporting.operator_action.verb_zh is '操作';
comment on column reporting.operator_action.scheme is
    'null for what concerns several schemes, all, or one that there is not yet: then the parameters name it';
comment on column reporting.operator_action.changed is
    'how many cancellations it changed one by one, each with its history in bill_history';
comment on column reporting.operator_action.request_id is 'the caller''s own name for the call';
