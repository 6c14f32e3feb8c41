-- Joined for each number, so that each is found by the indexes of bill_no.
create or replace function reporting.bills(numbers text[])
returns table (
    place bigint, asked text, found boolean, scheme text, bill_id bigint, bill_no text, verdict text, verdict_code text,
    reason text, class text, class_zh text, stock_org_number text, cancellations bigint, done bigint,
    open_work_items bigint, as_of timestamptz, as_of_beijing timestamp, reading_stands_still boolean
)
language sql stable parallel safe
as $function$
select n.place, n.asked, v.bill_no is not null, v.scheme, v.bill_id, v.bill_no,
       coalesce(v.verdict, case when a.stands_still then '现在不知道，此前：' else '' end || '未见此单'),
       coalesce(v.verdict_code, 'not_seen'), coalesce(v.reason, a.standing, ''), v.class, v.class_zh,
       v.stock_org_number,
       v.cancellations, v.done, v.open_work_items, coalesce(v.as_of, a.as_of), coalesce(v.as_of_beijing,
       a.as_of at time zone 'Asia/Shanghai'), coalesce(v.reading_stands_still, a.stands_still)
from unnest(bills.numbers) with ordinality as n (asked, place)
left join lateral (
    select * from reporting.bill_verdict v where v.bill_no = n.asked offset 0
) v on true
-- What is known of a number that nobody has seen is as old as what is known of the scheme that was read longest ago.
cross join (
    select min(r.as_of) as as_of, coalesce(bool_or(r.stands_still), false) as stands_still,
           string_agg(r.standing, '；') filter (where r.standing <> '') as standing
    from reporting.reading r
    where r.active
) a
order by n.place, v.scheme, v.bill_id
$function$;
comment on function reporting.bills is
    '一批单号的结论: a row for each number of a list and each bill that bears it, in the order of the list; a number that '
    'no scheme has seen stays, as 未见此单. Example: select asked, verdict, reason from '
    'reporting.bills(array[''ZZCX000151'', ''ZZCX000152''])';
