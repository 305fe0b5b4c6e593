-- Shared identifiers: number and figures of the other entities with the same key. An entity without a key has no row.

CREATE TEMP TABLE record AS
SELECT entity_id, is_active, is_ended, closed_on, established_on, legal_rep_id, owner_id, phone_hash, agent_id, address_key, sign_key,
    excess_parts, decayed_visits,
    CASE WHEN getvariable('has_visits') THEN coalesce(violations_36m, 0) END AS violations_36m,
    CASE WHEN getvariable('has_complaints') THEN coalesce(complaints_12m, 0) END AS complaints_12m
FROM entity LEFT JOIN visited USING (entity_id) LEFT JOIN complained USING (entity_id);

CREATE TEMP TABLE person_of AS
SELECT legal_rep_id AS person_id, * EXCLUDE (legal_rep_id, owner_id, phone_hash, agent_id) FROM record WHERE legal_rep_id <> ''
UNION ALL
SELECT owner_id, * EXCLUDE (legal_rep_id, owner_id, phone_hash, agent_id) FROM record
WHERE owner_id <> '' AND owner_id IS DISTINCT FROM legal_rep_id;

CREATE TEMP TABLE address AS
SELECT address_key, count(*) AS members, count(*) FILTER (is_active) AS active, sum(complaints_12m) AS complaints,
    sum(excess_parts) AS excess, sum(decayed_visits) AS weights
FROM record
WHERE address_key IS NOT NULL
GROUP BY address_key
HAVING count(*) > 1;

CREATE TEMP TABLE sign AS
SELECT sign_key, sum(excess_parts) AS excess, sum(decayed_visits) AS weights
FROM record
WHERE sign_key <> ''
GROUP BY sign_key
HAVING count(*) > 1;

CREATE TEMP TABLE person AS
SELECT person_id, count(*) AS members, count(*) FILTER (is_ended) AS ended, sum(violations_36m) AS violations,
    sum(complaints_12m) AS complaints, sum(excess_parts) AS excess, sum(decayed_visits) AS weights
FROM person_of
GROUP BY person_id
HAVING count(*) > 1;

CREATE TEMP TABLE associated AS
SELECT entity_id, sum(members - 1) AS associates, sum(ended - is_ended::INT) AS ended_associates,
    sum(violations - violations_36m) AS violations_of_ties_36m, sum(complaints - complaints_12m) AS complaints_of_ties_12m,
    sum(excess - coalesce(excess_parts, 0)) / 1e6
        / (nullif(sum(weights - coalesce(decayed_visits, 0)), 0) + 1000000) AS excess_of_ties
FROM person_of JOIN person USING (person_id)
GROUP BY entity_id;

-- Entities established within a year after the last closure before, with the same person or address.
CREATE TEMP TABLE phoenix AS
WITH ended_person AS (
    SELECT DISTINCT person_id, closed_on FROM person_of JOIN person USING (person_id) WHERE is_ended AND closed_on IS NOT NULL
),
ended_address AS (
    SELECT DISTINCT address_key, closed_on
    FROM record JOIN address USING (address_key)
    WHERE is_ended AND closed_on IS NOT NULL AND members <= 500
)
SELECT entity_id
FROM person_of one ASOF JOIN ended_person before ON one.person_id = before.person_id AND one.established_on > before.closed_on
WHERE before.closed_on >= one.established_on - 365
UNION
SELECT entity_id
FROM record one ASOF JOIN ended_address before ON one.address_key = before.address_key AND one.established_on > before.closed_on
WHERE before.closed_on >= one.established_on - 365;

CREATE TEMP TABLE shared AS
WITH rep AS (
    SELECT legal_rep_id, count(*) FILTER (is_active) AS active FROM record WHERE legal_rep_id <> '' GROUP BY ALL HAVING count(*) > 1
),
owner AS (SELECT owner_id, count(*) FILTER (is_active) AS active FROM record WHERE owner_id <> '' GROUP BY ALL HAVING count(*) > 1),
phone AS (
    SELECT phone_hash, count(*) FILTER (is_active) AS active FROM record WHERE phone_hash IS NOT NULL GROUP BY ALL HAVING count(*) > 1
),
agent AS (
    SELECT agent_id, count(*) FILTER (is_active) AS active FROM record WHERE agent_id IS NOT NULL GROUP BY ALL HAVING count(*) > 1
)
SELECT entity_id,
    CASE WHEN legal_rep_id <> '' THEN coalesce(rep.active - is_active::INT, 0) END AS same_legal_rep,
    CASE WHEN owner_id <> '' THEN coalesce(owner.active - is_active::INT, 0) END AS same_owner,
    CASE WHEN phone_hash IS NOT NULL THEN coalesce(phone.active - is_active::INT, 0) END AS same_phone,
    CASE WHEN agent_id IS NOT NULL THEN coalesce(agent.active - is_active::INT, 0) END AS same_agent,
    CASE WHEN address_key IS NOT NULL THEN coalesce(address.active - is_active::INT, 0) END AS entities_at_address,
    CASE WHEN getvariable('has_complaints') AND address_key IS NOT NULL THEN coalesce(address.complaints - complaints_12m, 0) END
        AS complaints_at_address_12m,
    (address.excess - coalesce(excess_parts, 0)) / 1e6 / (nullif(address.weights - coalesce(decayed_visits, 0), 0) + 1000000)
        AS excess_at_address,
    (sign.excess - coalesce(excess_parts, 0)) / 1e6 / (nullif(sign.weights - coalesce(decayed_visits, 0), 0) + 1000000)
        AS excess_of_name,
    coalesce(legal_rep_id, owner_id) <> '' AS has_person,
    CASE WHEN established_on IS NOT NULL AND coalesce(legal_rep_id, owner_id, address_key) <> ''
        THEN (phoenix.entity_id IS NOT NULL)::INT
    END AS phoenix
FROM record
LEFT JOIN rep USING (legal_rep_id)
LEFT JOIN owner USING (owner_id)
LEFT JOIN phone USING (phone_hash)
LEFT JOIN agent USING (agent_id)
LEFT JOIN address USING (address_key)
LEFT JOIN sign USING (sign_key)
LEFT JOIN phoenix USING (entity_id);
