-- Peer groups: industry × size × age × region, broadened until they have enough active entities. Equal cells share all groups.

CREATE TEMP TABLE cell_group AS
WITH counted AS (
    SELECT cell, industry_section, industry_division, industry_group, size_band, age_band, region_middle,
        count(*) FILTER (is_active) AS active
    FROM rated
    GROUP BY ALL
),
levelled AS (
    -- A group with an unknown part is null, since || of null is null.
    SELECT cell, active, unnest([
        {
            'peer_level': 0,
            'peer_group': 'industry_group=' || industry_group || ', size_band=' || size_band || ', age_band=' || age_band
                || ', region_middle=' || region_middle
        },
        {
            'peer_level': 1,
            'peer_group': 'industry_division=' || industry_division || ', size_band=' || size_band || ', age_band=' || age_band
                || ', region_middle=' || region_middle
        },
        {
            'peer_level': 2,
            'peer_group': 'industry_division=' || industry_division || ', size_band=' || size_band || ', age_band=' || age_band
        },
        {'peer_level': 3, 'peer_group': 'industry_section=' || industry_section || ', size_band=' || size_band},
        {'peer_level': 4, 'peer_group': 'all'}
    ], recursive := true)
    FROM counted
)
SELECT cell, peer_level, peer_group, sum(active) OVER (PARTITION BY peer_group) AS peer_size
FROM levelled
WHERE peer_group IS NOT NULL;

-- The narrowest group of sufficient size for each cell.
CREATE TEMP TABLE placement AS
SELECT cell, unnest(arg_min({'peer_group': peer_group, 'peer_level': peer_level, 'peer_size': peer_size}, peer_level))
FROM cell_group
WHERE peer_size >= getvariable('minimum') OR peer_level = 4
GROUP BY cell;

-- All cells of the groups in use: an entity is a peer in broader groups too.
CREATE TEMP TABLE member AS
SELECT cell, peer_group
FROM cell_group
WHERE peer_level = 4 OR peer_group IN (SELECT peer_group FROM placement);
