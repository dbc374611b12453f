SELECT date_trunc('month', date) AS month, count(*) AS flights, sum(CASE WHEN delay > 15 THEN 1 ELSE 0 END) AS late
FROM parquet.`flights-3m.parquet`
GROUP BY date_trunc('month', date)
ORDER BY month
