-- Tax returns by entity: sums, and the indicators that are ratios of these sums.

CREATE OR REPLACE TEMP VIEW returns_added_up AS
WITH revised AS (
    SELECT DISTINCT entity_id, tax_type, period_start
    FROM filing
    WHERE is_revision AND known_at < getvariable('cutoff')
),
standing AS (
    SELECT entity_id, tax_type, period_start, period_end, due_on, filed_on, declared_revenue_minor, output_tax_minor, input_tax_minor,
        tax_due_minor, tax_paid_minor, arrears_minor, invoice_count, void_invoice_count, employees, is_absent, source
    FROM filing ANTI JOIN revised USING (entity_id, tax_type, period_start)
    WHERE known_at < getvariable('cutoff')
    UNION ALL
    SELECT entity_id, tax_type, period_start, period_end, due_on, filed_on, declared_revenue_minor, output_tax_minor, input_tax_minor,
        tax_due_minor, tax_paid_minor, arrears_minor, invoice_count, void_invoice_count, employees, is_absent, source
    FROM filing SEMI JOIN revised USING (entity_id, tax_type, period_start)
    WHERE known_at < getvariable('cutoff')
    QUALIFY row_number() OVER (
        PARTITION BY entity_id, tax_type, period_start
        ORDER BY known_at DESC, delivered_on DESC, source DESC, source_file DESC, source_row DESC
    ) = 1
),
counted AS (
    SELECT entity_id,
        tax_type IN ('vat', 'sales') AS is_sales,
        tax_type = 'cit' AS is_cit,
        date_diff('month', period_end, closed_month(source)) AS month,
        date_diff('month', period_start, period_end) + 1 AS length,
        date_diff('quarter', period_end, (closed_month(source) - INTERVAL 2 MONTH)::DATE) AS quarter,
        date_diff('year', period_end, closed_month(source)) AS years_ago,
        due_on,
        filed_on,
        source,
        coalesce(filed_on <= getvariable('as_of'), false) AS is_filed,
        -- Figures filed later are unknown, even if the source says otherwise.
        coalesce(filed_on <= getvariable('as_of'), true) AS is_known,
        CASE WHEN is_known THEN declared_revenue_minor END AS revenue,
        CASE WHEN is_known THEN output_tax_minor END AS output_tax,
        CASE WHEN is_known THEN input_tax_minor END AS input_tax,
        CASE WHEN is_known THEN greatest(tax_due_minor, 0) END AS tax_due,
        CASE WHEN is_known THEN tax_paid_minor END AS tax_paid,
        CASE WHEN is_known THEN arrears_minor END AS arrears,
        CASE WHEN is_known THEN invoice_count END AS invoices,
        CASE WHEN is_known THEN void_invoice_count END AS void_invoices,
        CASE WHEN is_known THEN employees END AS heads
    FROM standing
    WHERE NOT is_absent AND month BETWEEN 0 AND 35 AND period_end <= getvariable('as_of')
),
judged AS (
    SELECT *,
        is_sales AND month < 12 AS in_year,
        is_sales AND month BETWEEN 12 AND 23 AS in_year_before,
        is_filed AND month < 24 AND coalesce(due_on <= window_end(source), false) AS is_due_and_filed,
        NOT is_filed AND month < 24 AND coalesce(due_on < unfiled_before(source), false) AS is_missing
    FROM counted
),
summed AS (
    SELECT entity_id,
        count(*) FILTER (is_due_and_filed) AS filed,
        count(*) FILTER (is_missing) AS missing,
        count(*) FILTER (is_due_and_filed AND filed_on > due_on) AS late,
        sum(filed_on - due_on) FILTER (is_due_and_filed AND filed_on > due_on) AS days_late,
        min(month) FILTER (is_sales AND is_filed) AS months_since_return,
        sum(revenue) FILTER (in_year) AS sales,
        count(revenue) FILTER (in_year) AS sales_rows,
        max(revenue) FILTER (in_year) AS largest,
        min(revenue) FILTER (in_year) AS smallest,
        sum(tax_paid) FILTER (in_year) AS tax_paid,
        sum(output_tax) FILTER (in_year) AS output_tax,
        sum(input_tax) FILTER (in_year) AS input_tax,
        sum(invoices) FILTER (in_year) AS invoices,
        sum(void_invoices) FILTER (in_year) AS void_invoices,
        sum(revenue) FILTER (in_year_before) AS sales_before,
        count(revenue) FILTER (in_year_before) AS sales_rows_before,
        sum(output_tax) FILTER (in_year_before) AS output_tax_before,
        sum(input_tax) FILTER (in_year_before) AS input_tax_before,
        avg(revenue) FILTER (is_sales AND month < 3) AS recent_level,
        avg(revenue) FILTER (is_sales AND month BETWEEN 3 AND 23) AS earlier_level,
        sum(tax_due) FILTER (month < 12) AS tax_due,
        sum(arrears) FILTER (month < 12) AS arrears,
        avg(heads) FILTER (month < 3) AS headcount,
        avg(heads) FILTER (month BETWEEN 12 AND 14) AS headcount_before,
        coalesce(bit_or(1::BIGINT << month) FILTER (is_sales AND month < 24 AND revenue > 0), 0) AS with_sales,
        coalesce(bit_or(1::BIGINT << month) FILTER (is_sales AND month < 24 AND revenue = 0), 0) AS with_zero,
        sum(revenue) FILTER (is_sales AND quarter = 0) AS vat_0, sum(revenue) FILTER (is_sales AND quarter = 1) AS vat_1,
        sum(revenue) FILTER (is_sales AND quarter = 2) AS vat_2, sum(revenue) FILTER (is_sales AND quarter = 3) AS vat_3,
        sum(length) FILTER (is_sales AND quarter = 0 AND revenue IS NOT NULL) = 3 AS is_whole_0,
        sum(length) FILTER (is_sales AND quarter = 1 AND revenue IS NOT NULL) = 3 AS is_whole_1,
        sum(length) FILTER (is_sales AND quarter = 2 AND revenue IS NOT NULL) = 3 AS is_whole_2,
        sum(length) FILTER (is_sales AND quarter = 3 AND revenue IS NOT NULL) = 3 AS is_whole_3,
        sum(revenue) FILTER (is_cit AND length <= 3 AND quarter = 0) AS cit_0,
        sum(revenue) FILTER (is_cit AND length <= 3 AND quarter = 1) AS cit_1,
        sum(revenue) FILTER (is_cit AND length <= 3 AND quarter = 2) AS cit_2,
        sum(revenue) FILTER (is_cit AND length <= 3 AND quarter = 3) AS cit_3,
        sum(revenue) FILTER (is_sales AND years_ago = 1) AS vat_last, sum(revenue) FILTER (is_sales AND years_ago = 2) AS vat_second,
        sum(length) FILTER (is_sales AND years_ago = 1 AND revenue IS NOT NULL) = 12 AS is_whole_last,
        sum(length) FILTER (is_sales AND years_ago = 2 AND revenue IS NOT NULL) = 12 AS is_whole_second,
        sum(revenue) FILTER (is_cit AND length > 3 AND years_ago = 1) AS cit_last,
        sum(revenue) FILTER (is_cit AND length > 3 AND years_ago = 2) AS cit_second
    FROM judged
    GROUP BY entity_id
),
compared AS (
    SELECT *,
        [q FOR q IN [
            CASE WHEN is_whole_0 AND cit_0 IS NOT NULL THEN {'vat': vat_0, 'cit': cit_0} END,
            CASE WHEN is_whole_1 AND cit_1 IS NOT NULL THEN {'vat': vat_1, 'cit': cit_1} END,
            CASE WHEN is_whole_2 AND cit_2 IS NOT NULL THEN {'vat': vat_2, 'cit': cit_2} END,
            CASE WHEN is_whole_3 AND cit_3 IS NOT NULL THEN {'vat': vat_3, 'cit': cit_3} END
        ] IF q IS NOT NULL] AS quarters,
        CASE
            WHEN len(quarters) > 0 THEN
                {'vat': list_sum([q.vat FOR q IN quarters]), 'cit': list_sum([q.cit FOR q IN quarters])}
            WHEN is_whole_last AND cit_last IS NOT NULL THEN {'vat': vat_last, 'cit': cit_last}
            WHEN is_whole_second AND cit_second IS NOT NULL THEN {'vat': vat_second, 'cit': cit_second}
        END AS side,
        (sales / nullif(sales_rows, 0)) / nullif(sales_before / nullif(sales_rows_before, 0), 0) - 1 AS growth,
        (output_tax / nullif(sales_rows, 0)) / nullif(output_tax_before / nullif(sales_rows_before, 0), 0) - 1 AS output_growth,
        (input_tax / nullif(sales_rows, 0)) / nullif(input_tax_before / nullif(sales_rows_before, 0), 0) - 1 AS input_growth,
        with_zero & ~with_sales AS silent,
        (with_sales | with_zero) <> 0 AS has_sales_return
    FROM summed
)
SELECT entity_id,
    (late + missing) / nullif(filed + missing, 0) AS late_filing_share,
    CASE WHEN filed + missing > 0 THEN missing END AS unfiled_returns,
    CASE WHEN filed > 0 THEN coalesce(days_late, 0) / filed END AS mean_days_late,
    months_since_return,
    -- The silent months newer than the newest with sales: the bits below the lowest that is set.
    CASE WHEN has_sales_return THEN bit_count(silent & (CASE WHEN with_sales = 0 THEN -1 ELSE (with_sales & -with_sales) - 1 END)) END
        AS zero_filing_streak,
    tax_paid / nullif(sales, 0) AS vat_burden,
    input_tax / nullif(output_tax, 0) AS input_output_ratio,
    CASE WHEN side.vat = side.cit THEN 0 ELSE abs(side.vat - side.cit) / nullif(greatest(side.vat, side.cit), 0) END AS vat_cit_gap,
    CASE WHEN abs(output_growth) >= 0.05 THEN input_growth / output_growth END AS input_output_elasticity,
    growth AS sales_growth,
    growth - (headcount / nullif(headcount_before, 0) - 1) AS growth_over_headcount,
    void_invoices / nullif(invoices, 0) AS void_invoice_share,
    -- Sales in months 0-2, none in 3-8, and zero returns in both halves of those.
    CASE WHEN has_sales_return THEN
        ((with_sales & 7) <> 0 AND (with_sales & 504) = 0 AND (silent & 56) <> 0 AND (silent & 448) <> 0)::INT
    END AS dormant_then_sudden,
    recent_level / nullif(earlier_level, 0) AS sales_jump,
    sales AS sales_12m,
    sales / nullif(headcount, 0) AS sales_per_employee,
    sales / nullif(invoices, 0) AS invoice_average,
    arrears / nullif(tax_due, 0) AS arrears_ratio,
    (largest - smallest) / nullif(sales / nullif(sales_rows, 0), 0) AS sales_range,
    headcount AS employees
FROM compared;
