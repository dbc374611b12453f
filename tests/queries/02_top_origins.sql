SELECT origin, count(*) AS flights, round(avg(delay), 4) AS mean_delay
FROM parquet.`flights-3m.parquet`
GROUP BY origin
ORDER BY flights DESC, origin
LIMIT 10
