 SELECT v.scheme,
    v.account,
    v.disposition,
    v.recognised,
    v.vendor_flag,
    v.vendor_code,
    v.vendor_message,
    v.answers,
    v.first_time,
    v.last_time,
    v.example_cancellation_id,
    COALESCE(r.disposition, ''::text) AS classified_as
   FROM ( SELECT c.scheme,
            c.account,
            a.disposition,
            a.recognised,
            a.vendor_flag,
            a.vendor_code,
            a.vendor_message,
            count(*) AS answers,
            min(a.result_time) AS first_time,
            max(a.result_time) AS last_time,
            max(a.cancellation_id) AS example_cancellation_id
           FROM voidrelay.attempt a
             JOIN voidrelay.cancellation c ON c.cancellation_id = a.cancellation_id
          WHERE a.disposition <> ''::text
          GROUP BY c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message) v
     LEFT JOIN LATERAL ( SELECT o.parameters ->> 'disposition'::text AS disposition
           FROM voidrelay.operator_action o
          WHERE o.verb = 'reclassify'::text AND (o.parameters ->> 'vendor_message'::text) = btrim(v.vendor_message, ' 	
'::text) AND COALESCE(o.parameters ->> 'vendor_code'::text, v.vendor_code) = v.vendor_code AND COALESCE(o.parameters ->> 'account'::text, v.account) = v.account
          ORDER BY o.operator_action_id DESC
         LIMIT 1) r ON true;
