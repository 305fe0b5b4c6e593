-- Visits by entity.

CREATE TEMP TABLE visit AS
WITH known AS (
    SELECT inspection_id, entity_id, selected_by, planned_on, inspected_on, visit_status, items_checked, breaches,
        severity, found_violation, penalty_minor, inspector_id, is_absent, is_revision, known_at, delivered_on, source, source_file, source_row
    FROM silver_inspection
    WHERE known_at < getvariable('cutoff')
),
revised AS (SELECT DISTINCT inspection_id FROM known WHERE is_revision),
newest AS (
    FROM known ANTI JOIN revised USING (inspection_id)
    UNION ALL
    FROM known SEMI JOIN revised USING (inspection_id)
    QUALIFY row_number() OVER (
        PARTITION BY inspection_id ORDER BY known_at DESC, delivered_on DESC, source DESC, source_file DESC, source_row DESC
    ) = 1
)
SELECT inspection_id, entity_id, selected_by, inspector_id, items_checked, breaches, severity, found_violation, penalty_minor, inspected_on,
    getvariable('as_of') - coalesce(inspected_on, planned_on) AS days_ago,
    window_end(source) - coalesce(inspected_on, planned_on) AS days_before,
    coalesce(visit_status = 'inspected' AND inspected_on IS NOT NULL, false) AS took_place,
    took_place AND (coalesce(found_violation, false) OR selected_by <> 'follow_up') AS is_made,
    selected_by <> 'follow_up' AS is_rated,
    visit_status IN ('not_reachable', 'refused') AS is_unmet,
    round(1000000 * 0.5::DOUBLE ** ((getvariable('as_of') - inspected_on) / 365))::BIGINT AS decay
FROM newest
WHERE NOT is_absent AND (inspected_on IS NULL OR inspected_on <= getvariable('as_of'));

SET VARIABLE has_visits = (SELECT count(*) > 0 FROM visit);
SET VARIABLE has_follow_ups = (SELECT count(*) > 0 FROM visit WHERE selected_by = 'follow_up');

-- Expected findings of a visit, in millionths, from what its inspector finds at other entities.
CREATE TEMP TABLE strictness AS
WITH pair AS (
    SELECT entity_id, inspector_id, count(found_violation) FILTER (is_rated) AS visits,
        count(*) FILTER (found_violation AND is_rated) AS found,
        coalesce(sum(items_checked) FILTER (breaches IS NOT NULL AND is_rated), 0) AS items,
        coalesce(sum(breaches) FILTER (items_checked > 0 AND is_rated), 0) AS breaches
    FROM visit
    WHERE is_made
    GROUP BY ALL
),
elsewhere AS (
    SELECT entity_id, inspector_id,
        CASE WHEN inspector_id IS NULL THEN 0 ELSE sum(visits) OVER inspector - visits END AS own_visits,
        CASE WHEN inspector_id IS NULL THEN 0 ELSE sum(found) OVER inspector - found END AS own_found,
        CASE WHEN inspector_id IS NULL THEN 0 ELSE sum(items) OVER inspector - items END AS own_items,
        CASE WHEN inspector_id IS NULL THEN 0 ELSE sum(breaches) OVER inspector - breaches END AS own_breaches,
        -- The rate of all entities, if no other entity was visited.
        coalesce(
            (sum(found) OVER () - sum(found) OVER entity)::DOUBLE / nullif(sum(visits) OVER () - sum(visits) OVER entity, 0),
            (sum(found) OVER ())::DOUBLE / nullif(sum(visits) OVER (), 0)
        ) AS rate,
        coalesce(
            (sum(breaches) OVER () - sum(breaches) OVER entity)::DOUBLE / nullif(sum(items) OVER () - sum(items) OVER entity, 0),
            (sum(breaches) OVER ())::DOUBLE / nullif(sum(items) OVER (), 0)
        ) AS breached
    FROM pair
    WINDOW inspector AS (PARTITION BY inspector_id), entity AS (PARTITION BY entity_id)
)
SELECT entity_id, inspector_id, round(1000000 * ((own_found + 30 * rate) / (own_visits + 30)))::BIGINT AS expected,
    round(1000000 * ((own_breaches + 600 * breached) / (own_items + 600)))::BIGINT AS expected_breaches
FROM elsewhere;

CREATE TEMP TABLE visited AS
SELECT visit.entity_id,
    count(*) FILTER (is_made AND days_before < 1095) AS visits_36m,
    count(*) FILTER (is_made AND days_before < 1095 AND found_violation) AS violations_36m,
    sum(breaches * decay) FILTER (is_made AND items_checked > 0)
        / nullif(sum(items_checked * decay) FILTER (is_made AND breaches IS NOT NULL), 0) AS breach_rate,
    arg_max_null(found_violation::INT, (inspected_on, inspection_id)) FILTER (is_made) AS last_visit_violation,
    min(days_ago) FILTER (is_made) AS days_since_visit,
    min(days_ago) FILTER (is_made AND found_violation) AS days_since_violation,
    min(days_ago) FILTER (took_place AND NOT found_violation) AS days_since_clean,
    max(severity) FILTER (is_made AND days_before < 1095) AS worst_finding,
    sum(penalty_minor) FILTER (is_made AND days_before < 1095) AS penalties_36m,
    sum(decay * (CASE WHEN found_violation THEN 1000000 ELSE 0 END - expected)) FILTER (is_made AND found_violation IS NOT NULL)
        AS excess_parts,
    sum(decay * (1000000 * breaches - items_checked * expected_breaches)) FILTER (is_made AND items_checked > 0) / 1e6
        / (sum(decay * items_checked) FILTER (is_made AND items_checked > 0 AND breaches IS NOT NULL) + 20000000) AS excess_breaches,
    sum(decay) FILTER (is_made AND found_violation IS NOT NULL) AS decayed_visits,
    count(*) FILTER (is_unmet AND days_ago >= 0 AND days_before < 1095) AS unmet_visits_36m,
    count(*) FILTER (took_place AND selected_by = 'follow_up' AND days_before < 1095) AS follow_ups_36m,
    min(days_ago) FILTER (took_place AND selected_by = 'follow_up') AS days_since_follow_up
FROM visit LEFT JOIN strictness
    ON visit.entity_id = strictness.entity_id AND visit.inspector_id IS NOT DISTINCT FROM strictness.inspector_id
GROUP BY visit.entity_id;
