-- An account that is refused for the time that its requests carry is another matter than a wrong key.

-- +goose Up

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('wms_clock', '', '旺店通因时钟不一致拒绝请求，该账号已暂停发送，每 5 分钟自动重试', '请为 wmssvc 所在主机启用 NTP 对时；若本机时间无误，请通知旺店通管理员；改正后自动恢复',
    'the WMS refuses our requests because the clocks differ; nothing is sent to this account, which is probed every five minutes',
    'let the host of wmssvc keep its time by NTP; if it does, tell the WMS''s operator; it goes on by itself');
