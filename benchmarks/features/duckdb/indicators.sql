-- All indicators of an entity, with the rates that are shrunk towards the industry's rate.

CREATE TEMP TABLE side_by_side AS
SELECT e.* EXCLUDE (established_on, closed_on, is_ended, address_key, sign_key, legal_rep_id, owner_id, phone_hash, agent_id,
        registered_capital_minor),
    registered_capital_minor AS registered_capital,
    registered_capital_minor / nullif(sales_12m, 0) AS capital_to_sales,
    CASE WHEN getvariable('has_changes') THEN coalesce(changes_12m, 0) END AS changes_12m,
    CASE WHEN getvariable('has_changes') THEN coalesce(rep_and_address_changed, 0) END AS rep_and_address_changed,
    days_since_change,
    tax.* EXCLUDE (entity_id),
    CASE WHEN getvariable('has_complaints') THEN coalesce(complaints_12m, 0) END AS complaints_12m,
    CASE WHEN getvariable('has_complaints') THEN coalesce(upheld_complaints_12m, 0) END AS upheld_complaints_12m,
    CASE WHEN getvariable('has_complaints') THEN
        2 * (
            sqrt(coalesce(complaints_28d, 0) + 0.375)
            - sqrt(coalesce(complaints_before_28d, 0) * 28::DOUBLE / greatest(28, least(337, coalesce(age_days, 365) - 28)) + 0.375)
        )
    END AS complaint_burst,
    CASE WHEN getvariable('has_complaints') THEN coalesce(complaint_points, 0) END AS complaint_points,
    CASE WHEN getvariable('has_complaints') THEN coalesce(worst_complaint_90d, 0) END AS worst_complaint_90d,
    overdue_complaint_share,
    refused_mediation_share,
    prepaid_complaint_share,
    CASE WHEN getvariable('has_complaints') THEN coalesce(complainants_12m, 0) END AS complainants_12m,
    top_complainant_share,
    CASE WHEN getvariable('has_complaints') THEN coalesce(amount_claimed_12m, 0) END AS amount_claimed_12m,
    days_since_complaint,
    breach_rate,
    excess_parts / 1e6 / (decayed_visits + 1000000) AS excess_violations,
    excess_breaches,
    CASE WHEN industry_group IS NOT NULL THEN
        (sum(excess_parts) OVER (PARTITION BY industry_group) - coalesce(excess_parts, 0)) / 1e6
            / (nullif(sum(decayed_visits) OVER (PARTITION BY industry_group) - coalesce(decayed_visits, 0), 0) + 1000000)
    END AS excess_of_industry,
    excess_of_ties,
    excess_at_address,
    excess_of_name,
    last_visit_violation,
    days_since_visit,
    days_since_violation,
    CASE WHEN getvariable('has_visits') THEN
        CASE WHEN coalesce(violations_36m, 0) = 0 THEN 0 WHEN days_since_clean < days_since_violation THEN 2
            WHEN violations_36m > 1 THEN 3 ELSE 1 END
    END AS finding_state,
    CASE WHEN getvariable('has_visits') THEN coalesce(violations_36m, 0) END AS violations_36m,
    CASE WHEN getvariable('has_visits') THEN coalesce(visits_36m, 0) END AS visits_36m,
    worst_finding,
    CASE WHEN getvariable('has_visits') THEN coalesce(penalties_36m, 0) END AS penalties_36m,
    CASE WHEN getvariable('has_visits') THEN coalesce(unmet_visits_36m, 0) END AS unmet_visits_36m,
    CASE WHEN getvariable('has_follow_ups') THEN coalesce(follow_ups_36m, 0) END AS follow_ups_36m,
    days_since_follow_up,
    same_legal_rep,
    same_owner,
    same_phone,
    same_agent,
    entities_at_address,
    complaints_at_address_12m,
    phoenix,
    ended_associates / nullif(associates, 0) AS ended_tie_share,
    CASE WHEN getvariable('has_visits') AND has_person THEN coalesce(violations_of_ties_36m, 0) END AS violations_of_ties_36m,
    CASE WHEN getvariable('has_complaints') AND has_person THEN coalesce(complaints_of_ties_12m, 0) END AS complaints_of_ties_12m,
    greatest(sales_12m, CASE WHEN sales_12m IS NOT NULL THEN getvariable('sales_floor') END) AS exposure,
    coalesce(industry_section, '') AS section,
    CASE WHEN sales_12m IS NULL THEN '-' ELSE len([b FOR b IN getvariable('size_bands') IF sales_12m >= b])::VARCHAR END AS size_band,
    CASE WHEN age_days IS NULL THEN '-' ELSE len([b FOR b IN getvariable('age_bands') IF age_days >= b * 365.25])::VARCHAR END
        AS age_band,
    concat_ws(
        '|', coalesce(industry_section, ''), coalesce(industry_division, ''), coalesce(industry_group, ''), size_band, age_band,
        coalesce(region_middle, '')
    ) AS cell
FROM entity e
JOIN shared USING (entity_id)
LEFT JOIN change USING (entity_id)
LEFT JOIN tax USING (entity_id)
LEFT JOIN complained USING (entity_id)
LEFT JOIN visited USING (entity_id)
LEFT JOIN associated USING (entity_id);

-- The rate of a pool and its weight against a unit's own rate (credit), by the method of moments over active entities. The row
-- without a section is the pool of all.
CREATE TEMP TABLE complaint_pool AS
SELECT section, sum(complaints_12m) / sum(exposure) AS rate,
    sum((complaints_12m::DOUBLE * complaints_12m / exposure)::DECIMAL(38, 18))::DOUBLE / sum(exposure) - rate * rate
        - rate * count(*) / sum(exposure) AS spread,
    CASE WHEN spread > 0 THEN rate / spread END AS credit
FROM side_by_side
WHERE is_active AND exposure > 0 AND complaints_12m IS NOT NULL
GROUP BY GROUPING SETS ((section), ())
HAVING section IS NULL OR count(*) >= 30;

CREATE TEMP TABLE visit_pool AS
SELECT section, sum(violations_36m) / sum(visits_36m) AS rate,
    sum((violations_36m::DOUBLE * violations_36m / visits_36m)::DECIMAL(38, 18))::DOUBLE / sum(visits_36m) - rate * rate
        - rate * (1 - rate) * count(*) / sum(visits_36m) AS spread,
    CASE WHEN spread > 0 THEN rate * (1 - rate) / spread END AS credit
FROM side_by_side
WHERE is_active AND visits_36m > 0
GROUP BY GROUPING SETS ((section), ())
HAVING section IS NULL OR count(*) >= 30;

CREATE TEMP TABLE rated AS
WITH joined AS (
    SELECT side_by_side.*,
        CASE WHEN c.section IS NULL THEN c_all.rate ELSE c.rate END AS c_rate,
        CASE WHEN c.section IS NULL THEN c_all.credit ELSE c.credit END AS c_credit,
        CASE WHEN v.section IS NULL THEN v_all.rate ELSE v.rate END AS v_rate,
        CASE WHEN v.section IS NULL THEN v_all.credit ELSE v.credit END AS v_credit
    FROM side_by_side
    LEFT JOIN complaint_pool c ON c.section = side_by_side.section
    LEFT JOIN visit_pool v ON v.section = side_by_side.section
    LEFT JOIN complaint_pool c_all ON c_all.section IS NULL
    LEFT JOIN visit_pool v_all ON v_all.section IS NULL
)
SELECT * EXCLUDE (c_rate, c_credit, v_rate, v_credit, exposure, section),
    getvariable('per_million') * CASE
        WHEN complaints_12m IS NULL OR exposure IS NULL THEN NULL
        WHEN c_credit IS NULL THEN c_rate
        ELSE (complaints_12m + c_rate * c_credit) / (exposure + c_credit)
    END AS complaint_rate,
    CASE
        WHEN visits_36m IS NULL THEN NULL
        WHEN v_credit IS NULL THEN v_rate
        ELSE (violations_36m + v_rate * v_credit) / (visits_36m + v_credit)
    END AS violation_share
FROM joined;
