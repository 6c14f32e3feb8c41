create or replace view reporting.organisation as
select o.scheme, o.organisation, o.organisation_name
from voidrelay.scheme_organisation o;

comment on view reporting.organisation is
    '库存组织: one row per stock organisation that the newest revision of a scheme names';
comment on column reporting.organisation.scheme is '方案';
comment on column reporting.organisation.organisation is '组织编码: the number in Kingdee';
comment on column reporting.organisation.organisation_name is '组织名称: what people call it';
