-- The register: the version of each entity in force, and its changes.

CREATE TEMP TABLE version AS
SELECT entity_id, name_key, trading_name, status, established_on, closed_on, industry_section, industry_division, industry_group, region_middle, address_key,
    legal_rep_id, owner_id, phone_hash, agent_id, registered_capital_minor, paid_in_capital_minor, is_platform, changed_on,
    change_type, is_absent, is_revision, known_at, delivered_on, source, source_file, source_row
FROM silver_entity
WHERE known_at < getvariable('cutoff') AND (changed_on IS NULL OR changed_on <= getvariable('as_of'));

CREATE TEMP TABLE entity AS
WITH revised AS (SELECT DISTINCT entity_id FROM version WHERE is_revision),
in_force AS (
    FROM version ANTI JOIN revised USING (entity_id)
    UNION ALL
    FROM version SEMI JOIN revised USING (entity_id)
    QUALIFY row_number() OVER (
        PARTITION BY entity_id ORDER BY known_at DESC, delivered_on DESC, source DESC, source_file DESC, source_row DESC
    ) = 1
)
SELECT entity_id, established_on, closed_on, industry_section, industry_division, industry_group, region_middle,
    nullif(address_key, '') AS address_key, legal_rep_id, owner_id, nullif(phone_hash, '') AS phone_hash,
    nullif(agent_id, '') AS agent_id, registered_capital_minor,
    coalesce(
        nullif(regexp_replace(upper(translate(trading_name, getvariable('wide'), getvariable('narrow'))), getvariable('noise'), '', 'g'), ''),
        name_key
    ) AS sign_key,
    CASE WHEN established_on <= getvariable('as_of') THEN getvariable('as_of') - established_on END AS age_days,
    coalesce(status = 'active', false) AS is_active,
    coalesce(status IN ('closed', 'revoked'), false) AND coalesce(closed_on <= getvariable('as_of'), true) AS is_ended,
    paid_in_capital_minor / nullif(registered_capital_minor, 0) AS paid_in_share,
    is_platform::INT AS platform_flag
FROM in_force
WHERE NOT is_absent;

CREATE TEMP TABLE change AS
WITH dated_change AS (
    SELECT entity_id, change_type, getvariable('as_of') - changed_on AS days_ago, max(window_end(source)) - changed_on < 365 AS is_recent
    FROM version
    WHERE change_type <> 'new' AND changed_on IS NOT NULL
    GROUP BY entity_id, change_type, changed_on
),
paired AS (
    SELECT DISTINCT rep.entity_id
    FROM dated_change rep JOIN dated_change moved ON rep.entity_id = moved.entity_id AND abs(rep.days_ago - moved.days_ago) <= 30
    WHERE rep.change_type = 'legal_rep' AND moved.change_type = 'address' AND rep.is_recent AND moved.is_recent
)
SELECT entity_id, count(*) FILTER (is_recent) AS changes_12m, min(days_ago) AS days_since_change,
    (any_value(paired.entity_id) IS NOT NULL)::INT AS rep_and_address_changed
FROM dated_change LEFT JOIN paired USING (entity_id)
GROUP BY entity_id;

SET VARIABLE has_changes = (SELECT count(change_type) > 0 FROM version);
DROP TABLE version;
