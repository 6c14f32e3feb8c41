create or replace view reporting.warehouse as
select w.scheme, w.warehouse_number, w.warehouse_name, w.account, w.warehouse_code, w.outside
from voidrelay.scheme_warehouse w;

comment on view reporting.warehouse is
    '仓库: one row per warehouse that the newest revision of a scheme lists, with its name';
comment on column reporting.warehouse.scheme is '方案';
comment on column reporting.warehouse.warehouse_number is '金蝶仓库编码: the number in Kingdee';
comment on column reporting.warehouse.warehouse_name is
    '仓库名称: what people call it; empty where the scheme does not say';
comment on column reporting.warehouse.account is '旺店通账号: the WMS account; empty where it is outside';
comment on column reporting.warehouse.warehouse_code is '旺店通仓库编码: the WMS''s own code; empty where it is outside';
comment on column reporting.warehouse.outside is '不在方案内: left alone on purpose';
