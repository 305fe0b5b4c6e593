-- Complaints by entity: counts, points and complainants.

CREATE TEMP TABLE complaint AS
WITH known AS (
    SELECT complaint_id, received_on, entity_id, category, severity, amount_claimed_minor, due_on, resolved_on, outcome,
        complainant_hash, is_absent, is_revision, known_at, delivered_on, source, source_file, source_row
    FROM silver_complaint
    WHERE known_at < getvariable('cutoff')
),
revised AS (SELECT DISTINCT complaint_id FROM known WHERE is_revision),
newest AS (
    FROM known ANTI JOIN revised USING (complaint_id)
    UNION ALL
    FROM known SEMI JOIN revised USING (complaint_id)
    QUALIFY row_number() OVER (
        PARTITION BY complaint_id ORDER BY known_at DESC, delivered_on DESC, source DESC, source_file DESC, source_row DESC
    ) = 1
),
link AS (
    SELECT complaint_id, arg_max(entity_id, (known_at, link_confidence, entity_id, link_method)) AS linked_id
    FROM silver_link
    WHERE as_of = getvariable('as_of') AND known_at < getvariable('cutoff')
    GROUP BY complaint_id
)
SELECT coalesce(entity_id, linked_id) AS entity_id, getvariable('as_of') - received_on AS days_ago,
    window_end(source) - received_on AS days_before, category, severity, outcome,
    amount_claimed_minor, complainant_hash,
    outcome IS NULL OR outcome NOT IN ('rejected', 'withdrawn') AS is_standing,
    coalesce(due_on < least(resolved_on, window_end(source)), false) AS is_overdue,
    CASE severity WHEN 2 THEN 2 WHEN 3 THEN 4 WHEN 4 THEN 8 ELSE 1 END AS points
FROM newest LEFT JOIN link USING (complaint_id)
WHERE NOT is_absent AND received_on <= getvariable('as_of') AND coalesce(entity_id, linked_id) IS NOT NULL;

SET VARIABLE has_complaints = (SELECT count(*) > 0 FROM complaint);

CREATE TEMP TABLE complained AS
WITH person AS (
    SELECT entity_id, count(*) AS made
    FROM complaint
    WHERE is_standing AND days_before < 365 AND complainant_hash IS NOT NULL
    GROUP BY entity_id, complainant_hash
),
people AS (
    SELECT entity_id, count(*) AS complainants_12m, max(made) / sum(made) AS top_complainant_share FROM person GROUP BY entity_id
),
counted AS (
    SELECT entity_id,
        count(*) FILTER (is_standing AND days_before < 365) AS complaints_12m,
        count(*) FILTER (outcome = 'upheld' AND days_before < 365) AS upheld_complaints_12m,
        count(*) FILTER (is_standing AND days_before < 28) AS complaints_28d,
        count(*) FILTER (is_standing AND days_before BETWEEN 28 AND 364) AS complaints_before_28d,
        sum(points) FILTER (is_standing AND days_before < 365) AS complaint_points,
        max(severity) FILTER (is_standing AND days_before < 90) AS worst_complaint_90d,
        count(*) FILTER (is_overdue AND is_standing AND days_before < 365) AS overdue,
        count(*) FILTER (outcome = 'refused' AND days_before < 365) AS refused,
        count(*) FILTER (category = 'prepaid' AND is_standing AND days_before < 365) AS prepaid,
        sum(amount_claimed_minor) FILTER (is_standing AND days_before < 365) AS amount_claimed_12m,
        min(days_ago) FILTER (is_standing) AS days_since_complaint
    FROM complaint
    GROUP BY entity_id
)
SELECT counted.*,
    overdue / nullif(complaints_12m, 0) AS overdue_complaint_share,
    refused / nullif(complaints_12m, 0) AS refused_mediation_share,
    prepaid / nullif(complaints_12m, 0) AS prepaid_complaint_share,
    complainants_12m,
    top_complainant_share
FROM counted LEFT JOIN people USING (entity_id);
