 SELECT o.operator_action_id,
    o.create_time,
    o.actor,
    o.verb,
        CASE o.verb
            WHEN 'set_mode'::text THEN '设置模式'::text
            WHEN 'resume'::text THEN '恢复'::text
            WHEN 'release'::text THEN '放行'::text
            WHEN 'start_pass'::text THEN '请求扫描'::text
            WHEN 'retry'::text THEN '重试'::text
            WHEN 'ignore'::text THEN '忽略'::text
            WHEN 'mark_done'::text THEN '标记已取消'::text
            WHEN 'reclassify'::text THEN '答复归类'::text
            WHEN 'close_work'::text THEN '关闭待办'::text
            WHEN 'pause'::text THEN '暂停发送'::text
            WHEN 'stop_all'::text THEN '全部停发'::text
            WHEN 'resume_all'::text THEN '恢复全部'::text
            WHEN 'move_mark'::text THEN '移动水位'::text
            WHEN 'start_sweep'::text THEN '请求核对'::text
            WHEN 'start_backfill'::text THEN '开始补录'::text
            WHEN 'apply_backfill'::text THEN '执行补录计划'::text
            WHEN 'cancel_backfill'::text THEN '撤销补录'::text
            ELSE o.verb
        END AS verb_zh,
    o.scheme,
    o.reason,
    o.parameters,
    o.result,
    ( SELECT count(*) AS count
           FROM voidrelay.operator_action_cancellation l
          WHERE l.operator_action_id = o.operator_action_id) AS changed
   FROM voidrelay.operator_action o;
