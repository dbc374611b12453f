SELECT count(DISTINCT CAST(date AS DATE)) AS days, min(date) AS first, max(date) AS last FROM parquet.`flights-3m.parquet`
