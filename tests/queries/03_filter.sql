SELECT date, origin, destination, delay
FROM parquet.`flights-3m.parquet`
WHERE distance > 2500 AND delay > 600
ORDER BY delay DESC, date, origin, destination
LIMIT 20
