SELECT destination, max(delay) AS worst, min(delay) AS best
FROM parquet.`flights-3m.parquet`
GROUP BY destination
HAVING count(*) > 50000
ORDER BY destination
